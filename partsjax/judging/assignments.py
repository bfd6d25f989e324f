"""Which items a rater is shown, in which order."""

import datetime
import sqlite3
from collections.abc import Iterable, Sequence

import numpy as np

from partsjax.judging.answering import last_batch
from partsjax.judging.items import Item, Study
from partsjax.judging.store import time_now

# How long an item that a rater was given and has not answered counts as if it were: after that it is given
# to others. Our choice.
HELD = datetime.timedelta(hours=1)

# By item: raters who have answered it, or who were given it and have done something lately.
_RATED = """
SELECT s.number, count(DISTINCT s.rater) FROM assignments s
LEFT JOIN counted c ON c.rater = s.rater AND c.position = s.position
WHERE c.answer IS NOT NULL OR s.assigned_at BETWEEN :since AND :now
  OR s.rater IN (SELECT rater FROM answers WHERE answered_at BETWEEN :since AND :now)
GROUP BY s.number
"""


def examples_and_practice(study: Study) -> tuple[list[Item], list[Item]]:
    """The first half of the practice items are shown with their answers; the others are to be answered."""
    items = [item for item in study.items if item.purpose == "practice"]
    return items[: len(items) // 2], items[len(items) // 2 :]


def assign_practice(written: sqlite3.Connection, study: Study, rater: int) -> None:
    """Gives a rater the practice as batch 0, once; in a transaction."""
    query = "SELECT EXISTS (SELECT 1 FROM assignments WHERE rater = ?)"
    if not written.execute(query, (rater,)).fetchone()[0]:
        numbers = {item.item: number for number, item in enumerate(study.items)}
        _, practice = examples_and_practice(study)
        assign_items(written, rater, 0, [(numbers[item.item], 0) for item in practice])


def assign_batch(written: sqlite3.Connection, study: Study, rater: int) -> int | None:
    """Gives a rater one more batch, in a transaction: its number, or None where no item needs the rater.

    First come the items that fewest raters have, at random by the study's seed, the rater and the batch, up
    to `raters_per_item` each. Gold items are those that this rater has seen least. Repeated items are shown
    in the first third of the batch and again in its second half. A last batch that is smaller has fewer of
    both.
    """
    seen = _seen(written, rater)
    rated = _rated(written)
    wanted = _wanted(study, seen, rated)
    batch = (last_batch(written, rater) or 0) + 1
    rng = np.random.default_rng([study.seed, rater, batch])
    size = study.batch_size
    gold, repeats = round(study.gold_share * size), round(study.repeat_share * size)
    fresh = _least(wanted, rated, size - gold - repeats, rng)
    if not fresh:
        return None
    share = min(1.0, len(fresh) / max(1, size - gold - repeats))
    golds = [number for number, item in enumerate(study.items) if item.purpose == "gold"]
    golds = _least(golds, seen, round(gold * share), rng)
    order = ordered(fresh, golds, min(round(repeats * share), len(fresh)), rng)
    again = set(seen)
    shown = []
    for number in order:
        shown.append((number, int(number in again)))
        again.add(number)
    assign_items(written, rater, batch, shown)
    return batch


def needs_rater(connection: sqlite3.Connection, study: Study, rater: int) -> bool:
    """Whether there are items left for a rater."""
    return bool(_wanted(study, _seen(connection, rater), _rated(connection)))


def assign_items(
    written: sqlite3.Connection, rater: int, batch: int, shown: Iterable[tuple[int, int]]
) -> None:
    """Appends items to what a rater is shown: of each its number, and 1 where the rater has seen it."""
    (first,) = written.execute(
        "SELECT coalesce(max(position) + 1, 0) FROM assignments WHERE rater = ?", (rater,)
    ).fetchone()
    written.executemany(
        "INSERT INTO assignments VALUES (?, ?, ?, ?, ?, ?)",
        [(rater, first + place, batch, *one, time_now()) for place, one in enumerate(shown)],
    )


def ordered(fresh: Sequence[int], golds: Sequence[int], repeats: int, rng: np.random.Generator) -> list[int]:
    """A batch in random order, in which the first `repeats` of the fresh ones come twice, well apart."""
    twice = list(fresh[:repeats])
    once = rng.permutation([*fresh[repeats:], *golds]).astype(int).tolist()
    total = len(once) + 2 * repeats
    early = max(0, total // 3 - repeats)
    late = max(early, total // 2 - repeats)
    first = rng.permutation([*twice, *once[:early]]).astype(int).tolist()
    last = rng.permutation([*once[late:], *twice]).astype(int).tolist()
    return first + once[early:late] + last


def _seen(connection: sqlite3.Connection, rater: int) -> dict[int, int]:
    """By item, how often a rater was shown it."""
    query = "SELECT number, count(*) FROM assignments WHERE rater = ? GROUP BY number"
    return dict(connection.execute(query, (rater,)))


def _rated(connection: sqlite3.Connection) -> dict[int, int]:
    now = time_now()
    since = (datetime.datetime.fromisoformat(now) - HELD).isoformat(timespec="milliseconds")
    return dict(connection.execute(_RATED, {"since": since, "now": now}))


def _wanted(study: Study, seen: dict[int, int], rated: dict[int, int]) -> list[int]:
    """The items of filters that have too few raters, and that a rater has not seen."""
    return [
        number
        for number, item in enumerate(study.items)
        if item.purpose == "filter" and number not in seen and rated.get(number, 0) < study.raters_per_item
    ]


def _least(numbers: Sequence[int], counts: dict[int, int], size: int, rng: np.random.Generator) -> list[int]:
    """Those of lowest count, at random among equal ones."""
    mixed = rng.permutation(numbers).astype(int).tolist()
    return sorted(mixed, key=lambda number: counts.get(number, 0))[:size]
