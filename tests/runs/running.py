"""Starts the main job on the tiny network and folder, and reads what it wrote."""

import csv
from pathlib import Path

import pandas as pd

from partsjax.emergence.combination import Search
from partsjax.emergence.genetic import Genetic
from partsjax.runs import discriminativeness, emergence, skeleton
from partsjax.runs.context import Context
from partsjax.runs.discriminativeness import DiscriminativenessOptions
from partsjax.runs.emergence import Emergence
from partsjax.runs.options import Options

# With these weights all four searches come to different sets for some part.
SEED = 1
QUICK = Genetic(population=40, generations=20)

APS = ["ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed"]


def asked(options: Options, workdir: Path, *, report: bool = True, **surroundings) -> Emergence:
    """One run, in its folder; surroundings: of its `Context`."""
    return skeleton.run(
        emergence.emergence_question(options, report=report),
        workdir,
        Context(**{"threads": 2, **surroundings}),
    )


def asked_of_scores(options: Options, workdir: Path, *, of: dict | None = None, **surroundings):
    """One run of discriminativeness; of: options of its own."""
    question = discriminativeness.discriminativeness_question(
        DiscriminativenessOptions(options, **of or {}), workdir
    )
    return skeleton.run(question, workdir, Context(**{"threads": 2, "batch_size": 8, **surroundings}))


def run(
    folder: Path,
    workdir: Path,
    batch_size: int = 8,
    skip_bad: bool = False,
    say=str,
    report: bool = False,
    **options,
) -> pd.DataFrame:
    """One run; `filters.parquet` as a table.

    Without nulls where none are asked for, and without a report, which takes half of the time, for those who
    do not look at it.
    """
    settings = {
        "net": "tests.tiny:network",
        "dataset": "coco_parts",
        "data_dir": str(folder),
        "seed": SEED,
        "search": Search(genetic=QUICK),
        "nulls": (),
        "all_searches": True,
        **options,
    }
    surroundings = {"batch_size": batch_size, "skip_bad": skip_bad, "say": say}
    asked(Options(**settings), workdir, report=report, **surroundings)
    return pd.read_parquet(workdir / "filters.parquet")


def rows(path: Path) -> list[dict[str, str]]:
    """A CSV file's rows, as text."""
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def number(text: str) -> float:
    return float(text) if text else float("nan")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file under a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
