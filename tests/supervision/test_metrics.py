"""Metrics of trained networks against loops written down separately."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from hypothesis.extra import numpy as arrays

from partsjax.supervision import metrics
from partsjax.supervision.examples import ImageTruth

WHOLE = [0, 0, 1, 1]
LEFT = [0, 0, 0.5, 1]


def truth_of(*images: list[tuple[int, list[float]]], classes: int = 3) -> ImageTruth:
    """From each image's list of (class, box)."""
    labels = np.zeros((len(images), classes), bool)
    for i, objects in enumerate(images):
        labels[i, [c for c, _ in objects]] = True
    boxes = tuple(np.array([box for _, box in objects], np.float32).reshape(-1, 4) for objects in images)
    return ImageTruth(labels, boxes, tuple(np.array([c for c, _ in objects], int) for objects in images))


def random_truth(random: np.random.Generator, images: int = 12, classes: int = 4) -> ImageTruth:
    """Up to four objects an image; the last class never occurs."""
    pictures = []
    for _ in range(images):
        corners = np.sort(random.random((random.integers(0, 5), 2, 2)), axis=1)
        pictures.append([(int(random.integers(classes - 1)), list(c.reshape(4))) for c in corners])
    return truth_of(*pictures, classes=classes)


def plain_ap(scores, labels) -> float:
    """Area under the precision envelope, read off every threshold."""
    positives = labels.sum()
    if positives == 0 or np.isnan(scores).any():
        return float("nan")
    points = []
    for threshold in np.unique(scores):
        chosen = scores >= threshold
        points.append(((chosen & labels).sum() / positives, (chosen & labels).sum() / chosen.sum()))
    return sum(
        max(p for r, p in points if r >= k / positives - 1e-9) / positives for k in range(1, positives + 1)
    )


def plain_share(truth: ImageTruth, right) -> float:
    """Mean over classes of the share of their images with an object of which `right(i, c, box)` holds."""
    shares = []
    for c in range(truth.labels.shape[1]):
        judged = []
        for i, (boxes, classes) in enumerate(zip(truth.boxes, truth.box_classes, strict=True)):
            of_class = [box for box, k in zip(boxes, classes, strict=True) if k == c]
            if of_class:
                judged.append(any(right(i, c, box) for box in of_class))
        if judged:
            shares.append(sum(judged) / len(judged))
    return sum(shares) / len(shares) if shares else float("nan")


def plain_iou(a, b) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    inner = max(width, 0) * max(height, 0)
    union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner
    return inner / union if union > 0 else 0.0


# Windows


def test_top1_and_class_accuracy_by_hand():
    scores = np.array([[3, 1, 2], [0, 5, 1], [9, 0, 1], [2, 1, 7]], np.float32)
    labels = np.array([0, 0, 0, 2])
    assert metrics.top1(scores, labels) == 0.75
    # Class 0: two of three; class 2: one of one; class 1 does not occur.
    np.testing.assert_allclose(metrics.class_accuracy(scores, labels), (2 / 3 + 1) / 2)


def test_windows_with_a_nan_score_are_wrong_and_no_windows_are_nan():
    scores = np.array([[np.nan, 1], [1, np.nan], [1, 0]], np.float32)
    labels = np.array([0, 0, 0])
    np.testing.assert_allclose(metrics.top1(scores, labels), 1 / 3)
    np.testing.assert_allclose(metrics.class_accuracy(scores, labels), 1 / 3)
    assert np.isnan(metrics.top1(np.zeros((0, 3)), np.zeros(0, int)))
    assert np.isnan(metrics.class_accuracy(np.zeros((0, 3)), np.zeros(0, int)))


def test_class_accuracy_equals_loops():
    random = np.random.default_rng(0)
    scores, labels = random.random((50, 6)), random.integers(0, 4, 50)
    shares = []
    for c in range(4):
        mine = [scores[i].argmax() == c for i in range(50) if labels[i] == c]
        shares.append(sum(mine) / len(mine))
    np.testing.assert_allclose(metrics.class_accuracy(scores, labels), np.mean(shares))


# Labels


@given(
    arrays.arrays(np.float32, (9, 2), elements=some.integers(-3, 3).map(float)), arrays.arrays(bool, (9, 2))
)
def test_average_precision_equals_every_threshold_with_ties_and_without_positives(scores, labels):
    expected = [plain_ap(scores[:, c], labels[:, c]) for c in range(2)]
    np.testing.assert_allclose(metrics.class_average_precisions(scores, labels), expected, atol=1e-6)
    present = [ap for ap in expected if not np.isnan(ap)]
    found = metrics.mean_average_precision(scores, labels)
    np.testing.assert_allclose(found, np.mean(present) if present else np.nan, atol=1e-6)


def test_average_precision_by_hand():
    scores = np.array([[4.0], [3], [2], [1]], np.float32)
    labels = np.array([[True], [False], [True], [False]])
    np.testing.assert_allclose(metrics.mean_average_precision(scores, labels), (1 + 2 / 3) / 2, rtol=1e-6)
    # All of one score: the share of images with the class.
    np.testing.assert_allclose(metrics.mean_average_precision(0 * scores, labels), 0.5, rtol=1e-6)


