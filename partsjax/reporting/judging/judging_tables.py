"""The tables of a study, with exact values, and `summary.json`.

Fractions and shares are in [0, 1]; what was not computed is missing (NaN or NA), never 0.
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import pandas as pd

from partsjax.judging.association import Association
from partsjax.judging.findings import Judgments, StudyFindings
from partsjax.judging.fractions import Fraction
from partsjax.judging.naming import ConceptName
from partsjax.judging.quality import Quality
from partsjax.judging.votes import SAID
from partsjax.reporting.rows import with_interval

PAPER = {"semantic_parts": 0.07, "other_consistent": 0.10, "annotated": 0.75}
"""What the paper reports, recalled and unverified: filters that are semantic parts, filters that fire on
other consistent stimuli, and how many of the parts people find PASCAL-Part annotates."""


_THREE = ("", "_low", "_high")
JUDGMENT_COLUMNS = (
    "layer", "object_class", "filter", "item", "answers", *(f"votes_{kind}" for kind in SAID), "consistent",
    "kind", "dawid_skene_kind", "dawid_skene_probability", "name", "sure", "simulated",
)  # fmt: skip
FRACTION_COLUMNS = (
    "raters", "layer", "object_class", "kind", "judged", "number", *(f"fraction{end}" for end in _THREE),
    *(f"dawid_skene{end}" for end in _THREE), "simulated",
)  # fmt: skip
NAME_COLUMNS = ("layer", "object_class", "kind", "name", "annotated", "number", "filters", "simulated")
RATER_COLUMNS = (
    "rater", "answers", "gold", "gold_score", "repeated", "self_agreement", "seconds", "kept", "simulated",
)  # fmt: skip
ASSOCIATION_COLUMNS = (
    "against", "layer", "object_class", "both", "judged_only", "other_only", "neither", "expected",
    *(f"odds_ratio{end}" for end in _THREE), "p_value", "simulated",
)  # fmt: skip


def judging_tables(found: StudyFindings) -> dict[str, pd.DataFrame]:
    """By name of its file every table; each says in its last column whether the raters are simulated."""
    simulated = (found.simulated,)

    def table(columns: Sequence[str], rows: Iterable[tuple], **types: str) -> pd.DataFrame:
        return pd.DataFrame([row + simulated for row in rows], columns=columns).astype(types)

    return {
        "judgments.csv": table(JUDGMENT_COLUMNS, _judgment_rows(found.kept), consistent="boolean"),
        "fractions.csv": table(FRACTION_COLUMNS, _fraction_rows(found)),
        "names.csv": table(NAME_COLUMNS, _name_rows(found.kept), annotated="boolean"),
        "raters.csv": table(RATER_COLUMNS, _rater_rows(found)),
        "associations.csv": table(ASSOCIATION_COLUMNS, _association_rows(found.kept)),
    }


def _judgment_rows(of: Judgments) -> Iterator[tuple]:
    for f in of.filters:
        votes = (f.votes[kind] for kind in SAID)
        yield (
            *(f.layer, f.object_class, f.filter, f.item.item if f.item else None, f.answers, *votes),
            *(f.consistent, f.kind, f.believed or None, f.probability, f.name or None, f.sure),
        )


def _fraction_rows(found: StudyFindings) -> Iterator[tuple]:
    for raters, of in by_raters(found):
        for f in of.fractions:
            yield (
                *(raters, f.layer, f.object_class, f.kind, f.judged, f.number),
                *(*f.majority, *f.dawid_skene),
            )


def by_raters(found: StudyFindings) -> list[tuple[str, Judgments]]:
    """What all raters say, and where some are left out what the others do."""
    return [("all", found.every)] + [("kept", found.kept)] * (found.kept is not found.every)


def _name_rows(of: Judgments) -> Iterator[tuple]:
    for n in of.names:
        yield n.layer, n.object_class, n.kind, n.name, n.annotated, len(n.filters), n.filters


def _rater_rows(found: StudyFindings) -> Iterator[tuple]:
    for q in found.qualities:
        yield (
            *(q.rater, q.answers, q.gold, q.gold_score, q.repeated, q.self_agreement, q.seconds),
            q.rater in found.kept.raters,
        )


def _association_rows(of: Judgments) -> Iterator[tuple]:
    for a in of.associations:
        yield (
            *(a.against, a.layer, a.object_class, a.both, a.judged_only, a.other_only, a.neither),
            *(a.expected, *a.odds_ratio, a.p_value),
        )


def judging_summary(found: StudyFindings) -> dict:
    """What `summary.json` holds: of all classes together, and of all raters, and those kept."""
    study, qualities = found.study, found.qualities
    return {
        "title": study.title,
        "network": study.network,
        "simulated": found.simulated,
        "layers": list(study.layers),
        "classes": list(study.classes),
        "items": sum(item.purpose == "filter" for item in study.items),
        "silent": len(study.silent),
        "raters_per_item": study.raters_per_item,
        "answers": sum(q.answers for q in qualities),
        "min_gold": found.min_gold,
        "raters": {name: _of_raters(of) for name, of in by_raters(found)},
        "paper": {**PAPER, "source": "recalled, unverified"},
    }


def _of_raters(of: Judgments) -> dict:
    parts = named_parts(of.names)
    return {
        "number": len(of.raters),
        "agreement": {
            name: dict(zip(("alpha", "low", "high"), map(_known, estimate), strict=True))
            for name, estimate in of.agreement.items()
        },
        "without_judgment": sum(f.kind is None for f in of.filters),
        "layers": {
            layer: {f.kind: _fraction(f) for f in of_layer} for layer, of_layer in whole_layers(of.fractions)
        },
        "named_parts": {
            "number": len(parts),
            "annotated": None if None in parts.values() else sum(map(bool, parts.values())),
        },
        "associations": [_association(a) for a in whole_associations(of.associations)],
    }


def whole_layers(fractions: Iterable[Fraction]) -> list[tuple[str, list[Fraction]]]:
    """Of each layer those of all its classes together; of one class alone, its own."""
    found: dict[str, dict[str, list[Fraction]]] = {}
    for f in fractions:
        found.setdefault(f.layer, {}).setdefault(f.object_class, []).append(f)
    return [(layer, list(by_class.values())[-1]) for layer, by_class in found.items()]


def whole_associations(of: Iterable[Association]) -> list[Association]:
    """Of each set and layer that of all its classes together; of one class alone, its own."""
    return list({(a.against, a.layer): a for a in of}.values())


def named_parts(names: Iterable[ConceptName]) -> dict[tuple[str, str], bool | None]:
    """The semantic parts that people named, by class and name, and whether the dataset annotates them."""
    return {(n.object_class, n.name): n.annotated for n in names if n.kind == "part"}


def low_gold(quality: Quality) -> bool:
    """Whether a gold score calls for a look: under 0.7 (our choice)."""
    return quality.gold_score < 0.7


def _fraction(f: Fraction) -> dict:
    return {
        "judged": f.judged,
        "number": f.number,
        **{name: _known(value) for name, value in with_interval("fraction", f.majority).items()},
        **{name: _known(value) for name, value in with_interval("dawid_skene", f.dawid_skene).items()},
    }


def _association(a: Association) -> dict:
    return {
        "against": a.against,
        "layer": a.layer,
        "table": [[a.both, a.judged_only], [a.other_only, a.neither]],
        "expected": _known(a.expected),
        **{name: _known(value) for name, value in with_interval("odds_ratio", a.odds_ratio).items()},
        "p_value": _known(a.p_value),
    }


def _known(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.6g}")
