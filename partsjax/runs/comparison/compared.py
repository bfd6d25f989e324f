"""Networks measured on the same images, side by side; of each network, one measurement per seed."""

import itertools
import math
from collections.abc import Mapping, Sequence

import numpy as np

from partsjax.emergence.compare import Difference, mean_held_out_ap, network_difference, over_seeds
from partsjax.emergence.verdict import UNKNOWN, Estimate, Verdict
from partsjax.errors import InputError
from partsjax.networks.bases import made_of
from partsjax.reporting.comparison import ComparedPart, Figures, NetworkPair
from partsjax.runs.emergence import Emergence
from partsjax.runs.emergence.differences import counterpart, judged_layer, why_unpaired

Measured = Mapping[str, Sequence[Emergence]]
"""By network, one per seed."""


def require_same_images(first: Emergence, found: Emergence, names: tuple[str, str]) -> None:
    """Raises `InputError` where two cannot be paired image by image; names: their folders."""
    if why := why_unpaired(found, first):
        raise InputError(
            f"{names[1]}: judged on {why} than {names[0]}, so the two cannot be compared; delete the one "
            "that is out of date and run the same command again"
        )


def figures(measured: Measured) -> dict[tuple[str, str], Figures]:
    """By network and layer, of all layers it was measured in."""
    found = {}
    for network, of_seeds in measured.items():
        for layer in of_seeds[0].about.layers:
            layers = [judged_layer(one, layer) for one in of_seeds]
            found[network, layer] = Figures(
                summaries=tuple(one.summary[layer] for one in of_seeds),
                ap_val=tuple(mean_held_out_ap([one]) for one in layers),
                mean_ap_val=mean_held_out_ap(layers),
            )
    return found


def counterparts(measured: Measured, baseline: str) -> dict[tuple[str, str], str]:
    """By network and layer, the baseline's layer it is compared with."""
    return {
        (network, layer): counterpart(layer, measured[baseline][0])
        for network, of_seeds in measured.items()
        if network != baseline
        for layer in of_seeds[0].about.layers
    }


def differences_to_baseline(
    measured: Measured, baseline: str, against: Mapping[tuple[str, str], str]
) -> dict[tuple[str, str], Difference]:
    """Every network but the baseline minus the baseline; seeds are paired in order.

    against: as `counterparts` has it.
    """
    return {
        (network, layer): network_difference(
            [judged_layer(one, layer) for one in measured[network]],
            [judged_layer(one, other) for one in measured[baseline]],
        )
        for (network, layer), other in against.items()
    }


def pairs(measured: Measured, baseline: str) -> list[NetworkPair]:
    """Every two networks, in the last and in the best layer of each; the baseline is always the other."""
    names = sorted(measured, key=lambda name: name != baseline)
    found = []
    for (other, first), (network, second) in itertools.combinations([(n, measured[n]) for n in names], 2):
        for which, chosen in (("last", lambda of: of[0].about.layers[-1]), ("best", best_layer)):
            layer, other_layer = chosen(second), chosen(first)
            found.append(
                NetworkPair(
                    network=network,
                    other=other,
                    which=which,
                    layer=layer,
                    other_layer=other_layer,
                    difference=network_difference(
                        [judged_layer(one, layer) for one in second],
                        [judged_layer(one, other_layer) for one in first],
                    ),
                )
            )
    return found


def best_layer(of_seeds: Sequence[Emergence]) -> str:
    """Where the mean AP of a network's sets on train is highest, over its seeds; the first of several."""

    def mean(layer: str) -> float:
        return math.fsum(one.summary[layer].mean_ap["combination_train"] or 0.0 for one in of_seeds)

    return max(of_seeds[0].about.layers, key=mean)


def depths(measured: Measured, layers: Mapping[str, Sequence[str]]) -> dict[tuple[str, str], float]:
    """As `ComparisonReport` has it; layers: by network, all that it has itself, in forward order.

    A layer that was made of another because it was asked for is as deep as that one.
    """

    def depth(network: str, layer: str) -> float:
        own = layers[network]
        return (own.index(layer if layer in own else made_of(layer)) + 1) / len(own)

    return {
        (network, layer): depth(network, layer)
        for network, of_seeds in measured.items()
        for layer in of_seeds[0].about.layers
    }


def parts(measured: Measured, found: Mapping[tuple[str, str], Difference]) -> list[ComparedPart]:
    """A row per layer and part, in it all networks that have the layer; found: the differences."""
    rows = []
    for layer in dict.fromkeys(layer for of in measured.values() for layer in of[0].about.layers):
        having = {network: of for network, of in measured.items() if layer in of[0].about.layers}
        verdicts = {network: [_verdicts(one, layer) for one in of] for network, of in having.items()}
        samples = {network: [_samples(one, layer) for one in of] for network, of in having.items()}
        place = 0  # among the judged
        for i, verdict in enumerate(next(iter(verdicts.values()))[0]):
            rows.append(
                ComparedPart(
                    layer=layer,
                    object_class=verdict.object_class,
                    part=verdict.part,
                    num_val=verdict.num_val,
                    judged=verdict.judged,
                    prior_ap_val=verdict.prior.ap_val.value,
                    ap_val={
                        network: _over_seeds([of[i] for of in verdicts[network]], [of[i] for of in drawn])
                        for network, drawn in samples.items()
                    },
                    beyond_place={
                        network: sum(of[i].beyond_place for of in each) for network, each in verdicts.items()
                    },
                    strict={
                        network: sum(of[i].emerges_strict for of in each)
                        for network, each in verdicts.items()
                    },
                    difference={
                        network: found[network, layer].parts[place]
                        for network in having
                        if verdict.judged and (network, layer) in found
                    },
                )
            )
            place += verdict.judged
    return rows


def _verdicts(found: Emergence, layer: str) -> list[Verdict]:
    return [v for c in found.about.classes for v in found.judged[layer, c].evidence.verdicts]


def _samples(found: Emergence, layer: str) -> list[np.ndarray]:
    return [row for c in found.about.classes for row in found.judged[layer, c].evidence.resamples]


def _over_seeds(verdicts: Sequence[Verdict], samples: Sequence[np.ndarray]) -> Estimate:
    """Held-out AP of one part."""
    values = [v.combination_ap_val.value for v in verdicts]
    return UNKNOWN if any(map(math.isnan, values)) else over_seeds(values, samples)
