"""The stage that scores and judges: one class in one layer, from stimuli to evidence, kept on disk."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.combination import Search
from partsjax.emergence.evidence import Evidence, examine
from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import Scores, score_layer
from partsjax.emergence.top_activations import TopActivations, top_activations
from partsjax.networks.protocol import Network
from partsjax.runs import stages
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stimulus_stage import StimulusStage, truth_digest


@dataclasses.dataclass(frozen=True)
class Judged:
    """One class in one layer: all filters' scores, what is said about its parts, what filters fire on."""

    scores: Scores
    evidence: Evidence
    top_activations: TopActivations


@dataclasses.dataclass(frozen=True)
class EvidenceStage:
    """Scores and judges; finished layers are taken from `cache`.

    searches: the first is the one verdicts are of; seed: of the searches.
    """

    cache: stages.Cache
    network: Network
    method: Method
    searches: tuple[Search, ...]
    seed: int

    def judge(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> Judged:
        """The evidence on one layer.

        Args:
          pair: the class's (train, val) stimulus stages, computed; ground: their readable crops' parts.
        """
        crops = pair[0].crops
        entry = (self.cache / crops.object_class).entry(layer, self.key(layer, pair, ground))
        found = entry.found()
        if found is not None:
            return unpacked(Judged, found)
        judged = self._compute(layer, pair, ground)
        entry.save(packed(judged))
        return judged

    def key(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> str:
        """Of all that the evidence depends on."""
        crops = pair[0].crops
        return stages.key(
            __name__,
            stage="evidence",
            stimuli=[stage.keys[layer] for stage in pair],
            truth=[truth_digest(crops.truth) for crops in (ground.train, ground.val)],
            images=[crops.image_index.tolist() for crops in (ground.train, ground.val)],
            priors=ground.further_priors and ground.priors_digest,
            names=[layer, crops.object_class, crops.parts],
            field=dataclasses.astuple(self.network.fields[layer]),
            size=self.network.input_size,
            method=dataclasses.asdict(self.method),
            searches=[dataclasses.asdict(search) for search in self.searches],
            seed=[self.seed, ground.seed],
        )

    def _compute(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> Judged:
        field, size = self.network.fields[layer], self.network.input_size
        stimuli = tuple(stage.load(layer) for stage in pair)
        scores, found = score_layer(*stimuli, ground.train.truth, ground.val.truth, field, size, self.method)
        numbers = (field.center, field.stride, field.size)
        geometry = Geometry(*(np.float32(v) for v in numbers), np.int32(stimuli[0].columns), np.float32(size))
        names = layer, pair[0].crops.object_class, pair[0].crops.parts
        evidence = examine(*names, scores, found, stimuli, ground, geometry, self.searches, self.seed)
        return Judged(scores, evidence, top_activations(stimuli[1], geometry))
