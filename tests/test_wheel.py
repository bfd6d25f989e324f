"""What a wheel installs: nothing but `partsjax`, which works in any folder, as a library and as a program."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow

NOTEBOOK = """
import sys
import partsjax as pj
network = pj.load_network("alexnet")
dataset = pj.load_dataset("shapeparts", classes=["robot"])
found = pj.measure(network, dataset, layers=["conv5"], nulls=["shuffled"], limit=24, progress=False)
found.parts, found.filters, found.combinations
found.compare(found); found.save("W"); found.write_report("W/report", progress=False)
assert repr(pj.read("W")) == repr(found)
assert "site" in pj.__file__ and "tensorflow" not in sys.modules
print(len(found.parts), len(found.filters))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    for name in ("partsjax", "experiments", "configs", "benchmarks", "docs", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "reference", "*.ipynb")
        shutil.copytree(ROOT / name, source / name, ignore=ignored)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, source],
        check=True,
        capture_output=True,
    )
    (built,) = place.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", place / "site", built], check=True)
    return built, place / "site"


def started(wheel, tmp_path, *command) -> subprocess.CompletedProcess:
    """In a folder that is not the checkout, which no path leads to."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        command,
        cwd=tmp_path,
        env={**env, "PYTHONPATH": str(wheel[1])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_holds_nothing_but_the_package(wheel):
    with zipfile.ZipFile(wheel[0]) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"partsjax"}
    here = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "partsjax").rglob("*")
        if path.is_file() and path.suffix in (".py", ".pyi", ".html", ".css", ".js", ".svg", ".typed", ".csv")
    }
    assert here == {name for name in names if name.startswith("partsjax/")}


def test_the_lines_of_a_notebook(wheel, tmp_path):
    done = started(wheel, tmp_path, sys.executable, "-c", NOTEBOOK)
    assert done.returncode == 0, done.stderr
    parts, filters = map(int, done.stdout.split())
    assert parts > 3 and filters == 256 * parts
    assert (tmp_path / "W" / "report" / "index.html").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"W"}


def test_the_program(wheel, tmp_path):
    program = wheel[1] / "bin" / "partsjax"
    done = started(wheel, tmp_path, sys.executable, program, "emergence", "--help")
    assert done.returncode == 0 and "partsjax emergence --net=vgg16" in done.stdout
    done = started(wheel, tmp_path, sys.executable, program, "emergence", "--limit=0")
    assert done.returncode == 2 and done.stderr.startswith("error: flag --limit=0")
