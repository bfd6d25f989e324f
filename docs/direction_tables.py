"""Tables of docs/results/directions.md, from `parts.csv` and `summary.json` of runs with readouts and IoU."""

import pandas as pd

from docs import measured
from docs.measured import arrow, markdown
from partsjax.emergence.readout.verdict import CARRIED
from partsjax.reporting.report.words import percent, rho
from partsjax.reporting.verdict_table import CARRIED_SIGNS

_RUNS = {
    "alexnet": "AlexNet",
    "vgg16": "VGG16",
    "efficientnet_lite0": "EfficientNet-Lite0",
    "image": "whole images,",
    "object": "crops,",
}

_NULLS = {"random_readout_ap_val": "random weights", "permuted_readout_ap_val": "permuted weights"}


def layers(runs: str) -> dict[str, dict]:
    """Each layer's part of `summary.json`, by network or frame, and layer; runs: of configs/measured."""
    return {
        f"{_RUNS[run]} {name}": of
        for run in _measured(runs)
        for name, of in measured.summary(f"{runs}/{run}")["layers"].items()
    }


def read_out(runs: str) -> pd.DataFrame:
    """The judged parts of every run that have a readout; layers as in `layers`, `name` as "horse:head"."""
    tables = []
    for run in _measured(runs):
        table = pd.read_csv(measured.MEASURED / runs / run / "parts.csv")
        table = table[~table["too_rare"] & table["carried"].notna()]
        names = {"layer": f"{_RUNS[run]} " + table["layer"]}
        names["name"] = table["object_class"] + ":" + table["part"]
        tables.append(table.assign(**names, beyond_place=table["beyond_place"].eq(True)))
    return pd.concat(tables, ignore_index=True)


def _measured(runs: str) -> list[str]:
    return [run for run in _RUNS if (measured.MEASURED / runs / run).is_dir()]


def carried(runs: str) -> str:
    """By layer: parts beyond place by sets and by readouts, and how they are carried."""
    words = [word.removesuffix(" filters") for word in CARRIED]
    body = []
    for name, parts in read_out(runs).groupby("layer", sort=False):
        by_sets, by_readouts = parts["beyond_place"], parts["readout_excess_low"] > 0
        counts = (
            by_sets,
            by_readouts,
            by_sets & by_readouts,
            *(parts["carried"] == word for word in CARRIED),
        )
        body.append([name, str(len(parts)), *(str(count.sum()) for count in counts)])
    return markdown(["layer", "parts", "beyond place: sets", "readouts", "both", *words], *body)


def decodable(runs: str) -> str:
    """By layer: mean APs of the place prior, of sets and of readouts, and medians of what readouts say.

    Readouts of nulls stand beside them where these were measured.
    """
    found = read_out(runs)
    nulls = {of: label for of, label in _NULLS.items() if of in found}
    body = []
    for name, parts in found.groupby("layer", sort=False):
        mean = parts.mean(numeric_only=True)
        aps = (arrow(mean[f"{of}_ap_train"], mean[f"{of}_ap_val"]) for of in ("combination", "readout"))
        untrained = (percent(mean[of]) for of in nulls)
        share, half = (parts[of].median() for of in ("share_of_decodable", "filters_for_half"))
        medians = ("–", "–") if pd.isna(share) else (rho(share), f"{half:g}")
        body.append([name, percent(mean["prior_ap_val"]), *aps, *untrained, *medians])
    names = ["AP: place prior", "sets", "readouts", *(f"readouts, {label}" for label in nulls.values())]
    return markdown(["layer", *names, "share of decodable", "filters for half"], *body)


def criteria(runs: str) -> str:
    """By layer: detectors by IoU, filters that serve a part beyond place, and how far ranks agree."""
    body = []
    for name, layer in layers(runs).items():
        of = layer["iou"]
        agreement, low, high = map(rho, of["agreement"])
        counts = ("filters", "detectors_train", "detectors_val", "serving", "both", "same_part")
        body.append([name, *(str(of[count]) for count in counts), f"{agreement} [{low}, {high}]"])
    names = ["detectors by IoU, train", "held out", "serve a part beyond place", "both", "for the same part"]
    return markdown(["layer", "filters", *names, "agreement of ranks"], *body)


def parts(runs: str) -> str:
    """How each layer carries each part, with the held-out APs of its set and of its readout."""
    found = read_out(runs)
    cells = found.assign(
        cell=[
            f"{CARRIED_SIGNS[part.carried]} {_whole(part.combination_ap_val)}/{_whole(part.readout_ap_val)}"
            for part in found.itertuples(index=False)
        ]
    )
    table = cells.pivot_table("cell", "name", "layer", "first", sort=False).fillna("–")
    place = found.groupby("name")["prior_ap_val"].first()
    body = [[name, _whole(place[name]), *row] for name, row in zip(table.index, table.values, strict=True)]
    return markdown(["part", "place prior", *table.columns], *body)


def best_units(runs: str) -> str:
    """The best filter of each part by IoU, on whole images and on crops, and by AP on crops; all on train."""
    by_frame = {run: _best(runs, run, "iou_train") for run in ("image", "object")}
    by_ap = _best(runs, "object", "ap_train")
    body = []
    for part, found in by_ap.iterrows():
        by_iou = [
            cell
            for frame in by_frame.values()
            for cell in (str(frame.loc[part, "filter"]), percent(frame.loc[part, "iou_val"]))
        ]
        figures = (percent(found[name]) for name in ("ap_val", "iou_val"))
        body.append([part, *by_iou, str(found["filter"]), *figures])
    names = ["whole images: best by IoU", "its IoU", "crops: best by IoU", "its IoU", "best by AP", "its AP"]
    return markdown(["part", *names, "its IoU"], *body)


def _best(runs: str, run: str, by: str) -> pd.DataFrame:
    """The filter with the highest figure of each part that has any, by `class:part`."""
    filters = pd.read_parquet(measured.MEASURED / runs / run / "filters.parquet")
    names = filters["object_class"] + ":" + filters["part"]
    known = filters.assign(name=names).dropna(subset=[by])
    return known.loc[known.groupby("name", sort=False)[by].idxmax()].set_index("name")


def _whole(fraction: float) -> str:
    return f"{100 * fraction:.0f}"
