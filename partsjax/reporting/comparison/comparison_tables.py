"""A comparison's tables, as in its files, with exact values; and `summary.json`.

APs are fractions in [0, 1]; what is not known is missing (NaN or NA), in JSON null.
"""

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from partsjax.emergence.verdict import UNKNOWN, Estimate
from partsjax.reporting.comparison.comparison_report import ComparisonReport
from partsjax.reporting.rows import with_interval

_COUNTS = ("beyond_place", "below_place", "emerging_paper", "emerging_strict")  # of `LayerSummary`
_MEANS = ("mean_where", "mean_whether", "mean_hit_rate", "mean_prior_hit_rate")
COMPARISON_COLUMNS = (
    "network",
    "seed",
    "layer",
    "nominal",
    "parts",
    *_COUNTS,
    "mean_ap_train",
    "mean_ap_val",
    "mean_ap_val_low",
    "mean_ap_val_high",
    "mean_prior_ap_val",
    *_MEANS,
)
DIFFERENCE_COLUMNS = (
    "network",
    "baseline",
    "layer",
    "baseline_layer",
    "parts",
    "seeds",
    "difference",
    "difference_low",
    "difference_high",
    "by_seed",
    "better",
    "worse",
    "by_chance",
    "over_30",
    "over_30_low",
    "over_30_high",
)
PART_DIFFERENCE_COLUMNS = (
    "network",
    "baseline",
    "layer",
    "baseline_layer",
    "object_class",
    "part",
    "num_val",
    "seeds",
    "ap_val",
    "ap_val_low",
    "ap_val_high",
    "prior_ap_val",
    "beyond_place_seeds",
    "emerges_strict_seeds",
    "difference",
    "difference_low",
    "difference_high",
)


def comparison_table(content: ComparisonReport) -> pd.DataFrame:
    """One row per network, seed and layer; intervals over images."""
    table = pd.DataFrame(list(_comparison_rows(content)), columns=COMPARISON_COLUMNS)
    return table.astype({"seed": "Int64"})


def difference_table(content: ComparisonReport) -> pd.DataFrame:
    """One row per network and layer, the baseline left out; intervals over images and seeds."""
    return pd.DataFrame(list(_difference_rows(content)), columns=DIFFERENCE_COLUMNS)


def part_difference_table(content: ComparisonReport) -> pd.DataFrame:
    """One row per network, layer and part; of parts too rare to be judged there is no difference."""
    table = pd.DataFrame(list(_part_rows(content)), columns=PART_DIFFERENCE_COLUMNS)
    return table.astype({"beyond_place_seeds": "Int64", "emerges_strict_seeds": "Int64"})


def _comparison_rows(content: ComparisonReport) -> Iterator[dict]:
    for (network, layer), figures in content.figures.items():
        for i, (seed, summary) in enumerate(zip(content.seeds[network], figures.summaries, strict=True)):
            yield {
                "network": network,
                "seed": seed,
                "layer": layer,
                "nominal": figures.nominal,
                "parts": summary.parts,
                **{name: getattr(summary, name) for name in (*_COUNTS, *_MEANS)},
                "mean_ap_train": figures.ap_train[i],
                **with_interval("mean_ap_val", figures.ap_val[i]),
                "mean_prior_ap_val": summary.mean_ap["prior_val"],
            }


def _difference_rows(content: ComparisonReport) -> Iterator[dict]:
    for (network, layer), found in content.differences.items():
        yield {
            "network": network,
            "baseline": content.baseline,
            "layer": layer,
            "baseline_layer": content.against[network, layer],
            "parts": content.judged,
            "seeds": len(found.by_seed),
            **with_interval("difference", found.mean),
            "by_seed": found.by_seed,
            "better": found.better,
            "worse": found.worse,
            "by_chance": found.by_chance,
            **with_interval("over_30", found.over),
        }


def _part_rows(content: ComparisonReport) -> Iterator[dict]:
    for part in content.parts:
        for network in part.ap_val:
            yield {
                "network": network,
                "baseline": content.baseline,
                "layer": part.layer,
                "baseline_layer": content.against.get((network, part.layer)),
                "object_class": part.object_class,
                "part": part.part,
                "num_val": part.num_val,
                "seeds": len(content.seeds[network]),
                **with_interval("ap_val", part.ap_val[network]),
                "prior_ap_val": part.prior_ap_val,
                "beyond_place_seeds": part.beyond_place[network] if part.judged else None,
                "emerges_strict_seeds": part.strict[network] if part.judged else None,
                **with_interval("difference", part.difference.get(network, UNKNOWN)),
            }


def comparison_summary(content: ComparisonReport) -> dict[str, Any]:
    """What `summary.json` holds: by network and layer its figures, and the difference to the baseline."""
    networks = {}
    for network in content.networks:
        layers = {}
        for layer in content.layers_of(network):
            figures = content.figures[network, layer]
            layers[layer] = {
                "nominal": figures.nominal,
                **{name: list(figures.counts(name)) for name in _COUNTS},
                "mean_ap_train": [_known(value) for value in figures.ap_train],
                "mean_ap_val": _named(figures.mean_ap_val),
            }
            found = content.differences.get((network, layer))
            if found is not None:
                layers[layer]["difference"] = {
                    "baseline_layer": content.against[network, layer],
                    **_named(found.mean),
                    "by_seed": [_known(value) for value in found.by_seed],
                    "parts_better": found.better,
                    "parts_worse": found.worse,
                    "by_chance": _known(found.by_chance),
                    "parts_over_30": _named(found.over),
                }
        seeds = [seed for seed in content.seeds[network] if seed is not None]
        networks[network] = {"is": content.origins[network], "seeds": seeds, "layers": layers}
    return {
        "baseline": content.baseline,
        "parts": content.judged,
        "parts_too_rare": content.rare,
        "place_prior": {
            "emerging_paper": content.prior_paper,
            "mean_ap_val": _known(content.prior_ap_val),
        },
        "networks": networks,
        "training": [
            {
                "network": t.network,
                "seed": t.seed,
                "steps": t.steps,
                "metric": t.metric,
                "before": _known(t.before),
                "after": _known(t.after),
                "without_looking": _known(t.baseline),
            }
            for t in content.training
        ],
    }


def _named(estimate: Estimate) -> dict[str, float | None]:
    return {name: _known(value) for name, value in estimate._asdict().items()}


def _known(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
