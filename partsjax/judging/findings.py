"""All that the answers of a study say."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from partsjax.emergence.verdict import Estimate
from partsjax.judging.agreement import resampled_alpha
from partsjax.judging.asked import Asked, asked
from partsjax.judging.association import Association, Members, associations
from partsjax.judging.dawid_skene import Believed, dawid_skene
from partsjax.judging.fractions import SILENT, Fraction, drawn, fractions
from partsjax.judging.items import Item, Study
from partsjax.judging.majority import UNDECIDED, consistency, majority
from partsjax.judging.naming import ConceptName, concept_names, usual_name
from partsjax.judging.quality import Quality, kept_raters, qualities
from partsjax.judging.votes import SAID, Votes, votes


@dataclasses.dataclass(frozen=True)
class MeasuredFilters:
    """What was measured of the filters that people judge.

    annotated: by class, the parts that the dataset has; None: not known.
    sets: by name, pairs of class and filter, as those that serve a part beyond place; of all filters.
    """

    annotated: Mapping[str, Sequence[str]] | None = None
    sets: Mapping[str, Members] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class FilterJudgment:
    """What raters say of a filter in the crops of a class.

    item: None where it is silent. votes: by what can be said, how many said it.
    consistent, kind: by majority; None where there is a tie or no answer. kind: of `SAID`, or "silent".
    believed, probability: the most probable kind by Dawid and Skene's model; "" and NaN without an answer.
    name: the most frequent one among raters who said this kind; "" without.
    sure: how sure raters are in the mean; NaN without an answer.
    """

    layer: str
    object_class: str
    filter: int
    item: Item | None
    votes: Mapping[str, int]
    consistent: bool | None
    kind: str | None
    believed: str
    probability: float
    name: str
    sure: float

    @property
    def answers(self) -> int:
        return sum(self.votes.values())


@dataclasses.dataclass(frozen=True)
class Judgments:
    """What some raters say.

    raters: their numbers. agreement: Krippendorff's alpha on whether there is one concept, "consistent", and
    on which "kind".
    """

    raters: tuple[int, ...]
    filters: Sequence[FilterJudgment]
    fractions: Sequence[Fraction]
    agreement: Mapping[str, Estimate]
    names: Sequence[ConceptName]
    associations: Sequence[Association]


@dataclasses.dataclass(frozen=True)
class StudyFindings:
    """What a study found.

    simulated: its raters are. qualities: of every rater who answered.
    every: what all of them say. kept: what those say whose gold score is not below `min_gold`; the same where
    that is 0.
    """

    study: Study
    simulated: bool
    qualities: Sequence[Quality]
    min_gold: float
    every: Judgments
    kept: Judgments


def study_findings(
    study: Study, answers: pd.DataFrame, measured: MeasuredFilters = MeasuredFilters(), min_gold: float = 0.0
) -> StudyFindings:
    """Everything, from answers as `Store.answers` gives them."""
    found = qualities(study, answers)
    everyone, kept = [of.rater for of in found], kept_raters(found, min_gold)
    every = _judgments(study, answers, everyone, measured)
    return StudyFindings(
        study,
        bool(answers["simulated"].any()),
        found,
        min_gold,
        every,
        every if kept == everyone else _judgments(study, answers, kept, measured),
    )


def _judgments(
    study: Study, answers: pd.DataFrame, raters: list[int], measured: MeasuredFilters
) -> Judgments:
    about = asked(study)
    gold = [item for item in study.items if item.purpose == "gold"]
    items = [item for item in study.items if item.purpose == "filter"]
    said = votes(answers, [*items, *gold], raters)
    believed = dawid_skene(said)
    filters = _filters(about, items, said, believed, answers[answers["rater"].isin(raters)])
    counts, draws = said.counts()[: len(items)], drawn(about, said.raters, study.seed)
    weights = draws.filters[about.unit[: len(items)]]
    semantic = np.array([of.kind == "part" for of in filters], bool)
    judged = np.array([of.kind is not None for of in filters], bool)
    return Judgments(
        raters=tuple(raters),
        filters=filters,
        fractions=fractions(about, said, believed, study.seed),
        agreement={
            "consistent": resampled_alpha(consistency(counts), weights).estimate,
            "kind": resampled_alpha(counts, weights).estimate,
        },
        names=concept_names(
            [
                (of.layer, of.object_class, of.kind, of.filter, of.name)
                for of in filters
                if of.kind is not None
            ],
            measured.annotated,
        ),
        associations=[
            one
            for name, members in measured.sets.items()
            for one in associations(about, semantic, judged, name, members, study.seed)
        ],
    )


def _filters(
    about: Asked, items: list[Item], said: Votes, believed: Believed, answers: pd.DataFrame
) -> list[FilterJudgment]:
    counts = said.counts()[: len(items)].astype(int)
    consistent, kind = majority(consistency(counts)), majority(counts)
    first = answers[(answers["repeat"] == 0) & (answers["purpose"] == "filter")]
    names = {key: usual_name(of) for key, of in first.groupby(["item", "kind"])["canonical"]}
    sure = first.groupby("item")["sure"].mean()
    found = []
    for n, item in enumerate(items):
        of, answered = believed.probability[n], counts[n].any()
        judged = None if kind[n] == UNDECIDED else SAID[kind[n]]
        found.append(
            FilterJudgment(
                *(item.layer, item.object_class, item.filter, item),
                votes=dict(zip(SAID, counts[n].tolist(), strict=True)),
                consistent=None if consistent[n] == UNDECIDED else bool(consistent[n]),
                kind=judged,
                believed=SAID[of.argmax()] if answered else "",
                probability=float(of.max()) if answered else np.nan,
                name=names.get((item.item, judged), ""),
                sure=float(sure.get(item.item, np.nan)),
            )
        )
    silent = zip(about.layer, about.object_class, about.filter.tolist(), strict=True)
    return found + [
        FilterJudgment(*pair, None, dict.fromkeys(SAID, 0), False, SILENT, SILENT, 1.0, "", np.nan)
        for pair in list(silent)[len(items) :]
    ]
