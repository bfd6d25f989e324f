"""What is compiled for one class serves the next, whatever its parts, their boxes, and its crops."""

import dataclasses

import jax.monitoring
import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.combination import Search
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.marked import crops_padded, marked
from partsjax.emergence.method import Method
from tests.emergence.bare_crops import bare_crops
from tests.emergence.examined import QUICK, Split, split
from tests.emergence.test_scoring import GEOMETRY

COMPILED = "/jax/core/compile/backend_compile_duration"


def judge(train: Split, val: Split) -> None:
    crops = (bare_crops(one.truth, one.images, one.boxes) for one in (train, val))
    names = tuple(f"part {p}" for p in range(len(train.truth.valid)))
    ground = Ground(*(dataclasses.replace(one, parts=names) for one in crops), Method(), 0)
    data = LayerData("conv1", (train.stimuli, val.stimuli), ground, GEOMETRY)
    judge_layer([data], [Search(genetic=QUICK)], 0)


def another_class(one: Split, parts: int, boxes: int, crops: int) -> Split:
    """The same stimuli on fewer crops, with other numbers of parts and of boxes a crop."""
    one = one.select(np.arange(crops), one.images[:crops])
    each = np.arange(parts) % 2
    room = [(0, 0), (0, boxes - one.truth.valid.shape[1]), (0, 0)]
    fields = one.truth.boxes[:, each], one.truth.valid[each], one.truth.difficult[each]
    truth = Truth(*(np.pad(array, [(0, 0)] * (array.ndim - 3) + room) for array in fields))
    truth.difficult[0, 0] = truth.valid[0, 0]  # it has difficult boxes, too
    return dataclasses.replace(one, truth=truth)


def test_a_second_class_compiles_nothing():
    compiled = []

    def count(name: str, seconds: float, **_) -> None:
        if name == COMPILED:
            compiled.append(seconds)

    train, val = split(1, (0.9, 0.7, 0.5)), split(2, (0.9, 0.6, 0.7))
    jax.monitoring.register_event_duration_secs_listener(count)
    try:
        judge(train, val)
        compiled.append(0.0)  # heard, or compiled by another test
        first = len(compiled)
        judge(another_class(train, 5, 4, 33), another_class(val, 5, 4, 37))
    finally:
        jax.monitoring.unregister_event_duration_listener(count)
    assert len(compiled) == first


def test_numbers_of_crops_are_few_and_a_half_more_at_most():
    padded = [crops_padded(n) for n in range(1, 3000)]
    assert all(n <= to for n, to in enumerate(padded, 1))
    assert all(to <= n * 1.5 for n, to in enumerate(padded, 1) if n > 192)
    assert sorted(set(padded)) == [128, 192, 256, 384, 512, 768, 1024, 1536, 2048, 3072]


def test_loops_over_parts_and_boxes_end_where_there_are_no_more():
    valid = np.zeros((3, 4, 5), bool)
    valid[0, 1], valid[2, 3, 4] = True, True
    difficult = np.zeros_like(valid)
    difficult[2, 0], difficult[0, 1, 0] = True, True  # the former are no boxes
    of = marked(Truth(np.ones((4, *valid.shape), np.float32), valid, difficult))
    assert of.most.tolist()[:3] == [2, 0, 4] and of.hard.tolist()[:3] == [2, 0, 0]
    assert of.real.tolist() == [True] * 3 + [False] * 13 and not of.most[3:].any()
    assert of.valid.shape == of.boxes.x1.shape == (16, 8, 128) and of.valid.sum() == valid.sum()
