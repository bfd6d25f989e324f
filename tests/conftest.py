"""Fixtures shared by all tests."""

from pathlib import Path

import hypothesis
import pytest

# Compilation makes a first example slow, and CI wants the same examples every time.
hypothesis.settings.register_profile("partsjax", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.load_profile("partsjax")

_DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Folder of real photographs with part boxes, in COCO JSON; not part of the repository."""
    folder = _DATA / "pascal_part_animals"
    if not folder.is_dir():
        pytest.skip(f"real photographs are not at {folder}")
    return folder


@pytest.fixture(scope="session")
def pascal_mat() -> Path:
    """Folder of original PASCAL-Part files with their photographs; not part of the repository."""
    folder = _DATA / "pascal_part_mat"
    if not folder.is_dir():
        pytest.skip(f"original PASCAL-Part files are not at {folder}")
    return folder
