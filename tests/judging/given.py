"""Answers given to a made-up study, as raters give them, for tests of what becomes of them."""

from pathlib import Path

import numpy as np

from partsjax.judging.answering import Given, record_answer
from partsjax.judging.assignments import assign_batch, assign_practice
from partsjax.judging.items import Answer
from partsjax.judging.raters import Source, add_rater
from partsjax.judging.store import DATABASE, Store

NAMES = ("ear", "=1+1", 'a "b", c', "'quoted'", "Füße", "@x")


def answered(folder: Path, raters: int = 3, *, kind: str = "person", batches: int = 1) -> Path:
    """Gives a study raters, every other one of a platform, who answer all that they are shown, at random."""
    with Store(folder / DATABASE) as store, store.transaction() as written:
        for number in range(raters):
            source = Source("prolific", f"p{number}", "s", "=t") if number % 2 and kind == "person" else None
            rater = add_rater(written, kind, source)
            assign_practice(written, store.study(), rater)
            for _ in range(batches):
                assign_batch(written, store.study(), rater)
            for (position,) in written.execute(
                "SELECT position FROM assignments WHERE rater = ?", (rater,)
            ).fetchall():
                said = an_answer(np.random.default_rng([number, position]))
                seconds = None if position == 1 else 1.5 + position
                record_answer(written, Given(rater, position, f"{rater} {position}", said, seconds))
    return folder


def an_answer(random: np.random.Generator) -> Answer:
    """One of few; names are as odd as they come."""
    kind = (None, "part", "texture")[random.integers(3)]
    name = NAMES[random.integers(len(NAMES))] if kind == "part" else ""
    return Answer(kind is not None, kind, name, int(random.integers(1, 4)))
