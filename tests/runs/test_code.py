"""Keys hold the code that a stage runs, and nothing else of it than what can change a number."""

import ast
import importlib.metadata
import subprocess
import sys
import zipfile
import zipimport
from pathlib import Path

import jax
import pytest

import partsjax
from partsjax.runs import code, stages

STIMULI = "partsjax.runs.stimulus_stage"
EVIDENCE = "partsjax.runs.evidence_stage"
DROPS = "partsjax.runs.discriminativeness.drop_stage"
TRAINING = "partsjax.runs.supervision.training"
FORWARD = "partsjax.networks.assembly"  # where the networks of ours have their `apply`
STAGES = {
    "stimuli": (STIMULI, FORWARD),
    "evidence": (EVIDENCE,),
    "drops": (DROPS, FORWARD),
    "training": (TRAINING,),
}


@pytest.fixture(autouse=True)
def anew():
    code.version.cache_clear()
    stages.environment.cache_clear()
    yield
    code.version.cache_clear()
    stages.environment.cache_clear()


@pytest.fixture
def edited(monkeypatch):
    """The version of some modules' code once another module is edited."""
    source = code._source

    def version(modules, module, change):
        before = code.version(*modules)
        text = source(module)
        assert change(text) != text, "the edit changes nothing"
        with monkeypatch.context() as patch:
            patch.setattr(code, "_source", lambda name: change(text) if name == module else source(name))
            code.version.cache_clear()
            return before, code.version(*modules)

    return version


def constant(text: str) -> str:
    """Another number somewhere."""

    class Other(ast.NodeTransformer):
        done = False

        def visit_Constant(self, node):
            if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) and not self.done:
                self.done = True
                return ast.Constant(node.value + 1)
            return node

    return ast.unparse(Other().visit(ast.parse(text)))


UNSEEN = {
    "a comment": lambda text: text + "\n# more\n",
    "a docstring": lambda text: text.replace('"""', '"""Otherwise. ', 1),
    "text beside a constant": lambda text: text + '\n"""What the last one is."""\n',
    "layout": lambda text: ast.unparse(ast.parse(text)),
}
DECIDING = [
    ("stimuli", "partsjax.ops.local_maxima"),
    ("stimuli", "partsjax.emergence.stimuli"),
    ("stimuli", "partsjax.data.crops"),
    ("stimuli", "partsjax.networks.operations"),
    ("stimuli", STIMULI),
    ("evidence", "partsjax.emergence.verdict"),
    ("evidence", "partsjax.ops.average_precision"),
    ("evidence", "partsjax.emergence.genetic"),
    ("drops", "partsjax.discriminativeness.blackout"),
    ("drops", DROPS),
    ("training", "partsjax.supervision.sampling"),
    ("training", "partsjax.networks.heads"),
    ("training", TRAINING),
]
ELSEWHERE = [
    (stage, module)
    for stage in ("stimuli", "evidence", "drops")
    for module in (
        "partsjax.networks.weights.caffe_files",
        "partsjax.supervision.training",
        "partsjax.reporting.report.charts",
        "partsjax.data.coco_parts.values",
    )
]


@pytest.mark.parametrize("change", UNSEEN)
@pytest.mark.parametrize("module", [STIMULI, "partsjax.emergence.evidence", "partsjax.errors"])
def test_what_changes_no_number_changes_no_key(edited, module, change):
    before, after = edited((STIMULI, EVIDENCE), module, UNSEEN[change])
    assert before == after


@pytest.mark.parametrize("stage, module", DECIDING)
def test_a_number_in_what_a_stage_imports_does(edited, stage, module):
    before, after = edited(STAGES[stage], module, constant)
    assert before != after


@pytest.mark.parametrize("stage, module", ELSEWHERE)
def test_a_number_elsewhere_does_not(edited, stage, module):
    before, after = edited(STAGES[stage], module, constant)
    assert before == after


@pytest.mark.parametrize(
    "line",
    [
        "import partsjax.emergence.place_prior",
        "from partsjax.emergence import place_prior",
        "from partsjax.emergence.place_prior import coverage",
        "def inside():\n    from partsjax.emergence import place_prior as other",
        "from ..emergence import place_prior",
        "from ..emergence.place_prior import *",
    ],
)
def test_imports_of_every_form_are_followed(monkeypatch, line):
    source, there = code._source, "partsjax.emergence.place_prior"
    assert there not in code.closure(STIMULI)
    monkeypatch.setattr(code, "_source", lambda name: line if name == STIMULI else source(name))
    assert there in code.closure(STIMULI)


def test_in_a_zip_file_it_is_the_same_code(monkeypatch, tmp_path):
    before = code.version(STIMULI, FORWARD)
    root = Path(partsjax.__file__).parent
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as archive:
        for path in root.rglob("*.py"):
            archive.write(path, path.relative_to(root.parent))
    spec = zipimport.zipimporter(str(tmp_path / "package.zip")).find_spec("partsjax")
    monkeypatch.setattr(partsjax, "__spec__", spec)
    code.version.cache_clear()
    code._source.cache_clear()
    assert ".zip" in code._spec(STIMULI).origin
    assert code.version(STIMULI, FORWARD) == before
    code._source.cache_clear()


def test_without_source_the_package_s_version_stands_for_it(monkeypatch):
    monkeypatch.setattr(code, "_source", lambda name: None)
    found = set()
    for number in ("1", "2"):
        monkeypatch.setattr(partsjax, "__version__", number)
        code.version.cache_clear()
        code._read.cache_clear()
        found.add(code.version(STIMULI))
    assert len(found) == 2
    code._read.cache_clear()


def test_without_docstrings_and_assertions_it_is_the_same_code():
    program = f"from partsjax.runs import code; print(code.version({STIMULI!r}))"
    done = subprocess.run([sys.executable, "-OO", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == code.version(STIMULI)


@pytest.mark.parametrize("library", ["jax", "jaxlib", "numpy", "scipy", "pillow", "flax", "optax"])
def test_libraries_are_part_of_every_key(monkeypatch, library):
    before, version = stages.key(STIMULI), importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0.0.0" if name == library else version(name)
    )
    stages.environment.cache_clear()
    assert stages.key(STIMULI) != before


@pytest.mark.parametrize("what", ["jax_default_matmul_precision", "jax_enable_x64"])
def test_so_is_the_precision_that_jax_was_told(what):
    """The network's own, `--dtype`, is in its digest."""
    before, value = stages.key(STIMULI), getattr(jax.config, what)
    stages.environment.cache_clear()
    try:
        jax.config.update(what, "tensorfloat32" if value is None else not value)
        assert stages.key(STIMULI) != before
    finally:
        jax.config.update(what, value)


@pytest.mark.parametrize("what", ["platform", "device_kind"])
def test_so_is_the_backend(monkeypatch, what):
    before, (device, *_) = stages.key(STIMULI), jax.devices()
    other = {"platform": device.platform, "device_kind": device.device_kind} | {what: "another"}
    monkeypatch.setattr(jax, "devices", lambda: [type("Device", (), other)()])
    stages.environment.cache_clear()
    assert stages.key(STIMULI) != before
