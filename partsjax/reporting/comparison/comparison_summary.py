"""What `summary.json` of a comparison holds. APs are fractions in [0, 1]; what is not known is null."""

import math
from typing import Any

from partsjax.emergence.verdict import Estimate
from partsjax.reporting.comparison.comparison_report import ComparisonReport
from partsjax.reporting.comparison.comparison_tables import COUNTS


def comparison_summary(content: ComparisonReport) -> dict[str, Any]:
    """By network and layer its figures, and the difference to the baseline."""
    networks = {}
    for network in content.networks:
        layers = {}
        for layer in content.layers_of(network):
            figures = content.figures[network, layer]
            layers[layer] = {
                "depth": round(content.depth[network, layer], 6),
                "nominal": figures.nominal,
                **{name: list(figures.counts(name)) for name in COUNTS},
                "mean_ap_train": [_known(value) for value in figures.ap_train],
                "mean_ap_val": _named(figures.mean_ap_val),
                "nulls": {
                    name: {"label": label, "beyond_place": list(figures.null_counts(name, "beyond_place"))}
                    for name, label in figures.nulls.items()
                },
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
