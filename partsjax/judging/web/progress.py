"""How far a study is, for its owner: how much is answered, how well, how fast; not what was found."""

import dataclasses
import math

import pandas as pd

from partsjax.judging.agreement import alpha
from partsjax.judging.items import Study
from partsjax.judging.quality import Quality, qualities
from partsjax.judging.votes import SAID

_FEW = 4  # gold items, under which a score says little
_LOW = 0.6


@dataclasses.dataclass(frozen=True)
class StudyProgress:
    """Figures of a study under way.

    Attributes:
      items, rated: items of filters; those that have as many raters as they are to have.
      needed, given: answers that the study needs in all, and those it has.
      agreement: Krippendorff's alpha on the kind, "none" being one; None where it is not known yet.
      seconds: an item's median time and its quartiles; None where not known.
      hours: the time of all raters together until the study is done; None where not known.
      raters: one each, also those who have not begun.
    """

    items: int
    rated: int
    needed: int
    given: int
    agreement: float | None
    seconds: tuple[float, float, float] | None
    hours: float | None
    raters: tuple["RaterProgress", ...]


@dataclasses.dataclass(frozen=True)
class RaterProgress:
    """Of one rater; quality is None before the first answer, low: of a gold score that casts doubt."""

    rater: int
    participant: str
    quality: Quality | None
    low: bool
    last: str


def progress_of(study: Study, answers: pd.DataFrame, raters: pd.DataFrame) -> StudyProgress:
    """From what `Store.answers` and `Store.raters` give."""
    first = answers[(answers["purpose"] == "filter") & (answers["repeat"] == 0)]
    by_item = first.groupby("item").size().clip(upper=study.raters_per_item)
    items = sum(item.purpose == "filter" for item in study.items)
    needed, given = items * study.raters_per_item, int(by_item.sum())
    known = answers.loc[answers["purpose"] != "practice", "seconds"].dropna()
    seconds = tuple(known.quantile([0.5, 0.25, 0.75])) if len(known) else None
    counts = pd.crosstab(first["item"], first["kind"]).reindex(columns=list(SAID), fill_value=0)
    agreement = float(alpha(counts.to_numpy()))
    quality = {one.rater: one for one in qualities(study, answers)}
    last = answers.groupby("rater")["answered_at"].max()
    return StudyProgress(
        items=items,
        rated=int((by_item == study.raters_per_item).sum()),
        needed=needed,
        given=given,
        agreement=None if math.isnan(agreement) else agreement,
        seconds=seconds,
        hours=(needed - given) * seconds[0] / 3600 if seconds else None,
        raters=tuple(
            RaterProgress(
                rater,
                participant,
                quality=(found := quality.get(rater)),
                low=found is not None and found.gold >= _FEW and found.gold_score < _LOW,
                last=last.get(rater, "")[:16].replace("T", " "),
            )
            for rater, participant in zip(raters["rater"], raters["participant"], strict=True)
        ),
    )
