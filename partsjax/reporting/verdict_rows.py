"""Reads a run's `parts.csv` back into verdicts."""

import csv
import dataclasses
import math
from pathlib import Path

from partsjax.emergence.verdict import Estimate, Verdict
from partsjax.errors import BadInput

_COLUMN = {"excess": "excess_over_prior", "one_box_excess": "excess_over_one_box"}  # named otherwise there
_STRICT = {
    name: f"{name.removesuffix('_strict')}_emerges_strict" for name in ("random_strict", "shuffled_strict")
}
_FIELDS = dataclasses.fields(Verdict)


def read_parts(path: Path) -> list[Verdict]:
    """The verdicts of a `parts.csv`, in its order; an empty cell is NaN, or None.

    APs are as they were written, to six decimals.

    Raises:
      BadInput: not there, or not such a table; the line names the row.
    """
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except FileNotFoundError:
        raise BadInput(f"{path}: not found; run experiments.emergence to its end first") from None
    verdicts = []
    for number, row in enumerate(rows, 2):
        try:
            verdicts.append(_verdict(row))
        except (KeyError, ValueError, TypeError) as error:
            raise BadInput(
                f"{path}, line {number}: not a row of an emergence run's parts.csv ({error}); run "
                "experiments.emergence again"
            ) from None
    return verdicts


def _verdict(row: dict[str, str]) -> Verdict:
    values = {}
    for field in _FIELDS:
        column = _COLUMN.get(field.name) or _STRICT.get(field.name, field.name)
        if field.type is Estimate:
            values[field.name] = Estimate(*(_fraction(row[column + end]) for end in ("", "_low", "_high")))
        else:
            values[field.name] = _READ[field.type](row[column])
    return Verdict(**values)


def _fraction(text: str) -> float:
    return float(text) if text else math.nan


def _truth(text: str) -> bool | None:
    return {"": None, "true": True, "false": False}[text]


_READ = {
    str: str,
    int: lambda text: int(text or 0),
    int | None: lambda text: int(text) if text else None,
    float: _fraction,
    bool | None: _truth,
    tuple[int, ...]: lambda text: tuple(map(int, filter(None, text.split(";")))),
}
