"""Tables of docs/results/class_scores.md, from the `summary.json` of runs of class scores."""

from docs import measured
from docs.measured import interval, markdown
from partsjax.reporting.report.words import percent, rho

_CRITERIA = {"beyond_place": "beyond place", "strict": "strict", "paper": "the paper's criterion"}
RELATIONS = {
    "difference_and_excess": "drop minus control with the excess over place",
    "drop_and_excess_given_area": "plain drop with the excess, given the part's area",
    "drop_and_ap_val": "plain drop with held-out AP",
}


def filters(run: str) -> str:
    """How many filters are discriminative, and how many of them detect a part, by chance and here."""
    classes, everything = _found(run)
    both = "discriminative_and_semantic"

    def by_deviations(of: dict, deviations: str) -> str:
        return str(of["discriminative_filters_by_deviations"].get(deviations, "–"))

    def overlap(of: dict) -> str:
        return f"{of[both]} ({of['expected_by_chance']:.1f})"

    total = (
        f"{everything['discriminative_filters']}, {everything['distinct_discriminative_filters']} different"
    )
    detect = [
        [
            f"– detect a part, {words} (by chance)",
            *(overlap(of[f"semantic_{name}"]) for of in classes.values()),
            f"{overlap(everything[f'semantic_{name}'])}, {_p(everything[f'semantic_{name}']['p_value'])}",
        ]
        for name, words in _CRITERIA.items()
    ]
    other = [
        [f"at {number} standard deviations", *(by_deviations(of, number) for of in classes.values()), ""]
        for number in ("1.5", "3")
    ]
    return markdown(
        ["", *classes, "all"],
        ["discriminative filters", *(str(of["discriminative_filters"]) for of in classes.values()), total],
        *detect,
        *other,
    )


def parts(run: str) -> str:
    """How many parts are discriminative, and three relations of that to emergence."""
    classes, everything = _found(run)
    columns = {**classes, "all": everything}

    def row(title, cell) -> list[str]:
        return [title, *map(cell, columns.values())]

    def related(name: str):
        def cell(of: dict) -> str:
            found = of[name]
            ends = ", ".join(rho(found[f"over_things_{end}"]) for end in ("low", "high"))
            return f"{rho(found['rank_correlation'])} [{ends}]"

        return cell

    return markdown(
        ["", *columns],
        row("discriminative parts", lambda of: f"{of['discriminative_parts']} of {of['parts']}"),
        row("parts that no control fits beside", lambda of: str(of["parts_without_control"])),
        row(
            "blackouts that no control fits beside",
            lambda of: f"{of['blackouts_without_control']} of {of['blackouts']}",
        ),
        *(row(words, related(name)) for name, words in RELATIONS.items()),
    )


def recognized(run: str) -> str:
    """On how many crops the highest score is of the right class, with its interval over images."""
    classes, _ = _found(run)
    return markdown(
        ["", *classes],
        ["crops", *(str(of["crops"]) for of in classes.values())],
        ["top-1, %", *(f"{percent(of['top1'])} {interval(of, 'top1')}" for of in classes.values())],
    )


def _found(run: str) -> tuple[dict[str, dict], dict]:
    found = measured.summary(run)
    return found["classes"], found["all_classes"]


def _p(value: float | None) -> str:
    return "p –" if value is None else "p < .001" if value < 0.001 else f"p = {value:.2g}"
