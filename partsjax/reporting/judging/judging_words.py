"""How judgments are worded."""

from partsjax.emergence.verdict import Estimate
from partsjax.judging.asked import ALL
from partsjax.judging.findings import StudyFindings
from partsjax.judging.fractions import ANOTHER, CONSISTENT, SILENT, Fraction
from partsjax.judging.items import KINDS, NONE
from partsjax.reporting.judging.judging_tables import PAPER, named_parts, whole_associations, whole_layers
from partsjax.reporting.report.words import NOT_KNOWN, interval_text, percent, rho

KIND_WORDS = {
    CONSISTENT: "one concept",
    **KINDS,
    ANOTHER: "another concept than a part",
    NONE: "no one concept",
    SILENT: "silent",
}
"""Kind -> what it is called."""
AGAINST_WORDS = {"beyond_place": "serve a part beyond place", "discriminative": "are discriminative"}
"""Set of filters -> what its filters do."""
SIMULATED = "Simulated raters: these figures say nothing of people, or of the filters."
MODEL = "Dawid–Skene"


def in_percent(estimate: Estimate) -> str:
    """ "31.2% [24.0%, 39.5%]" without the signs inside: "31.2% [24.0, 39.5]"; "–" where not known."""
    text = percent(estimate.value)
    return text if text == NOT_KNOWN else f"{text}% {interval_text(estimate)}".rstrip()


def alpha_words(estimate: Estimate) -> str:
    """ "0.62 [0.51, 0.70]"."""
    value, low, high = map(rho, estimate)
    return value if NOT_KNOWN in (low, high) else f"{value} [{low}, {high}]"


def ratio_words(estimate: Estimate) -> str:
    """An odds ratio with its interval, to two or three digits."""
    value, low, high = (f"{end:.3g}" if end < 100 else f"{end:.0f}" for end in estimate)
    return NOT_KNOWN if value == "nan" else f"{value} [{low}, {high}]"


def class_words(object_class: str) -> str:
    return "all classes" if object_class == ALL else object_class


def sentences(found: StudyFindings) -> list[str]:
    """What a study found, in short; of the raters kept."""
    of, lines = found.kept, [SIMULATED] if found.simulated else []
    for layer, fractions in whole_layers(of.fractions):
        by_kind = {f.kind: f for f in fractions}
        lines.append(
            f"{layer}: of {_pairs(by_kind['part'])} {in_percent(by_kind['part'].majority)} are semantic "
            f"parts by majority, {in_percent(by_kind[ANOTHER].majority)} another concept."
        )
    tied = sum(f.kind is None for f in of.filters)
    if tied:
        lines.append(f"{tied} have no judgment: a tie, or no answer.")
    lines.append(
        f"Krippendorff's alpha over {len(of.raters)} raters: {alpha_words(of.agreement['consistent'])} on "
        f"whether it is one concept, {alpha_words(of.agreement['kind'])} on the kind."
    )
    parts = named_parts(of.names)
    if parts and None not in parts.values():
        lines.append(
            f"The dataset annotates {sum(map(bool, parts.values()))} of the {len(parts)} parts that raters "
            f"named (the paper, recalled and unverified: about {percent(PAPER['annotated'])}%)."
        )
    for a in whole_associations(of.associations):
        of_parts = f"{a.layer}: of {a.both + a.judged_only} judged semantic parts {a.both}"
        if a.both + a.other_only:
            of_parts += f" {AGAINST_WORDS[a.against]}, by chance {a.expected:.1f}; odds ratio"
            lines.append(f"{of_parts} {ratio_words(a.odds_ratio)}.")
        else:
            lines.append(f"{a.layer}: none of the filters judged {AGAINST_WORDS[a.against]}.")
    return lines


def _pairs(f: Fraction) -> str:
    which = "filters" if f.object_class != ALL else "pairs of class and filter"
    return f"{f.judged} {which} with a judgment"
