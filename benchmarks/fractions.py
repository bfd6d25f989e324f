"""How often intervals of fractions of filters miss the truth, with simulated raters who err at a known rate.

    python -m benchmarks.fractions

prints the table of docs/concepts/judgments.md: of 200 studies each, how often, in percent, the lower end lies
above the truth and the upper end below it, nominally 2.5 each, over the kinds.
"""

import dataclasses

import numpy as np

from partsjax.judging.asked import Asked
from partsjax.judging.dawid_skene import dawid_skene
from partsjax.judging.fractions import CONSISTENT, fractions
from partsjax.judging.simulated import LEANING, SHARES, crowd, planted, simulated_votes
from partsjax.judging.votes import SAID


@dataclasses.dataclass(frozen=True)
class Design:
    """A study: so many items, raters in all and of each item, how often an answer is right, and how little
    raters differ in their errors."""

    items: int
    raters: int
    per_item: int
    accuracy: float
    leaning: float = LEANING


DESIGNS = (
    Design(64, 8, 3, 0.8),
    Design(128, 8, 3, 0.8),
    Design(256, 12, 3, 0.8),
    Design(128, 8, 3, 0.6),
    Design(128, 8, 5, 0.6),
    Design(128, 12, 1, 0.6),
)


@dataclasses.dataclass
class Missed:
    """Of fractions and their intervals over kinds and studies: [S, J]."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    truth: np.ndarray

    @property
    def lower(self) -> np.ndarray:
        """Share of lower ends above the truth, by kind."""
        return (self.low > self.truth + 1e-9).mean(axis=0)

    @property
    def upper(self) -> np.ndarray:
        return (self.high < self.truth - 1e-9).mean(axis=0)

    @property
    def bias(self) -> np.ndarray:
        return (self.value - self.truth).mean(axis=0)


def missed(
    design: Design, studies: int, shares: dict[str, float] = SHARES, model: bool = True
) -> dict[str, Missed]:
    """By judgment, how intervals of each of `SAID`, and last of "consistent", stand to what was planted."""
    place = np.full(design.items, "", object)
    asked = Asked(place, place, np.arange(design.items), tuple(map(str, range(design.items))))
    truth = np.array([*(shares[kind] for kind in SAID), 1 - shares["none"]])
    found: dict[str, list] = {"majority": [], "dawid_skene": []}
    for study in range(studies):
        random = np.random.default_rng((study, *dataclasses.astuple(design)[:3]))
        kinds = planted(design.items, shares, random)
        people = crowd(design.raters, design.accuracy, random, design.leaning)
        votes = simulated_votes(kinds, people, design.per_item, random)
        of = {f.kind: f for f in fractions(asked, votes, dawid_skene(votes) if model else None, study)}
        for name, those in found.items():
            those.append([getattr(of[kind], name) for kind in (*SAID, CONSISTENT)])
    return {
        name: Missed(*np.moveaxis(np.array(those), 2, 0), np.broadcast_to(truth, (studies, len(truth))))
        for name, those in found.items()
    }


def main() -> None:
    print(
        "| items | raters | an item | right | judgment "
        "| kinds: lower | upper | one concept: lower | upper | bias |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for design in DESIGNS:
        for name, of in missed(design, 200).items():
            kinds = (100 * of.lower[:-1].mean(), 100 * of.upper[:-1].mean())
            whole = (100 * of.lower[-1], 100 * of.upper[-1], 100 * of.bias[-1])
            figures = " | ".join(f"{x:.1f}" for x in (*kinds, *whole))
            shown = (design.items, design.raters, design.per_item, f"{100 * design.accuracy:.0f}%", name)
            print(f"| {' | '.join(map(str, shown))} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
