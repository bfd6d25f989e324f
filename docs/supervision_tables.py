"""The table of supervision levels in docs/results/supervision.md, from the files of a comparison."""

import pandas as pd

from docs import measured
from docs.measured import arrow, markdown
from partsjax.reporting.report.words import signed

_COUNTS = {
    "beyond_place": "beyond place",
    "emerging_strict": "strict",
    "emerging_paper": "the paper's criterion",
}


def levels() -> str:
    """By layer: counts, by seed, and differences from the baseline with their intervals."""
    folder = measured.MEASURED / "supervision_levels"
    found, differences = (pd.read_csv(folder / f"{name}.csv") for name in ("comparison", "differences"))
    networks = list(dict.fromkeys(found["network"]))
    baseline = differences["baseline"].iloc[0]
    body = []
    for layer, of_layer in found.groupby("layer", sort=False):
        runs = dict(iter(of_layer.groupby("network", sort=False)))
        body.append([f"**{layer}**, of {of_layer['parts'].iloc[0]} parts", *[""] * len(networks)])
        body += [
            [title, *(", ".join(map(str, runs[name][column])) for name in networks)]
            for column, title in _COUNTS.items()
        ]
        means = [runs[name][["mean_ap_train", "mean_ap_val"]].mean() for name in networks]
        body.append(["mean AP, train → held out", *(arrow(*mean) for mean in means)])
        against = differences[differences["layer"] == layer].set_index("network")
        for title, cell in (
            (f"– held out, minus {baseline}", _difference),
            ("– seed by seed", _by_seed),
            ("parts significantly better / worse (by chance)", _parts),
        ):
            cells = [cell(against.loc[name]) if name in against.index else "" for name in networks]
            body.append([title, *cells])
    return markdown(["", *networks], *body)


def _difference(row: pd.Series) -> str:
    low, high = (signed(row[f"difference_{end}"]) for end in ("low", "high"))
    return f"{signed(row['difference'])} [{low}, {high}]"


def _by_seed(row: pd.Series) -> str:
    return ", ".join(signed(float(one)) for one in str(row["by_seed"]).split(";"))


def _parts(row: pd.Series) -> str:
    return f"{row['better']:g} / {row['worse']:g} ({row['by_chance']:.1f})"
