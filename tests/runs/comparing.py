"""Starts a comparison of tiny networks."""

from pathlib import Path

from partsjax.emergence.combination import Search
from partsjax.emergence.genetic import Genetic
from partsjax.runs import skeleton
from partsjax.runs.comparison import Comparison, ComparisonOptions, comparison_question
from partsjax.runs.context import Context
from partsjax.runs.options import Options
from partsjax.runs.supervision import TrainingOptions
from partsjax.supervision.recipe import Recipe
from tests.runs import supervised

NET = "tests.runs.supervised:network"
SEARCH = Search(genetic=Genetic(population=20, generations=5))


def run(
    folder: Path, workdir: Path, networks=("random", "imagenet"), *, pages=False, notes=None, **changed
) -> Comparison:
    """changed: options of the comparison, or of the measuring. notes: of the run's `Context`."""
    own = {name: changed.pop(name) for name in ("seeds", "baseline", "scratch_steps") if name in changed}
    data = {"net": NET, "dataset": "coco_parts", "data_dir": str(folder)}
    options = ComparisonOptions(
        networks=tuple(networks),
        measuring=Options(**data, **{"search": SEARCH, "nulls": (), **changed}),
        training=TrainingOptions(**data, recipe=Recipe(steps=7, train_from="conv2")),
        **own,
    )
    asked = comparison_question(options, workdir, pages=pages, train=supervised.train)
    return skeleton.run(
        asked, workdir, Context(batch_size=16, threads=1, **{"notes": notes} if notes else {})
    )


def job(folder: Path, workdir: Path) -> None:
    """One for a process that dies."""
    run(folder, workdir, ("random", "imagenet", "object"))
