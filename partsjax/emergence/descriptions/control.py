"""Do descriptions say more than the same texts on other filters?"""

import collections
import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.descriptions.holding import Held, MeasuredLayer

TEXT_PERMUTATIONS = 100  # our choice


@dataclasses.dataclass(frozen=True)
class DescribedLayer:
    """All descriptions of one layer. Fractions; NaN where there is nothing to take them from.

    Means and shares are over pairs: a description and a part that it names, of those with held-out boxes.

    Attributes:
      descriptions: how many there are; of a part, of a class alone, of nothing: what they name.
      mean_ap_val: mean held-out AP of the described filters on the parts that are named.
      permuted_ap_val: the same with the layer's texts permuted among its described filters, mean over 100
        permutations.
      as_good: share of the permutations in which that mean is at least as high.
      over_prior: share of the pairs whose AP is above the place prior's; permuted_over_prior: the same with
        texts permuted.
      tested: pairs on judged parts that were tested; beyond_place: how many of them are beyond place.
    """

    layer: str
    descriptions: int
    of_a_part: int
    of_a_class: int
    of_nothing: int
    mean_ap_val: float
    permuted_ap_val: float
    as_good: float
    over_prior: float
    permuted_over_prior: float
    tested: int
    beyond_place: int

    @property
    def figures(self) -> dict:
        """What `summary.json` holds of it."""
        fields = dataclasses.asdict(self)
        del fields["layer"]
        return {
            name: (None if math.isnan(value) else round(value, 6)) if isinstance(value, float) else value
            for name, value in fields.items()
        }


def described_layers(
    held: Sequence[Held], layers: Mapping[str, MeasuredLayer], seed: int
) -> tuple[DescribedLayer, ...]:
    """Of each layer that is described.

    Args:
      held: of `held_against_truth`.
      seed: of the permutations.
    """
    by_layer: dict[str, list[Held]] = {layer: [] for layer in layers}
    for one in held:
        by_layer[one.layer].append(one)
    return tuple(_of_layer(layers[layer], of, seed) for layer, of in by_layer.items() if of)


def _of_layer(layer: MeasuredLayer, held: Sequence[Held], seed: int) -> DescribedLayer:
    texts = collections.defaultdict(list)
    for one in held:
        texts[one.filter, one.text].append(one)
    named = ["part" if of[0].part else "class" if of[0].object_class else "" for of in texts.values()]
    tested = {(h.filter, h.object_class, h.part): h.beyond_place for h in held if h.beyond_place is not None}
    return DescribedLayer(
        held[0].layer,
        len(texts),
        named.count("part"),
        named.count("class"),
        named.count(""),
        *_beside_permuted(layer, list(texts.values()), seed),
        len(tested),
        sum(tested.values()),
    )


def _beside_permuted(
    layer: MeasuredLayer, texts: Sequence[Sequence[Held]], seed: int
) -> tuple[float, float, float, float, float]:
    """Mean AP, the same permuted, share of permutations as good; share above the prior, the same permuted."""
    filters = np.array([of[0].filter for of in texts])
    pairs = [(n, one) for n, of in enumerate(texts) for one in of if not math.isnan(one.ap_val)]
    if not pairs:
        return (math.nan,) * 5
    parts = list(dict.fromkeys((one.object_class, one.part) for _, one in pairs))
    aps = np.stack([_aps(layer, *of) for of in parts])  # [P, F]
    text, part = np.array([(n, parts.index((one.object_class, one.part))) for n, one in pairs]).T
    priors = np.array([one.prior_ap_val for _, one in pairs])

    def figures(filters: np.ndarray) -> tuple[float, float]:
        ap = aps[part, filters[text]]
        return ap.mean(), (ap > priors).mean()

    random = np.random.default_rng(seed)
    ap, over = figures(filters)
    permuted = np.array([figures(random.permutation(filters)) for _ in range(TEXT_PERMUTATIONS)])
    mean, mean_over = permuted.mean(axis=0).tolist()
    return float(ap), mean, float(np.mean(permuted[:, 0] >= ap)), float(over), mean_over


def _aps(layer: MeasuredLayer, object_class: str, part: str) -> np.ndarray:
    """float64 [F], held out."""
    number, _ = layer.verdict(object_class, part)
    return layer.judged[object_class].scores.ap_val[:, number].astype(np.float64)
