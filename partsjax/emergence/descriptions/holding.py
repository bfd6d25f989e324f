"""Descriptions held against the truth: what each filter does on the part that its description names."""

import collections
import dataclasses
import functools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.descriptions.matching import PartNames
from partsjax.emergence.descriptions.reading import Description
from partsjax.emergence.estimate import UNKNOWN, Estimate
from partsjax.emergence.filter_tests import FilterTest
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.judged import Judged
from partsjax.emergence.top_activations import CROPS_KEPT, TopActivations
from partsjax.emergence.verdict import Verdict


@dataclasses.dataclass(frozen=True)
class Held:
    """One description and one part, or class, that it names. Fractions, NaN where not computed.

    Attributes:
      layer, filter, text: as they were given.
      object_class, part: what the text names; part "": a class alone; both "": nothing.
      ap_train, ap_val: AP of the filter on the part; iou_train, iou_val: its IoU.
      rank: of the filter among all filters of the layer, by held-out AP on the part: 1 and how many are
        higher, so that equal ones share the better rank; None where there is no AP.
      filters: how many the layer has.
      prior_ap_val: held-out AP of the place prior.
      excess: held-out AP of the filter minus that; without an interval where it was not tested.
      p_value: of that excess being 0 or less.
      q_value: the same adjusted for all tests of judged parts in the run's descriptions.
      judged: whether the part is, as `Verdict.judged`.
      class_share: of the filter's 12 top activations over all classes, one a crop, the share on crops of the
        class; crop_share: the share of its crops among all: what to expect of a filter that ignores classes.
      false_discovery_rate: q-value up to which it is beyond place, the method's.
    """

    layer: str
    filter: int
    text: str
    object_class: str = ""
    part: str = ""
    ap_train: float = math.nan
    ap_val: float = math.nan
    iou_train: float = math.nan
    iou_val: float = math.nan
    rank: int | None = None
    filters: int = 0
    prior_ap_val: float = math.nan
    excess: Estimate = UNKNOWN
    p_value: float = math.nan
    q_value: float = math.nan
    judged: bool = False
    class_share: float = math.nan
    crop_share: float = math.nan
    false_discovery_rate: float = math.nan

    @property
    def beyond_place(self) -> bool | None:
        """Whether the filter alone detects the part beyond place; None where that was not tested."""
        return None if math.isnan(self.q_value) else self.q_value <= self.false_discovery_rate


@dataclasses.dataclass(frozen=True)
class MeasuredLayer:
    """All that is known of one layer, by class in order.

    iou: empty where it was not measured. crops: how many unseen crops show each class; empty where crops are
    no sign of a class.
    """

    judged: Mapping[str, Judged]
    iou: Mapping[str, FilterIou]
    crops: Mapping[str, int]

    @property
    def filters(self) -> int:
        return len(next(iter(self.judged.values())).scores.ap_val)

    def verdict(self, object_class: str, part: str) -> tuple[int, Verdict]:
        """The part's number within its class, and the verdict on it."""
        verdicts = self.judged[object_class].evidence.verdicts
        return next((number, v) for number, v in enumerate(verdicts) if v.part == part)

    @functools.cached_property
    def tests(self) -> dict[tuple[str, int, int], FilterTest]:
        """By class, filter and part, what was tested."""
        return {(c, test.filter, test.part): test for c, of in self.judged.items() for test in of.tests}

    def class_shares(self, number: int) -> dict[str, float]:
        """Share of a filter's top activations on crops of each class; empty where it has none."""
        strongest = sorted(
            (
                (-float(score), object_class)
                for object_class, of in self.judged.items()
                for score in _scores(of.top_activations, number)
            ),
            key=lambda one: one[0],
        )[:CROPS_KEPT]
        classes = [object_class for _, object_class in strongest]
        return {c: classes.count(c) / len(classes) for c in self.judged} if classes else {}


def _scores(of: TopActivations, number: int) -> np.ndarray:
    return of.scores[number][of.scores[number] > 0]


def held_against_truth(rows: Sequence[Description], layers: Mapping[str, MeasuredLayer]) -> tuple[Held, ...]:
    """Every description with all that its text names, in order; q-values over all of them."""
    verdicts = {c: of.evidence.verdicts for c, of in next(iter(layers.values())).judged.items()}
    names = PartNames({c: [v.part for v in of_class] for c, of_class in verdicts.items()})
    held = []
    for row in rows:
        of_layer = layers[row.layer]
        plain = Held(row.layer, row.filter, row.text, filters=of_layer.filters)
        named = names.named(row.text)
        held += [_named(dataclasses.replace(plain, object_class=c, part=p), of_layer) for c, p in named]
        held += [] if named else [plain]
    return _with_q_values(held)


def unmatched(held: Sequence[Held]) -> dict[str, int]:
    """How many descriptions have each text that names nothing of the dataset, the most frequent first."""
    return dict(collections.Counter(one.text for one in held if not one.object_class).most_common())


def _named(held: Held, of: MeasuredLayer) -> Held:
    """With what is known of it."""
    crops = of.crops.get(held.object_class)
    if crops is not None:
        shares = of.class_shares(held.filter)
        share = shares.get(held.object_class, math.nan)
        held = dataclasses.replace(held, class_share=share, crop_share=crops / sum(of.crops.values()))
    return _on_part(held, of) if held.part else held


def _on_part(held: Held, of: MeasuredLayer) -> Held:
    part, verdict = of.verdict(held.object_class, held.part)
    judged, iou = of.judged[held.object_class], of.iou.get(held.object_class)
    scores = judged.scores
    ap_val = scores.ap_val[:, part]
    ap, prior = float(ap_val[held.filter]), verdict.prior.ap_val.value
    test = of.tests.get((held.object_class, held.filter, part))
    return dataclasses.replace(
        held,
        ap_train=float(scores.ap_train[held.filter, part]),
        ap_val=ap,
        iou_train=math.nan if iou is None else float(iou.train[held.filter, part]),
        iou_val=math.nan if iou is None else float(iou.val[held.filter, part]),
        rank=None if math.isnan(ap) else 1 + int((ap_val > ap).sum()),
        prior_ap_val=prior,
        excess=test.excess if test else Estimate(ap - prior, math.nan, math.nan),
        p_value=test.p_value if test else math.nan,
        judged=verdict.judged,
        false_discovery_rate=verdict.false_discovery_rate,
    )


def _with_q_values(held: Sequence[Held]) -> tuple[Held, ...]:
    """Benjamini and Hochberg's, over the pairs of filter and judged part that were tested, each once."""
    from scipy.stats import false_discovery_control  # takes long to import

    tested = {_pair(one): one.p_value for one in held if one.judged and not math.isnan(one.p_value)}
    if not tested:
        return tuple(held)
    adjusted = false_discovery_control(list(tested.values()), method="bh").tolist()
    q_values = dict(zip(tested, adjusted, strict=True))
    return tuple(dataclasses.replace(one, q_value=q_values.get(_pair(one), math.nan)) for one in held)


def _pair(held: Held) -> tuple[str, int, str, str]:
    return held.layer, held.filter, held.object_class, held.part
