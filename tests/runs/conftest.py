"""The tiny folder, and one finished run on it with all nulls."""

import pytest

from partsjax.emergence.nulls import NULLS
from tests import tiny
from tests.runs.running import rows, run


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return tiny.write_folder(tmp_path_factory.mktemp("data") / "photos")


@pytest.fixture(scope="session")
def finished(folder, tmp_path_factory):
    """(workdir, its table of filters); not to be written to."""
    workdir = tmp_path_factory.mktemp("run")
    return workdir, run(folder, workdir, nulls=tuple(NULLS), report=True)


@pytest.fixture(scope="session")
def parts(finished):
    """Rows of its `parts.csv`."""
    return rows(finished[0] / "parts.csv")
