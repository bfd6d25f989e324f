"""The same photograph twice: equal bytes are proof, equal looks come close.

Two photographs look the same when their thumbnails, 32 x 32 gray, correlate by over .99, mirrored or not (our
choice). Equality of a 64-bit hash, as is common, missed two of three copies in another format or size.
"""

import collections
import math
from collections.abc import Iterator, Sequence

import numpy as np

from partsjax.data.schema import Image
from partsjax.data.survey import Look

ALIKE = 0.99
"""Correlation from which two thumbnails are taken for one photograph's."""

_COARSE, _COARSE_ALIKE = 8, 0.97  # thumbnails compared first, for speed: their side, and who may pass
_FEATURELESS = 2.0  # standard deviation, of 255, under which a thumbnail's pattern is its noise
_BLOCK = 512  # rows of the table of correlations in memory at once

Pair = tuple[Image, Image]


def equal_bytes(looks: Sequence[Look]) -> list[Pair]:
    """Each photograph that repeats an earlier one byte for byte, behind that one."""
    first, pairs = {}, []
    for look in _usable(looks):
        earlier = first.setdefault(look.content, look.image)
        if earlier is not look.image:
            pairs.append((earlier, look.image))
    return pairs


def equal_looks(looks: Sequence[Look]) -> list[Pair]:
    """Each photograph that looks like an earlier one of other bytes, behind the first such one.

    Photographs without any pattern, such as a blank page, look like none.
    """
    distinct = list({look.content: look for look in reversed(_usable(looks))}.values())[::-1]
    views = [(number, view) for number, look in enumerate(distinct) for view in look.views]
    views = [(number, view) for number, view in views if view.std() >= _FEATURELESS]
    if not views:
        return []
    owners = np.array([number for number, _ in views])
    thumbnails = np.stack([view for _, view in views])
    found: dict[int, int] = collections.defaultdict(lambda: len(distinct))
    for mirror in (False, True):
        for later, earlier in _alike(thumbnails, mirror):
            a, b = sorted((owners[later], owners[earlier]))
            if a != b:
                found[b] = min(found[b], a)
    return [(distinct[earlier].image, distinct[later].image) for later, earlier in sorted(found.items())]


def _usable(looks: Sequence[Look]) -> list[Look]:
    """Those that can be used and have bytes; drawn images are what they are."""
    return [look for look in looks if look.content is not None and look.problem is None]


def _alike(thumbnails: np.ndarray, mirror: bool) -> Iterator[tuple[int, int]]:
    """(i, j) with j <= i, of thumbnails that are alike, or are when one of the two is mirrored."""
    fine, coarse = _patterns(thumbnails), _patterns(_reduced(thumbnails))
    turned = _mirrored if mirror else np.asarray
    for start in range(0, len(fine), _BLOCK):
        stop = start + _BLOCK
        candidates = turned(coarse[start:stop]) @ coarse[:stop].T > _COARSE_ALIKE
        for row in np.flatnonzero(candidates.any(axis=1)):
            i = start + row
            earlier = np.flatnonzero(candidates[row, : i + 1])
            for j in earlier[fine[earlier] @ turned(fine[i]) > ALIKE]:
                yield int(i), int(j)


def _reduced(thumbnails: np.ndarray) -> np.ndarray:
    step = thumbnails.shape[1] // _COARSE
    return thumbnails.reshape(-1, _COARSE, step, _COARSE, step).mean(axis=(2, 4))


def _patterns(thumbnails: np.ndarray) -> np.ndarray:
    """Each without its mean and of length 1: their products are correlations. float32 [N, side * side]."""
    flat = thumbnails.reshape(len(thumbnails), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _mirrored(patterns: np.ndarray) -> np.ndarray:
    side = math.isqrt(patterns.shape[-1])
    return patterns.reshape(-1, side, side)[:, :, ::-1].reshape(patterns.shape)
