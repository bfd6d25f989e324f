"""Tables of docs/results/architectures.md, from `summary.json` and `parts.csv` of each network's own run."""

from collections.abc import Sequence

import pandas as pd

from docs import measured
from docs.measured import markdown
from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.efficientnet_table import LAYERS
from partsjax.reporting.report.words import by_seed, percent, signed

EFFICIENTNET = "emergence_of_efficientnet"
_NETWORKS = {
    "emergence_by_layer": ("AlexNet", tuple(c.name for c in ARCHITECTURES["alexnet"].convolutions)),
    "emergence_by_depth": ("VGG16", tuple(c.name for c in ARCHITECTURES["vgg16"].convolutions)),
    EFFICIENTNET: ("EfficientNet-Lite0", LAYERS),
}


def depths() -> str:
    """Every layer by its relative depth: parts beyond place, in its own nulls too, and means."""
    body = []
    for run, name, every in _measured():
        for layer, found in measured.summary(run)["layers"].items():
            mean = found["mean_ap"]
            body.append(
                [
                    f"{name} {layer}",
                    f"{(every.index(layer) + 1) / len(every):.2f}",
                    str(found["beyond_place"]),
                    "; ".join(by_seed(null["beyond_place"]) for null in found["nulls"].values()),
                    *(str(found[count]) for count in ("below_place", "emerging_strict", "emerging_paper")),
                    *(percent(mean[f"{of}_val"]) for of in ("combination", "best_filter")),
                    signed(found["mean_where"]),
                ]
            )
    names = ["beyond place", "in nulls", "below place", "strict", "paper's criterion"]
    return markdown(["layer", "depth", *names, "AP, best set", "AP, best filter", "WHERE"], *body)


def beyond() -> str:
    """Which parts EfficientNet-Lite0 finds beyond place, by layer: each with its excess, descending."""
    parts = pd.read_csv(measured.MEASURED / EFFICIENTNET / "parts.csv")
    parts = parts.assign(name=parts["object_class"] + ":" + parts["part"])
    body = []
    for layer, of_layer in parts.groupby("layer", sort=False):
        chosen = of_layer[of_layer["beyond_place"].eq(True)].sort_values("excess_over_prior", ascending=False)
        named = [f"{part.name} {signed(part.excess_over_prior)}" for part in chosen.itertuples(index=False)]
        body.append([layer, str(len(chosen)), ", ".join(named)])
    return markdown(["layer", "parts", "excess over the place prior, in points"], *body)


def rotated() -> str:
    """Each network's layer as trained, and its random rotations: parts beyond place, and mean APs."""
    body = []
    for run, name, _ in _measured("rotated"):
        (layer, trained), *others = measured.summary(f"rotated/{run}")["layers"].items()
        body.append([f"{name} {layer}", "as trained", *_of_basis([trained])])
        body.append(["", f"{len(others)} rotations", *_of_basis([found for _, found in others])])
    names = ["beyond place", "below place", "strict", "AP, best set", "AP, best filter"]
    return markdown(["layer", "basis", *names], *body)


def _of_basis(layers: Sequence[dict]) -> list[str]:
    counts, means = ("beyond_place", "below_place", "emerging_strict"), ("combination", "best_filter")
    return [
        *(", ".join(str(layer[name]) for layer in layers) for name in counts),
        *(", ".join(percent(layer["mean_ap"][f"{name}_val"]) for layer in layers) for name in means),
    ]


def _measured(below: str = ".") -> list[tuple[str, str, Sequence[str]]]:
    """(run, network, all its layers in forward order) of those in this folder of configs/measured."""
    return [(run, *of) for run, of in _NETWORKS.items() if (measured.MEASURED / below / run).is_dir()]
