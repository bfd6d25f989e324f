"""A made-up study with the answers of simulated raters, as a frame."""

import numpy as np
import pandas as pd

from partsjax.judging.findings import MeasuredFilters, StudyFindings, study_findings
from partsjax.judging.items import NONE, Study
from partsjax.judging.simulated import SHARES, crowd, planted
from partsjax.judging.votes import SAID
from tests.judging import studies
from tests.judging.answering import answer

NAMES = ("head", "front leg", '<b>"horn"</b>')


def said(study: Study, raters: int = 6, accuracy: float = 0.8, simulated: bool = True) -> pd.DataFrame:
    """Each filter by three raters, gold by all; one item in ten is repeated."""
    random = np.random.default_rng(0)
    people, rows = crowd(raters, accuracy, random), []
    for item in study.items:
        if item.purpose == "practice":
            continue
        kind = SAID.index(item.truth.kind or NONE) if item.truth else planted(1, SHARES, random)[0]
        for rater in random.permutation(raters)[: 3 if item.purpose == "filter" else raters]:
            for repeat in range(1 + (random.random() < 0.1)):
                heard = SAID[people.say(np.array([rater]), np.array([kind]), random)[0]]
                name = NAMES[random.integers(3)] if heard == "part" else ""
                seconds = float(random.integers(5, 40))
                rows.append(
                    answer(
                        int(rater) + 1,
                        item,
                        heard,
                        name=name,
                        repeat=repeat,
                        simulated=simulated,
                        seconds=seconds,
                    )
                )
    return pd.DataFrame(rows)


def findings(simulated: bool = True, min_gold: float = 0.0, **of_study) -> StudyFindings:
    """Of a study of two classes, one of whose parts the dataset annotates."""
    study = studies.study(**({"filters": 24} | of_study))
    serving = frozenset(("conv5", name, f) for name in ("horse", "cow") for f in range(0, 20, 3))
    measured = MeasuredFilters({"horse": ("head", "front_leg"), "cow": ("head",)}, {"beyond_place": serving})
    return study_findings(study, said(study, simulated=simulated), measured, min_gold)
