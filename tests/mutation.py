"""How many small faults the tests notice: a random sample of mutants of the rooms that hold the method.

  pip install -e '.[test,mutation]'
  python -m tests.mutation [--minutes=60] [--seed=0] [--out=FILE] [FILE ...]

cosmic-ray makes the mutants: an operator, a comparison, a number, a condition, a decorator changed. Places
are drawn at random, one mutant a place, so that a sum, with eleven other operators, weighs no more than a
condition; not those in annotations, which change nothing. Each runs the tests that its file names below, up
to the first that fails, in a copy of the tree and a fork of one process that has imported the libraries;
JAX's cache keeps what was compiled before. Writes a table of the files and every survivor. It takes the time
it is given, and is no part of CI.
"""

import argparse
import ast
import collections
import difflib
import importlib
import os
import random
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
CPU_SECONDS = 300  # a mutant that takes longer hangs: killed
LIBRARIES = (
    "flax.nnx",
    "hypothesis.extra.numpy",
    "jax.numpy",
    "optax",
    "pandas",
    "PIL.Image",
    "pytest",
    "scipy.cluster.vq",
    "scipy.optimize",
    "scipy.stats",
)

NO_UNSEEN = "emergence/test_blind.py::test_no_unseen_image_leaves_everything_held_out_unknown"

# The tests that matter for each file, the quick ones first; and for every one, those of all records.
TESTS = {
    "ops/average_precision.py": "ops/test_average_precision.py emergence/test_tables.py "
    "emergence/test_scoring.py",
    "ops/boxes.py": "ops/test_boxes.py emergence/test_thresholds.py",
    "ops/local_maxima.py": "ops/test_local_maxima.py",
    "emergence/calibration.py": "emergence/test_calibration.py emergence/test_held_out.py",
    "emergence/combination.py": "emergence/test_combination.py emergence/test_accelerators.py",
    "emergence/compare.py": "emergence/test_compare.py",
    "emergence/bootstrap.py": "emergence/test_bootstrap.py emergence/test_by_image.py",
    "emergence/evidence.py": "emergence/test_pictures.py emergence/test_held_out.py "
    "emergence/test_by_image.py " + NO_UNSEEN,
    "emergence/top_activations.py": "emergence/test_pictures.py",
    "emergence/fitted_set.py": "emergence/test_fitted_set.py",
    "emergence/own_evidence.py": "emergence/test_own_evidence.py emergence/test_constants.py",
    "emergence/iou/criteria.py": "emergence/iou/test_criteria.py",
    "emergence/iou/overlap.py": "emergence/iou/test_overlap.py",
    "emergence/iou/thresholds.py": "emergence/iou/test_thresholds.py",
    "emergence/iou/upsampling.py": "emergence/iou/test_overlap.py",
    "emergence/genetic.py": "emergence/test_genetic.py emergence/test_evolution.py",
    "emergence/ground.py": "emergence/test_by_image.py emergence/test_held_out.py " + NO_UNSEEN,
    "emergence/method.py": "emergence/test_constants.py",
    "emergence/decode_boxes.py": "emergence/test_decode_boxes.py emergence/test_thresholds.py",
    "emergence/place_prior.py": "emergence/test_place_prior.py emergence/test_thresholds.py",
    "emergence/fixed_boxes.py": "emergence/test_fixed_boxes.py emergence/test_constants.py",
    "emergence/ranked.py": "emergence/test_ranked.py emergence/test_calibration.py "
    "emergence/test_decode_boxes.py",
    "emergence/regression.py": "emergence/test_thresholds.py emergence/test_scoring.py",
    "emergence/scoring.py": "emergence/test_thresholds.py emergence/test_scoring.py "
    "emergence/test_accelerators.py",
    "emergence/nulls.py": "emergence/test_nulls.py",
    "emergence/stimuli.py": "emergence/test_accelerators.py emergence/test_stimuli.py "
    "networks/test_activations.py",
    "emergence/tables.py": "emergence/test_tables.py emergence/test_thresholds.py",
    "emergence/summary.py": "emergence/test_summary.py",
    "emergence/verdict.py": "emergence/test_verdict.py emergence/test_constants.py",
    "discriminativeness/ablation.py": "discriminativeness/test_ablation.py",
    "discriminativeness/blackout.py": "discriminativeness/test_blackout.py emergence/test_constants.py",
    "discriminativeness/correlation.py": "discriminativeness/test_relation.py",
    "discriminativeness/filters.py": "discriminativeness/test_filters.py emergence/test_constants.py",
    "discriminativeness/findings.py": "discriminativeness/test_findings.py",
    "discriminativeness/gradients.py": "discriminativeness/test_gradients.py",
    "discriminativeness/part_drops.py": "discriminativeness/test_part_drops.py emergence/test_constants.py",
    "discriminativeness/part_relations.py": "discriminativeness/test_part_relations.py",
    "discriminativeness/relation.py": "discriminativeness/test_relation.py emergence/test_constants.py",
    "discriminativeness/scores.py": "discriminativeness/test_ablation.py discriminativeness/test_blackout.py "
    "networks/test_activations.py",
}
RECORDS = "test_records.py"