def test_a_nan_score_makes_its_class_and_the_mean_nan():
    scores = np.array([[1, np.nan], [0, 1]], np.float32)
    labels = np.ones((2, 2), bool)
    np.testing.assert_array_equal(metrics.class_average_precisions(scores, labels), [1, np.nan])
    assert np.isnan(metrics.mean_average_precision(scores, labels))


def test_no_images_have_no_average_precision():
    empty = np.zeros((0, 2), np.float32), np.zeros((0, 2), bool)
    assert np.isnan(metrics.class_average_precisions(*empty)).all()
    assert np.isnan(metrics.mean_average_precision(*empty))


# Places


@pytest.mark.parametrize("seed", range(8))
def test_localisation_equals_loops(seed):
    random = np.random.default_rng(seed)
    truth = random_truth(random)
    # Near real objects, so that both answers occur.
    boxes = np.empty((*truth.labels.shape, 4), np.float32)
    for i, c in np.ndindex(*truth.labels.shape):
        objects = truth.boxes[i]
        near = objects[random.integers(len(objects))] if len(objects) else random.random(4)
        boxes[i, c] = near + random.normal(0, 0.05, 4)
    points = (boxes[..., :2] + boxes[..., 2:]) / 2
    corloc = plain_share(truth, lambda i, c, box: plain_iou(boxes[i, c], box) >= 0.5)
    np.testing.assert_allclose(metrics.corloc(boxes, truth), corloc, atol=1e-7)
    assert 0 < corloc < 1

    def inside(i, c, box):
        x, y = points[i, c]
        return box[0] <= x < box[2] and box[1] <= y < box[3]

    pointing = plain_share(truth, inside)
    np.testing.assert_allclose(metrics.pointing(points, truth), pointing, atol=1e-7)
    assert 0 < pointing < 1


def test_corloc_counts_images_not_objects_and_half_is_enough():
    truth = truth_of([(0, WHOLE), (0, [0.8, 0.8, 0.9, 0.9])], [(0, LEFT)], [(1, WHOLE)], classes=2)
    boxes = metrics.at_every_image(np.array(LEFT, np.float32), truth)
    assert metrics.corloc(boxes, truth) == 1  # of the whole image exactly half
    narrower = metrics.at_every_image(np.array([0, 0, 0.49, 1], np.float32), truth)
    assert metrics.corloc(narrower, truth) == 0.25  # class 0: one image of two; class 1: none of one


def test_a_point_on_the_lower_border_is_inside_and_on_the_upper_outside():
    truth = truth_of([(0, [0.25, 0.25, 0.5, 0.75])])
    for point, inside in [((0.25, 0.25), 1), ((0.5, 0.5), 0), ((0.3, 0.75), 0), ((0.3, 0.7), 1)]:
        answer = metrics.at_every_image(np.array(point, np.float32), truth)
        assert metrics.pointing(answer, truth) == inside


def test_an_object_of_another_class_does_not_help():
    truth = truth_of([(0, LEFT), (1, [0.5, 0, 1, 1])], classes=2)
    boxes = metrics.at_every_image(np.array(LEFT, np.float32), truth)
    assert metrics.corloc(boxes, truth) == 0.5


def test_nan_and_degenerate_answers_are_wrong():
    truth = truth_of([(0, WHOLE)])
    for box in ([np.nan] * 4, [0.5, 0.5, 0.5, 0.5], [1, 1, 0, 0]):
        assert metrics.corloc(metrics.at_every_image(np.array(box, np.float32), truth), truth) == 0
    assert metrics.pointing(metrics.at_every_image(np.full(2, np.nan, np.float32), truth), truth) == 0


def test_labels_without_boxes_and_no_images_cannot_be_judged():
    unboxed = dataclasses.replace(truth_of([], []), labels=np.ones((2, 3), bool))
    for truth in (unboxed, truth_of()):
        assert np.isnan(metrics.corloc(metrics.at_every_image(np.array(LEFT, np.float32), truth), truth))
        assert np.isnan(metrics.pointing(metrics.at_every_image(np.full(2, 0.5, np.float32), truth), truth))
        np.testing.assert_array_equal(metrics.centred_box(truth), WHOLE)


# Baselines


def test_centred_box_is_the_best_of_all_and_the_smallest_of_these():
    truth = random_truth(np.random.default_rng(3), images=40)
    best, size = -1.0, 0.0
    for w in np.arange(1, 11) / 10:
        for h in np.arange(1, 11) / 10:
            box = np.array([0.5 - w / 2, 0.5 - h / 2, 0.5 + w / 2, 0.5 + h / 2], np.float32)
            found = plain_share(truth, lambda i, c, other, box=box: plain_iou(box, other) >= 0.5)
            if (found, -w * h) > (best, -size):
                best, size = found, w * h
    box = metrics.centred_box(truth)
    np.testing.assert_allclose(metrics.corloc(metrics.at_every_image(box, truth), truth), best)
    np.testing.assert_allclose((box[2] - box[0]) * (box[3] - box[1]), size, rtol=1e-5)


def test_centred_box_finds_objects_that_are_all_alike():
    truth = truth_of(*([(c, [0.3, 0.15, 0.7, 0.85])] for c in (0, 1, 1, 2)))
    box = metrics.centred_box(truth)
    assert metrics.corloc(metrics.at_every_image(box, truth), truth) == 1
    assert (box[2] - box[0]) * (box[3] - box[1]) <= 0.4 * 0.7
