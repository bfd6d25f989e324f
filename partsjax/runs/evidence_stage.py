"""The stage that scores and judges: one class in one layer, from stimuli to evidence, kept on disk."""

import dataclasses
from collections.abc import Iterator, Sequence, Set

import jax
import numpy as np

from partsjax.emergence.combination import Search
from partsjax.emergence.filter_tests import FilterPart, FilterTest, filter_tests
from partsjax.emergence.footprint import Footprint
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import Judged, judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.regression import Geometry
from partsjax.networks.protocol import Network
from partsjax.runs import stages
from partsjax.runs.memory import Memory
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stimulus_stage import StimulusStage, truth_digest
from partsjax.runs.stored_stimuli import FILTERS_STORED

_NO_REGRESSORS = np.zeros((0, 0, 4, 12), np.float32)


@dataclasses.dataclass(frozen=True)
class EvidenceStage:
    """Scores and judges; finished layers are kept in `cache`.

    searches: the first is the one verdicts are of; seed: of the searches; memory: what judging holds is taken
    from; null: whether it judges a null, as `judge_layer` takes it.
    """

    cache: stages.Cache
    network: Network
    searches: tuple[Search, ...]
    seed: int
    memory: Memory
    null: bool = False

    def found(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> Judged | None:
        """What is kept of the evidence on one layer; arguments as for `judge`."""
        found = self._entry(layer, pair, ground).found()
        return None if found is None else unpacked(Judged, found)

    def judge(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> Judged:
        """The evidence on one layer, computed and kept.

        Args:
          pair: the class's (train, val) stimulus stages, computed; ground: their readable crops' parts.
        """
        size, need = self._size(layer, pair)
        with self.memory.held(need, _named(layer, pair)):
            blocks = (data for _, data in self._blocks(layer, pair, ground, size))
            judged = _kept(judge_layer(blocks, self.searches, self.seed, null=self.null), self.null)
        self._entry(layer, pair, ground).save(packed(judged))
        return judged

    def test(
        self, layer: str, pair: Sequence[StimulusStage], ground: Ground, pairs: Sequence[FilterPart]
    ) -> tuple[FilterTest, ...]:
        """Tests of some filters by themselves, `pairs` as for `filter_tests`; the others as for `judge`."""
        size, need = self._size(layer, pair)
        with self.memory.held(need, _named(layer, pair)):
            return filter_tests(
                self._blocks(layer, pair, ground, size, {number for number, _ in pairs}), pairs
            )

    def require_room(self, layer: str, pair: Sequence[StimulusStage]) -> None:
        """Raises `InputError` where memory is too small to judge the layer in any way."""
        self.memory.require(self._size(layer, pair)[1], _named(layer, pair))

    def _size(self, layer: str, pair: Sequence[StimulusStage]) -> tuple[int, int]:
        """How many filters go through at once, and the bytes that takes."""
        crops = pair[0].crops
        footprint = Footprint(
            filters=pair[0].filters(layer),
            stimuli=pair[0].stimuli(layer),
            crops=tuple(len(stage.crops) for stage in pair),
            parts=len(crops.parts),
        )
        block = footprint.block(self.memory.room, FILTERS_STORED)
        return block, footprint.bytes(block)

    def _blocks(
        self,
        layer: str,
        pair: Sequence[StimulusStage],
        ground: Ground,
        size: int,
        wanted: Set[int] | None = None,
    ) -> Iterator[tuple[range, LayerData]]:
        """Blocks of filters, `size` each, by their numbers; wanted: those with one of these alone."""
        filters = pair[0].filters(layer)
        for first in range(0, filters, size):
            block = range(first, min(first + size, filters))
            if wanted is not None and wanted.isdisjoint(block):
                continue
            stimuli = tuple(stage.load(layer, block) for stage in pair)
            columns = stimuli[0].columns
            geometry = Geometry.of(self.network.fields[layer], columns, self.network.input_size)
            yield block, LayerData(layer, stimuli, ground, geometry)

    def _entry(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> stages.Entry:
        return (self.cache / pair[0].crops.object_class).entry(layer, self.key(layer, pair, ground))

    def key(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> str:
        """Of all that the evidence depends on."""
        crops = pair[0].crops
        return stages.key(
            __name__,
            stage="evidence",
            stimuli=[stage.keys[layer] for stage in pair],
            truth=[truth_digest(crops.truth) for crops in (ground.train, ground.val)],
            images=[crops.image_index.tolist() for crops in (ground.train, ground.val)],
            objects=[crops.object_boxes.tolist() for crops in (ground.train, ground.val)],
            priors=ground.further_priors and ground.priors_digest,
            names=[layer, crops.object_class, crops.parts],
            field=dataclasses.astuple(self.network.fields[layer]),
            size=self.network.input_size,
            method=dataclasses.asdict(ground.method),
            searches=[dataclasses.asdict(search) for search in self.searches],
            seed=[self.seed, ground.seed],
            null=self.null,
            sanity=ground.sanity and not self.null,
        )


def _kept(judged: Judged, null: bool) -> Judged:
    """What anyone reads again: no regressors, whose boxes are judged; of a null its verdicts alone."""
    judged = dataclasses.replace(judged, scores=dataclasses.replace(judged.scores, weights=_NO_REGRESSORS))
    if not null:
        return judged
    scores, tops = jax.tree.map(lambda array: array[:0], (judged.scores, judged.top_activations))
    return Judged(scores, dataclasses.replace(judged.evidence, trials=()), tops)


def _named(layer: str, pair: Sequence[StimulusStage]) -> str:
    """What is judged, for people."""
    crops = sum(len(stage.crops) for stage in pair)
    return f"layer {layer} on {crops} crops of {pair[0].crops.object_class}"
