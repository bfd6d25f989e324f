"""IoU of the best filter of each part where unseen crops are labeled wrongly."""

from collections.abc import Mapping

import numpy as np

from partsjax.emergence.changed_truth import DRAWS
from partsjax.emergence.ground import Ground
from partsjax.emergence.iou.overlap import FilterIou, active_from
from partsjax.emergence.sanity import ERRORS


def best_filters(iou: FilterIou) -> np.ndarray:
    """int [P]: the filter with the highest train IoU with each part; of equal, or unknown, ones the first."""
    return np.nan_to_num(iou.train, nan=-1).argmax(axis=0)


class MislabeledIou:
    """One layer over the unseen crops of a class, crop by crop. best: `best_filters`."""

    def __init__(self, iou: FilterIou, across: np.ndarray):
        """across: of `upsampling`, float32 [S, H]."""
        self.best, self._known = best_filters(iou), ~np.isnan(iou.train).all(axis=0)
        self._from = np.asarray(active_from(iou.thresholds[self.best]))[:, None, None]
        self._across = across
        parts = len(self.best)
        self._active = np.zeros((parts, 1))
        self._within, self._shown = np.zeros((2, parts, len(ERRORS) * DRAWS))

    def add(self, maps: np.ndarray, shown: Mapping[int, np.ndarray]) -> None:
        """One crop. maps: float32 [P, H, H], of `best`; shown: of `mislabeled_pixels`."""
        active = self._across @ maps @ self._across.T >= self._from
        self._active += active.sum(axis=(1, 2))[:, None]
        for part, pixels in shown.items():
            self._within[part] += pixels @ active[part].ravel().astype(np.float32)
            self._shown[part] += pixels.sum(axis=1, dtype=np.float64)

    def result(self) -> np.ndarray:
        """float64 [2, P]: IoU with each of `ERRORS`, mean over draws; NaN where nothing is known."""
        union = self._active + self._shown - self._within
        there = (self._shown > 0) & self._known[:, None]
        iou = np.divide(self._within, union, out=np.full(union.shape, np.nan), where=there)
        return iou.reshape(len(iou), len(ERRORS), DRAWS).mean(axis=2).T


def mislabeled_pixels(ground: Ground, number: int) -> dict[int, np.ndarray]:
    """By part that an unseen crop shows, float32 [2 DRAWS, S * S], 1 where it does: by error, draw by draw.

    A missing box is gone with its mask; an extra one has the mask of the box it is a copy of, moved by whole
    pixels.

    Args:
      ground: with wrong labels.
    """
    crops, found = ground.val, {}
    most = crops.truth.valid.shape[1]
    for part, name in enumerate(crops.parts):
        masks = crops.part_masks(number, name)
        if not len(masks):
            continue
        draws = []
        for truth in ground.val_mislabeled["missing"]:
            draws.append(masks[truth.valid[part, : len(masks), number]].any(axis=0))
        for truth in ground.val_mislabeled["extra"]:
            shown = masks.any(axis=0)
            for box in np.flatnonzero(truth.valid[part, most:, number]):
                near = truth.boxes[:2, part, :, number]
                shown |= _moved(masks[box], near[:, most + box] - near[:, box])
            draws.append(shown)
        found[part] = np.stack(draws).reshape(len(draws), -1).astype(np.float32)
    return found


def _moved(mask: np.ndarray, by: np.ndarray) -> np.ndarray:
    """bool [S, S], by (x, y) in pixels, rounded; what leaves the crop is gone."""
    columns, rows = (at + int(np.rint(shift)) for at, shift in zip(np.nonzero(mask.T), by, strict=True))
    inside = (columns >= 0) & (columns < len(mask)) & (rows >= 0) & (rows < len(mask))
    moved = np.zeros_like(mask)
    moved[rows[inside], columns[inside]] = True
    return moved
