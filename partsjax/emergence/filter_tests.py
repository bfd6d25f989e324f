"""Is a filter by itself beyond place? Tests of some filters of a layer on some parts of a class."""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np

from partsjax.emergence.bootstrap import resampled_ap
from partsjax.emergence.estimate import Estimate
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.nearest import PLACE_PRIOR
from partsjax.emergence.ranked import RankedLayer, union
from partsjax.emergence.scoring import score_layer

FilterPart = tuple[int, int]  # of filter and part, by their numbers


@dataclasses.dataclass(frozen=True)
class FilterTest:
    """Held-out AP of one filter on one part minus the place prior's, by paired bootstrap, and its p-value.

    part: its number within the class. p_value: as `bootstrap.Resampled.p_value`.
    """

    filter: int
    part: int
    excess: Estimate
    p_value: float


def filter_tests(
    blocks: Iterable[tuple[range, LayerData]], pairs: Sequence[FilterPart]
) -> tuple[FilterTest, ...]:
    """Tests some filters of a layer on some parts of a class, each fitted anew as it was when it was scored.

    Args:
      blocks: of filters, by their numbers, ascending: those that hold the filters, at least.
      pairs: ascending; parts without a train box are left out.
    """
    found = []
    for numbers, data in blocks:
        here = [pair for pair in pairs if pair[0] in numbers]
        filters = sorted({number for number, _ in here})
        rows = np.array(filters, int) - numbers.start
        stimuli = tuple(
            dataclasses.replace(of, cells=of.cells[rows], values=of.values[rows]) for of in data.stimuli
        )
        ground = data.ground
        truth = ground.train.truth, ground.val.truth
        _, detected = score_layer(stimuli, truth, data.geometry, ground.method)
        ranked = RankedLayer(stimuli[1].scores)
        for number, part in here:
            if truth[0].positives[part]:
                positives, row = ground.positives(part), (filters.index(number),)
                detections = ranked.part(detected.val[:, part], positives, row)
                ap = resampled_ap(ground.curve(union(detections, row), positives), ground.weights)
                excess = ap - ground.judged(PLACE_PRIOR, part).ap_val
                found.append(FilterTest(number, part, excess.estimate, excess.p_value))
    return tuple(found)
