"""From stimuli to verdicts: scores of all filters, then the evidence on every part."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from partsjax.emergence.candidates import Candidates, joined, renumbered
from partsjax.emergence.combination import Search
from partsjax.emergence.evidence import Evidence, examine
from partsjax.emergence.filter_tests import FilterTest
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.scoring import Scores, score_layer
from partsjax.emergence.top_activations import TopActivations, top_activations


@dataclasses.dataclass(frozen=True)
class Judged:
    """One class in one layer: all filters' scores, the evidence on its parts, what filters fire on.

    tests: of filters by themselves, those that were asked for.
    """

    scores: Scores
    evidence: Evidence
    top_activations: TopActivations
    tests: tuple[FilterTest, ...] = ()


def judge_layer(
    blocks: Iterable[LayerData], searches: Sequence[Search], seed: int, *, null: bool = False
) -> Judged:
    """All filters are scored; sets are looked for among `Candidates`, which are all of up to 2,048.

    Args:
      blocks: of filters, in order, each with their stimuli; taken one at a time.
      searches, seed, null: as for `examine`.
    """
    candidates, scores, tops = None, [], []
    for data in blocks:
        truth = data.ground.train.truth, data.ground.val.truth
        of_block, found = score_layer(data.stimuli, truth, data.geometry, data.ground.method)
        numbers = sum(len(one.scale) for one in scores) + np.arange(len(of_block.scale))
        candidates = Candidates(numbers, data.stimuli, of_block, found).among(candidates)
        scores.append(of_block)
        tops.append(top_activations(data.stimuli[1], data.geometry, of_block))
    data = dataclasses.replace(data, stimuli=candidates.stimuli)
    evidence = examine(data, candidates.scores, candidates.found, searches, seed, null=null)
    return Judged(joined(scores), renumbered(evidence, candidates.numbers), joined(tops))