def places(source: str) -> list[list[tuple[str, int]]]:
    """The mutants of a file, (operator, its occurrence), place by place in order of the text."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.plugins import get_operator, operator_names

    tree = get_ast(source)
    silent = _annotations(source)
    found = collections.defaultdict(list)
    for name in operator_names():
        if get_operator(name).arguments():
            continue  # has to be told which variable
        spans = (span for node in ast_nodes(tree) for span in get_operator(name)().mutation_positions(node))
        for occurrence, (start, end) in enumerate(spans):
            if not any(first <= start and end <= last for first, last in silent):
                found[start, end].append((name, occurrence))
    return [found[span] for span in sorted(found)]


def _annotations(source: str) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    nodes = [
        annotation
        for node in ast.walk(ast.parse(source))
        for name in ("annotation", "returns")
        if (annotation := getattr(node, name, None)) is not None
    ]
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes]


def mutated(source: str, name: str, occurrence: int) -> str | None:
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    return mutate_code(source, get_operator(name)(), occurrence)


def outcome(tree: Path, tests: list[str]) -> str:
    """Of the tests on the tree as it is: killed, survived or timeout. In a fork, up to the first failure."""
    child = os.fork()
    if not child:
        with open(os.devnull, "w") as nothing:
            os.dup2(nothing.fileno(), 1)
            os.dup2(nothing.fileno(), 2)
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        os.chdir(tree)
        for name in [n for n in sys.modules if n.partition(".")[0] in ("partsjax", "tests")]:
            del sys.modules[name]
        sys.path[0] = str(tree)
        import pytest

        os._exit(pytest.main(["-q", "-x", "-p", "no:cacheprovider", *tests]))
    code = os.waitstatus_to_exitcode(os.wait4(child, 0)[1])
    return {0: "survived", 1: "killed", 2: "killed"}.get(code, "timeout" if code < 0 else f"exit {code}")


def changed(source: str, mutant: str) -> str:
    """The lines that differ, before and after."""
    before, after = source.splitlines(), mutant.splitlines()
    what, first, last, start, end = next(
        edit for edit in difflib.SequenceMatcher(a=before, b=after).get_opcodes() if edit[0] != "equal"
    )
    old, new = (" ".join(line.strip() for line in some) for some in (before[first:last], after[start:end]))
    return f"{first + 1}: `{old}` {'is gone' if what == 'delete' else f'-> `{new}`'}"


def run(files: list[str], minutes: float, seed: int, tree: Path) -> tuple[dict, dict, list[str]]:
    """Numbers of places and Counters of outcomes by file, and what survived; files take turns."""
    sources = {f: (tree / "partsjax" / f).read_text() for f in files}
    of_file = {f: places(source) for f, source in sources.items()}
    draw = random.Random(seed)
    drawn = [(f, draw.choice(mutants)) for f, all_ in of_file.items() for mutants in all_]
    draw.shuffle(drawn)
    counts, survivors = {f: collections.Counter() for f in files}, []
    end = time.monotonic() + 60 * minutes
    for f, (name, occurrence) in drawn:
        if time.monotonic() > end:
            break
        mutant = mutated(sources[f], name, occurrence)
        if mutant is None:
            continue
        (tree / "partsjax" / f).write_text(mutant)
        found = outcome(tree, [f"tests/{test}" for test in (RECORDS, *TESTS[f].split())])
        (tree / "partsjax" / f).write_text(sources[f])
        counts[f][found] += 1
        what = f"{f}:{changed(sources[f], mutant)}"
        print(found, what, flush=True)
        if found == "survived":
            survivors.append(what)
    return {f: len(all_) for f, all_ in of_file.items()}, counts, survivors


def table(sizes: dict, counts: dict, survivors: list[str]) -> str:
    lines = ["| file | places | tried | killed | hung | survived |", "|---|---|---|---|---|---|"]
    total = collections.Counter()
    for f, count in [*counts.items(), ("all", total)]:
        tried = count.total()
        size = sizes.get(f, sum(sizes.values()))
        killed, hung, survived = (count[k] for k in ("killed", "timeout", "survived"))
        lines.append(f"| {f} | {size} | {tried} | {killed} | {hung} | {survived} |")
        if count is not total:
            total += count
    return "\n".join([*lines, "", *(f"- {what}" for what in survivors), ""])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="such as emergence/genetic.py; all: none named"
    )
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("mutation.md"))
    asked = parser.parse_args()
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(Path(tempfile.gettempdir()) / "partsjax-compiled"))
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a fork takes no threads along
    sys.dont_write_bytecode = True
    for library in LIBRARIES:
        importlib.import_module(library)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "tree"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".*", "__pycache__"))
        asked.out.write_text(table(*run(asked.files or list(TESTS), asked.minutes, asked.seed, copy)))
    print(asked.out.read_text())
