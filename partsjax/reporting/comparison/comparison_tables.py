"""A comparison's tables, as in its files, with exact values.

APs are fractions in [0, 1]; what is not known is missing (NaN or NA).
"""

from collections.abc import Iterable, Iterator

import pandas as pd

from partsjax.emergence.compare import Difference
from partsjax.emergence.verdict import UNKNOWN
from partsjax.reporting.comparison.comparison_report import ComparisonReport
from partsjax.reporting.rows import with_interval

COUNTS = ("beyond_place", "below_place", "emerging_paper", "emerging_strict")  # of `LayerSummary`
_MEANS = ("mean_where", "mean_whether", "mean_hit_rate", "mean_prior_hit_rate")
_DIFFERENCE = ("difference", "difference_low", "difference_high")
_OF_NETWORKS = ("parts", "seeds", *_DIFFERENCE, "by_seed", "better", "worse", "by_chance")
_OVER_30 = ("over_30", "over_30_low", "over_30_high")
_AGAINST = ("network", "baseline", "layer", "baseline_layer")
PAIR_COLUMNS = ("network", "other", "which", "layer", "other_layer", *_OF_NETWORKS)
DIFFERENCE_COLUMNS = (*_AGAINST, *_OF_NETWORKS, *_OVER_30)
PART_DIFFERENCE_COLUMNS = (
    *_AGAINST,
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
    *_DIFFERENCE,
)


def comparison_columns(nulls: Iterable[str]) -> list[str]:
    """Columns of `comparison.csv` where these nulls ran."""
    return [
        "network",
        "seed",
        "layer",
        "depth",
        "nominal",
        "parts",
        *COUNTS,
        "mean_ap_train",
        "mean_ap_val",
        "mean_ap_val_low",
        "mean_ap_val_high",
        "mean_prior_ap_val",
        *_MEANS,
        *(column for null in nulls for column in (f"{null}_beyond_place", f"{null}_mean_ap_val")),
    ]


def comparison_table(content: ComparisonReport) -> pd.DataFrame:
    """One row per network, seed and layer; intervals over images."""
    columns = comparison_columns(content.nulls)
    table = pd.DataFrame(list(_comparison_rows(content)), columns=columns)
    return table.astype({"seed": "Int64"})


def pair_table(content: ComparisonReport) -> pd.DataFrame:
    """Two rows for every two networks: their last layers, and their best; intervals over images and seeds."""
    return pd.DataFrame(list(_pair_rows(content)), columns=PAIR_COLUMNS)


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
                "depth": content.depth[network, layer],
                "nominal": figures.nominal,
                "parts": summary.parts,
                **{name: getattr(summary, name) for name in (*COUNTS, *_MEANS)},
                "mean_ap_train": figures.ap_train[i],
                **with_interval("mean_ap_val", figures.ap_val[i]),
                "mean_prior_ap_val": summary.mean_ap["prior_val"],
                **{f"{name}_beyond_place": null.beyond_place for name, null in summary.nulls.items()},
                **{f"{name}_mean_ap_val": null.mean_ap_val for name, null in summary.nulls.items()},
            }


def _pair_rows(content: ComparisonReport) -> Iterator[dict]:
    for pair in content.pairs:
        yield {
            "network": pair.network,
            "other": pair.other,
            "which": pair.which,
            "layer": pair.layer,
            "other_layer": pair.other_layer,
            "parts": content.judged,
            **_difference(pair.difference),
        }


def _difference_rows(content: ComparisonReport) -> Iterator[dict]:
    for (network, layer), found in content.differences.items():
        yield {
            "network": network,
            "baseline": content.baseline,
            "layer": layer,
            "baseline_layer": content.against[network, layer],
            "parts": content.judged,
            **_difference(found),
            **with_interval("over_30", found.over),
        }


def _difference(found: Difference) -> dict:
    return {
        "seeds": len(found.by_seed),
        **with_interval("difference", found.mean),
        "by_seed": found.by_seed,
        "better": found.better,
        "worse": found.worse,
        "by_chance": found.by_chance,
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
