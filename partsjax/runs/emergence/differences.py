"""One result minus another, judged on the same images."""

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from partsjax.emergence.compare import JudgedLayer, network_difference
from partsjax.errors import InputError
from partsjax.reporting.notebook import frames_html
from partsjax.reporting.rows import with_interval

if TYPE_CHECKING:
    from partsjax.runs.emergence.result import Emergence


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Differences:
    """One network minus another, with 95% intervals over images (`emergence.compare` says how).

    names: of both. APs are held-out APs of the best sets, as fractions.
    layers: one row per layer: parts beyond place of both; mean AP of both and the difference; how many more
      parts are over the threshold (`over`); how many parts are significantly better and worse, and how many
      to expect by chance; whether receptive fields of either are nominal.
    parts: one row per layer and part: AP of both, and the difference.

    Both have the same place prior, so differences of AP are differences of the excess over it.
    """

    names: tuple[str, str]
    layers: pd.DataFrame
    parts: pd.DataFrame

    def __repr__(self) -> str:
        figures = ", ".join(
            f"{row.layer} {row.difference:+.3f} [{row.difference_low:+.3f}, {row.difference_high:+.3f}]"
            for row in self.layers.itertuples()
        )
        return f"<Differences: {self.names[0]} minus {self.names[1]}, mean held-out AP: {figures}>"

    def _repr_html_(self) -> str:
        of = f"{self.names[0]} minus {self.names[1]}"
        return frames_html([(f"{of}, by layer", self.layers), (f"{of}, by part", self.parts)])


def why_unpaired(found: "Emergence", other: "Emergence") -> str:
    """On what else one was judged than the other, or nothing where the two can be paired image by image."""
    if found.images != other.images:
        classes = found.images.by_class.keys() | other.images.by_class.keys()
        differ = sorted(c for c in classes if found.images.by_class.get(c) != other.images.by_class.get(c))
        return f"other images or annotations of {', '.join(differ)}" if differ else "another seed"
    return "" if _parts(found) == _parts(other) else "other training images"


def differences(found: "Emergence", other: "Emergence") -> Differences:
    """Of each layer and the other's of the same name; where there is none, and the other's last.

    Raises:
      InputError: the two were judged on other images.
    """
    if why := why_unpaired(found, other):
        raise InputError(
            f"{found.about.net}: judged on {why} than {other.about.net}, so the two cannot be compared; "
            "measure both on the same dataset, with the same limit and seed"
        )
    layers, parts = [], []
    for layer in found.about.layers:
        against = counterpart(layer, other)
        one, two = judged_layer(found, layer), judged_layer(other, against)
        of = network_difference([one], [two])
        layers.append(
            {
                "layer": layer,
                "other_layer": against,
                "nominal": layer in found.about.nominal or against in other.about.nominal,
                "parts": len(one.parts),
                "beyond_place": found.summary[layer].beyond_place,
                "other_beyond_place": other.summary[against].beyond_place,
                "ap_val": _mean(one),
                "other_ap_val": _mean(two),
                **with_interval("difference", of.mean),
                **with_interval("over", of.over),
                "better": of.better,
                "worse": of.worse,
                "by_chance": of.by_chance,
            }
        )
        parts += [
            {
                "layer": layer,
                "other_layer": against,
                "object_class": object_class,
                "part": part,
                "ap_val": one.ap_val[i],
                "other_ap_val": two.ap_val[i],
                **with_interval("difference", of.parts[i]),
            }
            for i, (object_class, part) in enumerate(one.parts)
        ]
    return Differences((found.about.net, other.about.net), pd.DataFrame(layers), pd.DataFrame(parts))


def counterpart(layer: str, other: "Emergence") -> str:
    """The layer of another network that one is compared with: of the same name, else the other's last."""
    return layer if layer in other.about.layers else other.about.layers[-1]


def judged_layer(found: "Emergence", layer: str) -> JudgedLayer:
    """The judged parts of a layer, with their bootstrap."""
    rows = [
        (verdict, sample)
        for object_class in found.about.classes
        for evidence in [found.judged[layer, object_class].evidence]
        for verdict, sample in zip(evidence.verdicts, evidence.resamples, strict=True)
        if verdict.judged
    ]
    return JudgedLayer(
        tuple((v.object_class, v.part) for v, _ in rows),
        np.array([v.combination_ap_val.value for v, _ in rows]),
        np.stack([sample for _, sample in rows]) if rows else np.zeros((0, 1000), np.float32),
        found.about.method.emergence_ap,
    )


def _parts(found: "Emergence") -> list[tuple]:
    """What both must have been measured on; the same in every layer."""
    first = found.about.layers[0]
    return [
        (v.object_class, v.part, v.num_train, v.num_val, v.judged) for v in found.verdicts if v.layer == first
    ]


def _mean(layer: JudgedLayer) -> float:
    return float(np.nanmean(layer.ap_val)) if len(layer.parts) else np.nan
