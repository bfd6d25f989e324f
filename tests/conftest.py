"""Fixtures shared by all tests."""

import gc
import os
import sys
from pathlib import Path

import hypothesis
import pytest

# Compilation makes a first example slow, and CI wants the same examples every time.
hypothesis.settings.register_profile("partsjax", deadline=None, max_examples=40, derandomize=True)
hypothesis.settings.load_profile("partsjax")

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as commands do, and before NumPy is there

_DATA = Path(__file__).parents[2] / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    """Code compiled once serves every process of the tests, and their next run: most of their time is
    compiling. It lies in pytest's own cache, as all that commands keep; JAX reads this when it is imported,
    which is later.

    Garbage is looked for less often, too: tracing makes much that lives, and to go through it takes time.
    """
    gc.set_threshold(100_000, 50, 100)
    if hasattr(config, "cache"):
        os.environ.setdefault("PARTSJAX_CACHE", str(config.cache.mkdir("partsjax")))
        os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(config.cache.mkdir("compiled")))
        os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
        if jax := sys.modules.get("jax"):  # a folder's conftest was first
            jax.config.update("jax_compilation_cache_dir", os.environ["JAX_COMPILATION_CACHE_DIR"])
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files of this folder first: the wheel takes long, and at the end one process would wait for it."""
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)


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
