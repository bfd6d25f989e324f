"""From stimuli to verdicts: scores of all filters, then the evidence on every part."""

import dataclasses
from collections.abc import Sequence

from partsjax.emergence.combination import Search
from partsjax.emergence.evidence import Evidence, examine
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.scoring import Scores, score_layer
from partsjax.emergence.top_activations import TopActivations, top_activations


@dataclasses.dataclass(frozen=True)
class Judged:
    """One class in one layer: all filters' scores, the evidence on its parts, what filters fire on."""

    scores: Scores
    evidence: Evidence
    top_activations: TopActivations


def judge_layer(data: LayerData, searches: Sequence[Search], seed: int, *, null: bool = False) -> Judged:
    """searches, seed, null: as for `examine`."""
    ground = data.ground
    truth = ground.train.truth, ground.val.truth
    scores, found = score_layer(data.stimuli, truth, data.geometry, ground.method)
    evidence = examine(data, scores, found, searches, seed, null=null)
    return Judged(scores, evidence, top_activations(data.stimuli[1], data.geometry))
