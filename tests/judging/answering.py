"""Answers as `Store.answers` gives them, made up."""

from pathlib import Path

import numpy as np
import pandas as pd

from partsjax.judging.items import NONE, Item
from partsjax.judging.store import Store
from partsjax.judging.votes import SAID, Votes


def answer(rater: int, item: Item, kind: str, **others) -> dict:
    """One answer: of a person, the first of theirs to the item."""
    named = others.get("name", "thing" if kind == "part" else "")
    return {
        "rater": rater,
        "simulated": False,
        "item": item.item,
        "purpose": item.purpose,
        "object_class": item.object_class,
        "layer": item.layer,
        "filter": item.filter,
        "repeat": 0,
        "consistent": kind != NONE,
        "kind": kind,
        "name": named,
        "canonical": named.lower(),
        "sure": 2,
        "seconds": 10.0,
        "answered_at": "2026-01-01T00:00:00Z",
        "participant": "",
    } | others


def fill(path: Path, frame: pd.DataFrame) -> None:
    """Puts answers into a study's database, each with its assignment."""
    numbers = {}
    with Store(path) as store, store.transaction() as written:
        for item in store.study().items:
            numbers[item.item] = len(numbers)
        for rater, of in frame.groupby("rater"):
            kind = "simulated" if of["simulated"].any() else "person"
            written.execute(
                "INSERT INTO raters VALUES (?, ?, '', '', '', '', NULL, '')",
                (rater, kind),
            )
            for position, row in enumerate(of.itertuples()):
                written.execute(
                    "INSERT INTO assignments VALUES (?, ?, 1, ?, ?, '')",
                    (rater, position, numbers[row.item], row.repeat),
                )
                written.execute(
                    "INSERT INTO answers (rater, position, key, consistent, kind, name, sure, seconds, "
                    "answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '')",
                    (
                        *(rater, position, f"{rater}-{position}", int(row.consistent), row.kind, row.name),
                        *(row.sure, row.seconds),
                    ),
                )


def answers(rows: list[dict]) -> pd.DataFrame:
    return pd.DataFrame(rows)


def random_votes(random: np.random.Generator, items: int, raters: int, answers: int, known: int = 0) -> Votes:
    """Votes with gaps, empty items and silent raters; the last `known` items are of known kinds."""
    pairs = random.permutation(items * raters)[:answers]
    truth = np.full(items, -1)
    truth[items - known :] = random.integers(0, len(SAID), known)
    return Votes(pairs // raters, pairs % raters, random.integers(0, len(SAID), answers), truth, raters)
