"""A study taken by simulated raters, in its own database."""

import sqlite3

import numpy as np

from partsjax.errors import InputError
from partsjax.judging.answering import Given, record_answer
from partsjax.judging.assignments import assign_batch
from partsjax.judging.items import NONE, Answer, Study
from partsjax.judging.raters import add_rater
from partsjax.judging.simulated import SHARES, crowd, planted
from partsjax.judging.store import Store
from partsjax.judging.votes import SAID

_NAMES = ("head", "leg", "tail", "ear", "eye", "neck", "torso")
_SECONDS = 15.0  # that an item takes in the median


def rehearse(store: Store, raters: int, accuracy: float, seed: int) -> dict[str, str]:
    """Adds simulated raters, who answer a batch each in turns, until every item has its raters.

    What filters are of is drawn from `SHARES`; raters err at a known rate (`simulated.Crowd`), also on gold
    items, and on those they see again.

    Returns:
      By filters' items, the kind that was planted.

    Raises:
      InputError: people answer this study, or there is nothing left to answer; then nothing is added.
    """
    study = store.study()
    with store.transaction() as written:
        taking = _Taking(written, study, raters, accuracy, seed)
        waiting, answered = list(range(raters)), 0
        while waiting:
            waiting = [rater for rater in waiting if taking.batch(rater)]
            answered += len(waiting)
        if not answered:
            raise InputError(f"{store.path}: every item has its raters already; nothing to simulate")
    return {
        item.item: SAID[kind]
        for item, kind in zip(study.items, taking.kinds, strict=True)
        if item.purpose == "filter"
    }


class _Taking:
    """The raters at work, in a transaction; kinds: of every item, int [I]."""

    def __init__(self, written: sqlite3.Connection, study: Study, raters: int, accuracy: float, seed: int):
        self._written, self._study, self._random = written, study, np.random.default_rng(seed)
        self.kinds = planted(len(study.items), SHARES, self._random)
        for n, item in enumerate(study.items):
            if item.truth is not None:
                self.kinds[n] = SAID.index(item.truth.kind or NONE)
        self._names = self._random.choice(_NAMES, len(study.items))
        self._crowd = crowd(raters, accuracy, self._random)
        self._numbers = [add_rater(written, "simulated") for _ in range(raters)]

    def batch(self, rater: int) -> bool:
        """One more batch of a rater; False: no item needs them."""
        number = self._numbers[rater]
        batch = assign_batch(self._written, self._study, number)
        if batch is None:
            return False
        query = "SELECT position, number FROM assignments WHERE rater = ? AND batch = ? ORDER BY position"
        shown = self._written.execute(query, (number, batch)).fetchall()
        truth = self.kinds[[item for _, item in shown]]
        said = self._crowd.say(np.full(len(shown), rater), truth, self._random)
        seconds = self._random.lognormal(np.log(_SECONDS), 0.5, len(shown)).round(1)
        for (position, item), kind, took in zip(shown, said.tolist(), seconds.tolist(), strict=True):
            answer = self._answer(SAID[kind], item)
            record_answer(
                self._written, Given(number, position, f"simulated-{number}-{position}", answer, took)
            )
        return True

    def _answer(self, kind: str, item: int) -> Answer:
        sure = int(self._random.integers(1, 4))
        if kind == NONE:
            return Answer(False, None, "", sure)
        return Answer(True, kind, str(self._names[item]) if kind == "part" else "", sure)
