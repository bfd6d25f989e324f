"""The table that puts the paper's findings beside ours, or says that they were not tested."""

from docs import measured
from docs.measured import markdown
from partsjax.reporting.report.words import percent, rho

_READ, _RECALLED, _NOT = "read in its public text", "recalled, unverified", "not tested"


def beside_the_paper() -> str:
    """What the paper reports, and what stands here."""
    found = measured.layers()
    conv5 = found["AlexNet conv5"]
    aps, sharing = {name: percent(ap) for name, ap in conv5["mean_ap"].items()}, conv5["sharing"]
    of = f"of {conv5['parts']}"
    return markdown(
        ["the paper", "source", "here"],
        [
            "about 25% of PASCAL-Part's parts emerge in AlexNet (AP of sets on train above 30)",
            _READ,
            f"conv5: {conv5['emerging_paper']} {of} ({_share(conv5, 'emerging_paper')}), where the place "
            f"prior passes in {conv5['prior_emerging_paper']}; beyond place {conv5['beyond_place']}, "
            f"strictly {conv5['emerging_strict']}",
        ],
        ["34 of 123 parts emerge in conv5", _RECALLED, "as above"],
        [
            "71 of 123 parts have over half of their instances covered",
            _RECALLED,
            f"conv5: {conv5['covered']} {of}",
        ],
        [
            "higher layers are better",
            _READ,
            f"beyond place: {_by_layer('AlexNet', 'beyond_place')}; by the paper's criterion: "
            f"{_by_layer('AlexNet', 'emerging_paper')}",
        ],
        [
            "a combination beats the best single filter",
            _READ,
            f"conv5: {aps['combination_train']} against {aps['best_filter_train']} on train, "
            f"{aps['combination_val']} against {aps['best_filter_val']} held out",
        ],
        [
            "conv5, best single filter: mean AP 8.5 without, 16.1 with regression",
            _RECALLED,
            f"{aps['best_filter_unregressed_train']} and {aps['best_filter_train']} on train, "
            f"{aps['best_filter_unregressed_val']} and {aps['best_filter_val']} held out",
        ],
        [
            "filters are shared across parts of different classes",
            _READ,
            f"conv5: of {sharing['filters']} filters that serve a part beyond place, "
            f"{sharing['several_classes']} serve parts of several classes",
        ],
        [
            "parts that emerge are large, or very discriminative",
            _READ,
            f"conv5: rank correlation with size {rho(conv5['ap_with_size'])} for AP, "
            f"{rho(conv5['excess_with_size'])} for the excess; discriminative: "
            f"{_on_page('class scores', 'class_scores')}",
        ],
        [
            "emergence grows with depth (VGG16 over AlexNet)",
            _RECALLED,
            f"beyond place: {_by_layer('VGG16', 'beyond_place')}; by the paper's criterion: "
            f"{_by_layer('VGG16', 'emerging_paper')}; AlexNet's are above"
            if any(name.startswith("VGG16") for name in found)
            else _NOT,
        ],
        [
            "emergence falls from object to image to scene supervision",
            _RECALLED,
            _on_page("supervision", "supervision_levels", f"objects and images: {{}}; scenes: {_NOT}"),
        ],
        [
            "9 of 256 filters are discriminative for a class, 60% of them semantic; little sharing",
            _READ,
            _on_page("class scores", "class_scores"),
        ],
        [
            "discriminative parts and parts that emerge are highly correlated",
            _RECALLED,
            _on_page("class scores", "class_scores"),
        ],
        [
            "by human judgment 7% of filters fire on a semantic part, about 10% on other concepts; "
            "PASCAL-Part holds about 75% of the parts that people find",
            _RECALLED,
            _NOT,
        ],
    )


def _on_page(title: str, run: str, text: str = "{}") -> str:
    """A link to the page of a run's results, in a text; that they were not tested where it was not run."""
    page = title.replace(" ", "_")
    return text.format(f"[{title}]({page}.md)") if (measured.MEASURED / run).is_dir() else _NOT


def _by_layer(network: str, name: str) -> str:
    """ "conv1 0, conv2 2" """
    layers = measured.layers().items()
    return ", ".join(f"{full.split()[1]} {layer[name]}" for full, layer in layers if full.startswith(network))


def _share(layer: dict, name: str) -> str:
    return f"{100 * layer[name] / layer['parts']:.0f}%"
