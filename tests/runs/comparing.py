"""Starts a comparison of tiny networks."""

from pathlib import Path

from partsjax.emergence.combination import Search
from partsjax.emergence.genetic import Genetic
from partsjax.reporting.terminal import Terminal
from partsjax.runs.comparison import ComparisonOptions, compare
from partsjax.runs.execution import Execution
from partsjax.runs.options import Options
from partsjax.runs.supervision import TrainingOptions
from partsjax.supervision.recipe import Recipe
from tests.runs import supervised

NET = "tests.runs.supervised:network"
SEARCH = Search(genetic=Genetic(population=20, generations=5))


def run(folder: Path, workdir: Path, networks=("random", "imagenet"), *, pages=False, **changed) -> None:
    """changed: options of the comparison, or of the measuring."""
    own = {name: changed.pop(name) for name in ("seeds", "baseline", "scratch_steps") if name in changed}
    data = {"net": NET, "dataset": "coco_parts", "data_dir": str(folder)}
    options = ComparisonOptions(
        networks=tuple(networks),
        measuring=Options(**data, **{"search": SEARCH, **changed}),
        training=TrainingOptions(**data, recipe=Recipe(steps=7, train_from="conv2")),
        **own,
    )
    compare(options, Execution(workdir, 16, 1), Terminal(quiet=True), pages=pages, train=supervised.train)


def job(folder: Path, workdir: Path) -> None:
    """One for a process that dies."""
    run(folder, workdir, ("random", "imagenet", "object"))
