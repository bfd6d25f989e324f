"""Boxes, NMS, matching and claims against the plain reference and brute force."""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from partsjax.ops import boxes as bx
from tests.plain import detections as plain

GRID = arrays.arrays(np.float32, (6, 4), elements=some.integers(0, 8).map(float))


def ordered(corners: np.ndarray) -> np.ndarray:
    """xyxy boxes [..., 4] from any corners; some are empty."""
    return np.concatenate(
        [np.minimum(corners[..., :2], corners[..., 2:]), np.maximum(corners[..., :2], corners[..., 2:])],
        axis=-1,
    )


def as_boxes(array: np.ndarray) -> bx.Boxes:
    return bx.Boxes(*(jnp.asarray(array[..., i]) for i in range(4)))


@given(GRID, GRID)
def test_iou_equals_plain(a, b):
    a, b = ordered(a), ordered(b)
    mine = bx.iou(as_boxes(a[:, None]), as_boxes(b[None]))
    np.testing.assert_allclose(mine, plain.iou(a[:, None].astype(float), b[None].astype(float)), atol=1e-6)


@pytest.mark.slow
@given(GRID, some.integers(0, 63))
def test_nms_equals_plain_and_is_idempotent(corners, dead):
    boxes = ordered(corners)
    alive = np.array([not dead >> i & 1 for i in range(6)])
    scores = np.where(alive, np.arange(6, 0, -1.0), 0)
    keep = np.asarray(bx.nms(as_boxes(boxes), jnp.asarray(alive), 0.5, axis=0))
    np.testing.assert_array_equal(keep, plain.suppress(boxes.astype(float), scores))
    np.testing.assert_array_equal(bx.nms(as_boxes(boxes), jnp.asarray(keep), 0.5, axis=0), keep)


def test_nms_is_batched_over_the_other_axes():
    random = np.random.default_rng(0)
    boxes = ordered(random.integers(0, 12, (3, 2, 5, 7, 4)).astype(np.float32))  # [F, P, K, N, 4]
    alive = random.random((3, 2, 5, 7)) < 0.8
    keep = np.asarray(bx.nms(as_boxes(boxes), jnp.asarray(alive), 0.5, axis=2))
    for f, p, n in np.ndindex(3, 2, 7):
        scores = np.where(alive[f, p, :, n], np.arange(5, 0, -1.0), 0)
        np.testing.assert_array_equal(
            keep[f, p, :, n], plain.suppress(boxes[f, p, :, n].astype(float), scores)
        )


def test_nms_keeps_an_overlap_equal_to_the_threshold():
    pair = np.array([[0, 0, 2, 1], [0, 0, 1, 1]], np.float32)  # IoU 0.5 exactly
    assert bx.nms(as_boxes(pair), jnp.ones(2, bool), 0.5, axis=0).tolist() == [True, True]


@pytest.mark.slow
@given(GRID, some.data())
def test_match_finds_the_most_overlapped_box(corners, data):
    boxes = ordered(corners)
    instances = 3
    truth = ordered(
        data.draw(arrays.arrays(np.float32, (instances, 4), elements=some.integers(0, 8).map(float)))
    )
    valid = np.array(data.draw(some.lists(some.booleans(), min_size=instances, max_size=instances)))
    # [F=1, P=1, K=6, N=1] against [P=1, G, N=1]
    found = bx.match(
        as_boxes(boxes[None, None, :, None]),
        as_boxes(truth[None, :, None]),
        jnp.asarray(valid[None, :, None]),
        np.flatnonzero(np.append(True, valid))[-1],
    )
    overlap = np.where(valid, plain.iou(boxes[:, None].astype(float), truth[None].astype(float)), 0)
    np.testing.assert_allclose(found.iou[0, 0, :, 0], overlap.max(axis=1), atol=1e-6)
    hit = overlap.max(axis=1) > 0
    np.testing.assert_array_equal(np.asarray(found.number[0, 0, :, 0])[hit], overlap.argmax(axis=1)[hit])


@given(arrays.arrays(bool, 8), arrays.arrays(np.int32, 8, elements=some.integers(0, 2)))
def test_first_claims(hits, number):
    first, claimed = [], set()
    for hit, box in zip(hits, number, strict=True):
        first.append(bool(hit and box not in claimed))
        claimed |= {box} if hit else set()
    assert bx.first_claims(jnp.asarray(hits), jnp.asarray(number), axis=0).tolist() == first


def test_one_detection_and_no_detection():
    one = as_boxes(np.array([[0, 0, 1, 1]], np.float32))
    assert bx.nms(one, jnp.ones(1, bool), 0.5, axis=0).tolist() == [True]
    assert bx.nms(one, jnp.zeros(1, bool), 0.5, axis=0).tolist() == [False]


@pytest.mark.parametrize("size", [10.0, 224.0])
def test_clip(size):
    clipped = as_boxes(np.array([[-5, 3, 500, 7]], np.float32)).clip(size)
    assert [float(v[0]) for v in clipped] == [0, 3, size, 7]
