"""Layers made up: scores of all filters, verdicts, top activations, tests."""

import numpy as np

from partsjax.emergence.descriptions import MeasuredLayer
from partsjax.emergence.estimate import Estimate
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.filter_tests import FilterTest
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.judged import Judged
from partsjax.emergence.scoring import Scores
from partsjax.emergence.top_activations import TopActivations
from partsjax.emergence.verdict import PRIOR_NAME, PriorVerdict, Verdict

PARTS = {"dog": ("head", "ear"), "cat": ("ear", "tail")}


def judged(aps: np.ndarray, object_class: str, tested=(), tops=None, layer="conv5") -> Judged:
    """aps: held-out AP [F, P]; of train it is 0.1 more. tested: (filter, part, p-value), of an excess 0.2.

    The place prior has 0.3 on the first part, 0.5 on the second, of which cats have too few boxes.
    """
    aps = aps.astype(np.float32)
    verdicts = tuple(
        Verdict(
            layer, object_class, part, 30, 9 if part == "tail" else 30, 0,
            priors={PRIOR_NAME: PriorVerdict("place prior", ap_val=Estimate(prior, prior, prior))},
        )
        for part, prior in zip(PARTS[object_class], (0.3, 0.5), strict=True)
    )  # fmt: skip
    nothing = np.zeros((len(aps), 0), np.float32)
    scores = Scores(aps + np.float32(0.1), aps, aps, aps, aps, aps, aps[:, 0])
    tops = np.zeros((len(aps), 12), np.float32) if tops is None else np.asarray(tops, np.float32)
    return Judged(
        scores,
        Evidence(verdicts, (), (), nothing, nothing),
        TopActivations(tops.astype(np.int32), tops, tops, tops, tops),
        tuple(FilterTest(f, p, Estimate(0.2, 0.1, 0.3), p_value) for f, p, p_value in tested),
    )


def measured_layer(aps: np.ndarray, *, iou: bool = False, **of_class) -> MeasuredLayer:
    """Of dogs and cats; aps: [F, 2, 2], by filter, class and part; of_class: for `judged`, by class."""
    found = {c: judged(aps[:, n], c, **of_class.get(c, {})) for n, c in enumerate(PARTS)}
    of_iou = {c: FilterIou(aps[:, 0, 0], aps[:, n] / 2, aps[:, n] / 4) for n, c in enumerate(PARTS)}
    return MeasuredLayer(found, of_iou if iou else {}, {"dog": 30, "cat": 10})
