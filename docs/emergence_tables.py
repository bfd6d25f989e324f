"""Tables of docs/results/emergence.md, from `parts.csv`, `summary.json` and `combinations.csv` of runs."""

from collections.abc import Callable

import pandas as pd

from docs import measured
from docs.measured import arrow, interval, markdown
from partsjax.reporting.report.words import by_seed, percent, rho, signed


def counts() -> str:
    """How many parts pass each criterion, by layer, and in each seed of the nulls."""

    def count(title: str, name: str) -> list[str]:
        return _row(title, lambda layer: str(layer[name]))

    def nulls(name: str) -> list[list[str]]:
        return _of_nulls("– ", lambda null: by_seed(null[name]))

    return _by_layer(
        count("parts judged", "parts"),
        count("**beyond place**", "beyond_place"),
        *nulls("beyond_place"),
        count("below place", "below_place"),
        count("**strict**", "emerging_strict"),
        *nulls("emerging_strict"),
        count("**the paper's criterion**", "emerging_paper"),
        count("– place prior", "prior_emerging_paper"),
        *nulls("emerging_paper"),
        count("over half of the boxes on train found", "covered"),
    )


def means() -> str:
    """Means over the parts judged, by layer, and how parts share filters and depend on size."""

    def mean(title: str, name: str) -> list[str]:
        aps = (f"{name}_train", f"{name}_val")
        return _row(title, lambda layer: arrow(*(layer["mean_ap"][ap] for ap in aps)))

    def hits(layer: dict) -> str:
        return f"{percent(layer['mean_hit_rate'])} ({percent(layer['mean_prior_hit_rate'])})"

    def sharing(layer: dict) -> str:
        return "; ".join(
            str(layer["sharing"][name]) for name in ("filters", "several_parts", "several_classes")
        )

    return _by_layer(
        mean("AP of the best set, train → held out", "combination"),
        mean("– of the best filter", "best_filter"),
        mean("– of the place prior", "prior"),
        mean("– of the list prior", "list_prior"),
        *_of_nulls("– of the best set, ", lambda null: arrow(null["mean_ap_train"], null["mean_ap_val"])),
        _row("WHERE", lambda layer: signed(layer["mean_where"])),
        _row("WHETHER", lambda layer: signed(layer["mean_whether"])),
        _row("hit rate (the place prior's)", hits),
        _row("filters that serve a part; several; of several classes", sharing),
        _row("rank correlation of AP with size", lambda layer: rho(layer["ap_with_size"])),
        _row("– of the excess", lambda layer: rho(layer["excess_with_size"])),
    )


def _by_layer(*body: list[str]) -> str:
    return markdown(["", *measured.layers()], *body)


def _row(title: str, cell: Callable[[dict], str]) -> list[str]:
    return [title, *map(cell, measured.layers().values())]


def _of_nulls(title: str, cell: Callable[[dict], str]) -> list[list[str]]:
    """A row for each null that ran on any layer; "–" where it did not."""
    layers = measured.layers().values()
    labels = {name: null["label"] for layer in layers for name, null in layer["nulls"].items()}
    return [
        _row(
            title + label,
            lambda layer, name=name: cell(layer["nulls"][name]) if name in layer["nulls"] else "–",
        )
        for name, label in labels.items()
    ]


def beyond() -> str:
    """Which parts are beyond place, by layer: each with its excess, in descending order."""
    found = measured.parts()
    body = []
    for layer, of_layer in found.groupby("layer", sort=False):
        chosen = of_layer[of_layer["beyond_place"]].sort_values("excess_over_prior", ascending=False)
        named = [f"{part.name} {signed(part.excess_over_prior)}" for part in chosen.itertuples(index=False)]
        body.append([layer, str(len(chosen)), ", ".join(named)])
    return markdown(["layer", "parts", "excess over the place prior, in points"], *body)


def knows() -> str:
    """What the sets of AlexNet's conv5 know of the parts that they find beyond place."""
    found = measured.parts()
    found = found[(found["layer"] == "AlexNet conv5") & found["beyond_place"]]
    body = [
        [
            part["name"],
            percent(part["combination_ap_val"]),
            *(
                f"{signed(part[name])} {interval(part, name, 1)}"
                for name in ("excess_over_prior", "where", "whether")
            ),
            f"{percent(part['hit_rate'])} ({percent(part['prior_hit_rate'])})",
            percent(part["coverage_train"]),
        ]
        for _, part in found.sort_values("excess_over_prior", ascending=False).iterrows()
    ]
    names = ["held-out AP", "excess", "WHERE", "WHETHER", "hit rate (the prior's)", "coverage, train"]
    return markdown(["part", *names], *body)


def parts() -> str:
    """Every part's priors, and its best set in every layer."""
    found = measured.parts()
    columns = {layer: of_layer.set_index("name") for layer, of_layer in found.groupby("layer", sort=False)}
    body = []
    for name, part in next(iter(columns.values())).iterrows():
        place = f"{_whole(part['prior_ap_val'])} {interval(part, 'prior_ap_val')}"
        sets = [_best_set(column.loc[name]) for column in columns.values()]
        boxes = f"{part['num_train']}/{part['num_val']}"
        body.append([name, boxes, place, _whole(part["list_prior_ap_val"]), *sets])
    return markdown(["part", "boxes", "place prior", "list prior", *columns], *body)


def _best_set(part: pd.Series) -> str:
    place = "▲" if part["beyond_place"] else "▼" if part["excess_over_prior_high"] < 0 else ""
    level = "s" if part["emerges_strict"] else "p" if part["emerges_paper"] else ""
    marks = "" if part["too_rare"] else place + level
    aps = f"{_whole(part['combination_ap_train'])} → {_whole(part['combination_ap_val'])}"
    return f"{aps} {interval(part, 'combination_ap_val')} {marks}".rstrip()


def searches() -> str:
    """Each search and score, by layer: mean number of filters, and mean AP on train and held out."""
    judged = measured.parts().query("not too_rare")[["layer", "object_class", "part"]]
    found = pd.read_csv(measured.MEASURED / "emergence_by_layer" / "combinations.csv")
    found = found.assign(layer="AlexNet " + found["layer"]).merge(judged)
    means = found.groupby(["search", "score", "layer"], sort=False)[["size", "ap_train", "ap_val"]].mean()
    names = list(dict.fromkeys(found["layer"]))
    body = [
        [f"{search}, {score}", *(_searched(means.loc[search, score, name]) for name in names)]
        for search, score in dict.fromkeys((search, score) for search, score, _ in means.index)
    ]
    return markdown(["", *names], *body)


def _searched(mean: pd.Series) -> str:
    return f"{mean['size']:.0f}: {arrow(mean['ap_train'], mean['ap_val'])}"


def _whole(fraction: float) -> str:
    return f"{100 * fraction:.0f}"
