"""Comparisons made up by a seed, with everything that can be missing, missing somewhere."""

import math

import numpy as np

from partsjax.emergence.compare import Difference
from partsjax.emergence.sharing import SharedFilters
from partsjax.emergence.summary import LayerSummary, NullSummary
from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.comparison import (
    ComparedPart,
    ComparisonReport,
    Figures,
    NetworkPair,
    TrainingFigures,
)

NETWORKS = ("random", "imagenet", "object", "image", "mil", "cam", "scratch", 'scenes <b>"&')
LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5")


def layers_of(network: str, layers=LAYERS) -> tuple[str, ...]:
    """The last network is of another architecture: it shares one layer's name with the others."""
    return (layers[0], "block <4>") if network == NETWORKS[-1] else tuple(layers)


def _estimate(rng, value: float, width: float) -> Estimate:
    return Estimate(value, value - width * rng.random(), value + width * rng.random())


def _nulls(rng, nominal: bool) -> dict[str, NullSummary]:
    """Of two seeds each; the network of nominal layers has one of them only."""
    return {
        name: NullSummary(
            label=f"{name} <b>",
            seeds=2,
            beyond_place=tuple(rng.integers(0, 4, 2).tolist()),
            emerging_paper=(3, 4),
            emerging_strict=(0, 0),
            mean_ap_train=0.2,
            mean_ap_val=float(rng.random()),
            mean_excess=None,
        )
        for name in ("random", "permuted")[: 1 if nominal else 2]
    }


def _summary(rng, ap: float, parts: int, nominal: bool, nulls: bool) -> LayerSummary:
    """Whatever it sums up, but for how many parts and what the place prior has, which are the same in all."""
    known = (None, float(rng.normal(0, 0.05)), float(rng.normal(0, 0.05)))
    return LayerSummary(
        parts=parts,
        parts_too_rare=("dog:a/b", "cat:a/b"),
        **{
            name: int(rng.integers(0, most))
            for name, most in (
                ("beyond_place", 9),
                ("below_place", 5),
                ("emerging_paper", 12),
                ("emerging_strict", 4),
                ("covered", 12),
            )
        },
        prior_emerging_paper=7,
        mean_ap={"combination_train": ap + 0.03, "combination_val": ap, "prior_val": 0.119},
        mean_where=known[rng.integers(0, 3)],
        mean_whether=known[rng.integers(0, 3)],
        mean_hit_rate=float(rng.random()),
        mean_prior_hit_rate=0.4,
        sharing=SharedFilters(9, 3, 2),
        ap_with_size=0.9,
        excess_with_size=None,
        nulls=_nulls(rng, nominal) if nulls else {},
        emergence_ap=0.3,
        false_discovery_rate=0.05,
        min_val_boxes=10,
        nominal=nominal,
    )


def content(
    seed: int = 0, networks=NETWORKS, layers=LAYERS, seeds=(0, 1, 2), parts: int = 12, nulls: bool = True
) -> ComparisonReport:
    rng = np.random.default_rng(seed)
    against = {
        (network, layer): layers[-1] if layer == "block <4>" else layer
        for network in networks if network != "imagenet" for layer in layers_of(network, layers)
    }  # fmt: skip
    names = [(c, p) for c in ("dog", "cat", "sheep's <x>") for p in ("head", "leg", "ear", "a/b")][:parts]
    of = {name: (None,) if name in ("imagenet", networks[-1]) else tuple(seeds) for name in networks}
    figures, differences, rows = {}, {}, []
    for network in networks:
        for layer in layers_of(network, layers):
            aps = [float(rng.beta(2, 12)) for _ in of[network]]
            figures[network, layer] = Figures(
                summaries=tuple(
                    _summary(rng, ap, len(names) - 2, nominal=layer == "block <4>", nulls=nulls) for ap in aps
                ),
                ap_val=tuple(_estimate(rng, ap, 0.02) for ap in aps),
                mean_ap_val=_estimate(rng, float(np.mean(aps)), 0.03),
            )
            if network != "imagenet":
                gains = tuple(float(v) for v in rng.normal(0, 0.02, len(aps)))
                frozen = layer in ("conv1", "conv2")
                differences[network, layer] = Difference(
                    mean=Estimate(0.0, 0.0, 0.0) if frozen else _estimate(rng, float(np.mean(gains)), 0.03),
                    by_seed=tuple(0.0 for _ in gains) if frozen else gains,
                    over=_estimate(rng, float(rng.integers(-3, 4)), 2),
                    parts=tuple(_estimate(rng, float(rng.normal(0, 0.1)), 0.1) for _ in names[:-2]),
                    better=int(rng.integers(0, 5)),
                    worse=int(rng.integers(0, 5)),
                    by_chance=0.025 * (len(names) - 2),
                )
    every = dict.fromkeys(layer for network in networks for layer in layers_of(network, layers))
    for layer in every:
        having = [network for network in networks if layer in layers_of(network, layers)]
        for i, (object_class, part) in enumerate(names):
            unknown = i == len(names) - 1
            judged = i < len(names) - 2
            rows.append(
                ComparedPart(
                    layer=layer,
                    object_class=object_class,
                    part=part,
                    num_val=0 if unknown else int(rng.integers(1, 300)),
                    judged=judged,
                    prior_ap_val=math.nan if unknown else float(rng.beta(1, 5)),
                    ap_val={n: UNKNOWN if unknown else _estimate(rng, rng.beta(1, 4), 0.1) for n in having},
                    beyond_place={n: int(rng.integers(0, len(of[n]) + 1)) for n in having},
                    strict={n: int(rng.integers(0, len(of[n]) + 1)) for n in having},
                    difference={n: differences[n, layer].parts[i] for n in having if n != "imagenet"}
                    if judged
                    else {},
                )
            )
    return ComparisonReport(
        title="alexnet on <synthetic>, by supervision",
        command="python -m experiments.comparison --networks=random,'a b'",
        facts=(("jax", "0.9"), ("device", "cpu <1>")),
        networks=networks,
        baseline="imagenet",
        seeds=of,
        layers=list(every),
        figures=figures,
        differences=differences,
        against=against,
        depth={(n, layer): (i + 1) / 7 for n in networks for i, layer in enumerate(layers_of(n, layers))},
        pairs=[
            NetworkPair(network, "imagenet", which, layers_of(network, layers)[place], layers[0], found)
            for (network, layer), found in differences.items()
            for place, which in ((-1, "last"), (0, "best"))
            if layer == layers_of(network, layers)[place]
        ],
        parts=rows,
        origins={name: f"what <{name}> is" for name in networks},
        train_images="Trained on one half of the <train> images.",
        training=[
            TrainingFigures("object", s, 400, "windows named rightly (top-1)", 0.2, 0.7 + 0.01 * s, math.nan)
            for s in of.get("object", ())
        ],
    )
