"""The laws of windows: overlap, what a window shows, and the windows drawn."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.supervision import proposals
from partsjax.supervision.sampling import stream

sizes = some.tuples(some.integers(1, 600), some.integers(1, 600))
seeds = some.integers(0, 2**31)


@some.composite
def scenes(draw):
    """An image's size and up to five objects in it, also slivers, also alike."""
    width, height = size = draw(sizes)
    side = some.floats(0.001, 1)
    place = some.floats(0, 1)
    objects = []
    for _ in range(draw(some.integers(1, 5))):
        w, h = draw(side) * width, draw(side) * height
        x, y = draw(place) * (width - w), draw(place) * (height - h)
        objects.append((x, y, min(x + w, width), min(y + h, height)))
    if draw(some.booleans()):
        objects.append(objects[0])
    return size, np.array(objects)


def plain_iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    inner = max(width, 0) * max(height, 0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - inner
    return inner / union if union > 0 else 0.0


@given(scenes(), seeds)
def test_overlaps_equal_plain(scene, seed):
    size, objects = scene
    windows = proposals.random(stream(seed), 6, size)
    expected = [[plain_iou(w, o) for o in objects] for w in windows]
    np.testing.assert_allclose(proposals.overlaps(windows, objects), expected, rtol=1e-9, atol=1e-12)


def test_overlaps_of_empty_and_apart():
    boxes = np.array([[0.0, 0, 0, 0], [0, 0, 2, 2], [2, 0, 4, 2], [0, 0, 2, 1]])
    expected = np.array([[0, 0, 0, 0], [0, 1, 0, 0.5], [0, 0, 1, 0], [0, 0.5, 0, 1]])
    np.testing.assert_array_equal(proposals.overlaps(boxes, boxes), expected)
    assert proposals.overlaps(boxes, np.zeros((0, 4))).shape == (4, 0)


def test_a_window_shows_what_it_overlaps_most_from_a_half_on():
    objects = np.array([[0.0, 0, 10, 10], [8, 0, 18, 10]])
    windows = np.array([[0.0, 0, 10, 5], [0, 0, 10, 4.99], [7, 0, 18, 10], [50, 50, 60, 60], [4, 0, 14, 10]])
    assert proposals.assign(windows, objects, np.array([3, 1]), 5).tolist() == [3, 5, 1, 5, 5]
    assert proposals.assign(windows, np.zeros((0, 4)), np.zeros(0, int), 5).tolist() == [5] * 5


def inside(windows, size):
    slack = 1e-9 * max(size)
    assert (windows[..., :2] >= -slack).all() and (windows[..., 2:] <= np.array(size) + slack).all()
    assert (windows[..., 2:] > windows[..., :2]).all()


@given(sizes, seeds)
def test_random_windows_keep_their_law(size, seed):
    windows = proposals.random(stream(seed), 50, size)
    assert windows.shape == (50, 4)
    inside(windows, size)
    sides = windows[:, 2:] - windows[:, :2]
    cut = np.isclose(sides, size).any(axis=1)
    share, aspect = sides.prod(axis=1) / np.prod(size), sides[:, 0] / sides[:, 1]
    assert (share <= 1 + 1e-9).all() and (share[~cut] >= 0.01 - 1e-9).all()
    assert ((aspect[~cut] >= 1 / 3 - 1e-9) & (aspect[~cut] <= 3 + 1e-9)).all()


def test_random_windows_are_log_uniform_in_area():
    windows = proposals.random(stream(0), 20000, (1000, 1000))
    share = (windows[:, 2:] - windows[:, :2]).prod(axis=1) / 1e6
    assert np.mean(share < 0.1) == pytest.approx(0.5, abs=0.02)  # halfway between 1/100 and 1


@given(scenes(), seeds)
def test_a_jittered_window_shows_its_object(scene, seed):
    size, objects = scene
    for number in range(len(objects)):
        window = proposals.jittered(stream(seed, number), objects, number, size)
        inside(window, size)
        most, overlap = proposals.shown_windows(window[None], objects)
        assert overlap[0] >= 0.5
        assert most[0] == number or np.array_equal(objects[most[0]], objects[number])


def test_jittered_windows_differ_and_are_seldom_the_object_itself():
    objects = np.array([[100.0, 100, 200, 180]])
    windows = np.array([proposals.jittered(stream(s), objects, 0, (400, 300)) for s in range(200)])
    assert len(np.unique(windows, axis=0)) == 200
    assert 0.55 < np.median(proposals.overlaps(windows, objects)) < 0.8


@given(scenes(), seeds)
def test_background_shows_no_object(scene, seed):
    size, objects = scene
    window = proposals.background(stream(seed), objects, size)
    inside(window, size)
    assert proposals.overlaps(window[None], objects).max() < 0.5


def test_background_of_an_image_without_objects_is_anywhere():
    inside(proposals.background(stream(0), np.zeros((0, 4)), (30, 20)), (30, 20))


def test_background_is_hard_at_least_half_of_the_time_and_easy_too():
    objects = np.array([[150.0, 100, 250, 200]])
    windows = np.array([proposals.background(stream(s), objects, (400, 300)) for s in range(300)])
    hard = np.mean(proposals.overlaps(windows, objects) >= 0.1)
    assert 0.5 < hard < 0.95


def test_picked_background_is_one_of_the_windows_or_none():
    objects = np.array([[0.0, 0, 10, 10]])
    showing, easy, hard = [0.0, 0, 10, 9], [20.0, 20, 30, 30], [0.0, 0, 10, 2]
    for seed in range(20):
        assert proposals.pick_background(stream(seed), np.array([showing]), objects) is None
        assert proposals.pick_background(stream(seed), np.zeros((0, 4)), objects) is None
    picked = [
        proposals.pick_background(stream(s), np.array([showing, easy, hard]), objects) for s in range(400)
    ]
    assert np.mean([p.tolist() == hard for p in picked]) == pytest.approx(0.75, abs=0.07)
    assert {tuple(p) for p in picked} == {tuple(easy), tuple(hard)}


def test_windows_around_an_object_end_with_its_own_box():
    objects = np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]])
    windows = np.array([[0.0, 0, 10, 8], [20, 0, 30, 8], [0, 0, 10, 3]])
    assert proposals.around(windows, objects, 1).tolist() == [[20, 0, 30, 8], [20, 0, 30, 10]]
    assert proposals.around(np.zeros((0, 4)), objects, 0).tolist() == [[0, 0, 10, 10]]
