"""Selection: each part's best single filter, chosen on train, and what a layer adds up to."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.emergence.scoring import Scores

EMERGES = 0.30  # train AP above which a part emerges, by the paper's criterion
RARE = 10  # parts with fewer validation boxes are listed and kept out of counts (our choice)


@dataclasses.dataclass(frozen=True)
class BestFilter:
    """The filter of a layer with the highest train AP for a part, and how it does on unseen images.

    APs are fractions; NaN where there is no ground truth. `filter` is None where no filter was
    fitted: the part has no train box.
    """

    layer: str
    object_class: str
    part: str
    num_train: int
    num_val: int
    filter: int | None
    ap_train: float
    ap_val: float

    @property
    def rare(self) -> bool:
        return self.num_val < RARE


def best_filters(
    layer: str,
    object_class: str,
    parts: Sequence[str],
    scores: Scores,
    num_train: np.ndarray,
    num_val: np.ndarray,
) -> list[BestFilter]:
    """One row per part; of filters with equal train AP the one of the lowest number."""
    rows = []
    for p, part in enumerate(parts):
        ap_train = scores.ap_train[:, p]
        best = None if np.isnan(ap_train).all() else int(np.nanargmax(ap_train))
        rows.append(
            BestFilter(
                layer=layer,
                object_class=object_class,
                part=part,
                num_train=int(num_train[p]),
                num_val=int(num_val[p]),
                filter=best,
                ap_train=float("nan") if best is None else float(ap_train[best]),
                ap_val=float("nan") if best is None else float(scores.ap_val[best, p]),
            )
        )
    return rows


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """A layer over all parts judged: those with a train box and at least `RARE` validation boxes.

    mean_ap_*: mean over parts of the best single filter's AP (chosen on train), with and without
    regression; `None` where nothing was judged. over_30_*: parts whose best single filter has
    more than 0.30 AP: not a count of emerging parts, which a filter's place alone can reach.
    """

    parts: int
    parts_too_rare: tuple[str, ...]
    best_filter_mean_ap_train: float | None
    best_filter_mean_ap_val: float | None
    best_filter_unregressed_mean_ap_train: float | None
    best_filter_unregressed_mean_ap_val: float | None
    best_filter_over_30_train: int
    best_filter_over_30_val: int


def summarize(rows: Sequence[BestFilter], unregressed: Sequence[tuple[float, float]]) -> LayerSummary:
    """Adds up a layer.

    Args:
      rows: best filters of all classes' parts.
      unregressed: (train, val) AP of the best filter without regression, aligned with `rows`.
    """
    judged = [not row.rare and row.filter is not None for row in rows]

    def mean(values) -> float | None:
        kept = [v for v, use in zip(values, judged, strict=True) if use]
        return round(float(np.mean(kept)), 6) if kept else None

    return LayerSummary(
        parts=sum(judged),
        parts_too_rare=tuple(
            f"{row.object_class}:{row.part}" for row, use in zip(rows, judged, strict=True) if not use
        ),
        best_filter_mean_ap_train=mean([row.ap_train for row in rows]),
        best_filter_mean_ap_val=mean([row.ap_val for row in rows]),
        best_filter_unregressed_mean_ap_train=mean([train for train, _ in unregressed]),
        best_filter_unregressed_mean_ap_val=mean([val for _, val in unregressed]),
        best_filter_over_30_train=sum(
            row.ap_train > EMERGES for row, use in zip(rows, judged, strict=True) if use
        ),
        best_filter_over_30_val=sum(
            row.ap_val > EMERGES for row, use in zip(rows, judged, strict=True) if use
        ),
    )


def best_unregressed(scores: Scores) -> list[tuple[float, float]]:
    """(train, val) AP of each part's best filter without regression, chosen on train."""
    pairs = []
    for train, val in zip(scores.ap_train_unregressed.T, scores.ap_val_unregressed.T, strict=True):
        best = None if np.isnan(train).all() else int(np.nanargmax(train))
        nan = float("nan")
        pairs.append((nan, nan) if best is None else (float(train[best]), float(val[best])))
    return pairs
