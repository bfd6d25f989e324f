"""The stage that tests filters by themselves, of one class in one layer, kept on disk."""

import dataclasses
from collections.abc import Mapping, Sequence

from partsjax.emergence.filter_tests import FilterPart, FilterTest
from partsjax.emergence.ground import Ground
from partsjax.runs import stages
from partsjax.runs.evidence_stage import EvidenceStage
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stimulus_stage import StimulusStage


@dataclasses.dataclass(frozen=True)
class _Tests:
    of: tuple[FilterTest, ...]


@dataclasses.dataclass(frozen=True)
class FilterTestStage:
    """Tests filters; what is finished is kept in `cache`.

    pairs: which, by (layer, class), as for `filter_tests`; none of the others.
    evidence: the stage that judges the same layers.
    """

    cache: stages.Cache
    pairs: Mapping[tuple[str, str], tuple[FilterPart, ...]]
    evidence: EvidenceStage

    def found(
        self, layer: str, pair: Sequence[StimulusStage], ground: Ground
    ) -> tuple[FilterTest, ...] | None:
        """What is kept, or None; arguments as for `EvidenceStage.judge`."""
        if not self._pairs(layer, pair):
            return ()
        kept = self._entry(layer, pair, ground).found()
        return None if kept is None else unpacked(_Tests, kept).of

    def test(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> tuple[FilterTest, ...]:
        """The same, computed where it is not kept."""
        found = self.found(layer, pair, ground)
        if found is None:
            found = self.evidence.test(layer, pair, ground, self._pairs(layer, pair))
            self._entry(layer, pair, ground).save(packed(_Tests(found)))
        return found

    def _pairs(self, layer: str, pair: Sequence[StimulusStage]) -> tuple[FilterPart, ...]:
        return self.pairs.get((layer, pair[0].crops.object_class), ())

    def _entry(self, layer: str, pair: Sequence[StimulusStage], ground: Ground) -> stages.Entry:
        key = stages.key(
            __name__,
            stage="filter tests",
            evidence=self.evidence.key(layer, pair, ground),
            pairs=self._pairs(layer, pair),
        )
        return (self.cache / pair[0].crops.object_class).entry(layer, key)
