"""From activations and ground truth to the AP of every filter as a detector of every part."""

import dataclasses

import numpy as np

from tests.plain import regression
from tests.plain import stimuli as peaks
from tests.plain.average_precision import average_precision
from tests.plain.detections import overlapped, suppress


@dataclasses.dataclass(frozen=True)
class Scores:
    """float64 [F, P] each: APs in [0, 1], NaN for a part without ground truth; and pair counts."""

    ap_train: np.ndarray
    ap_val: np.ndarray
    ap_train_unregressed: np.ndarray
    ap_val_unregressed: np.ndarray
    num_pairs: np.ndarray


def part_ap(boxes, scores, truth, difficult=None):
    """AP of one part for each filter, over all crops of a split.

    Args:
      boxes: [N, F, K, 4] detections before suppression.
      scores: [N, F, K], 0 where there is no detection.
      truth: N arrays [G, 4], the part's boxes in each crop.
      difficult: N bool arrays [G], or None for no difficult box.

    Returns:
      float64 [F].
    """
    kept = suppress(boxes, scores)
    first_box = np.cumsum([0] + [len(t) for t in truth])  # numbers the boxes through all crops
    found = np.full(scores.shape, -1)
    for n, crop_truth in enumerate(truth):
        local = overlapped(boxes[n], crop_truth)
        found[n] = np.where(local >= 0, local + first_box[n], -1)
    hard = np.zeros(first_box[-1], bool) if difficult is None else np.concatenate(difficult).astype(bool)
    filters = range(scores.shape[1])
    return np.array(
        [average_precision(scores[:, f][kept[:, f]], found[:, f][kept[:, f]], hard) for f in filters]
    )


def fit_filters(train, largest, paired, size):
    """The regressor of each filter for one part (None where pairs are too few), and pair counts.

    `paired` is [N, F, K, 4]: each train stimulus's ground-truth box, NaN where it has none.
    """
    regressors, counts = [], []
    for f in range(train.scores.shape[1]):
        used = (train.scores[:, f] > 0) & ~np.isnan(paired[:, f, :, 0])
        where, near = train.centers[:, f][used], train.neighbours[:, f][used]
        phi = regression.features(where, near, largest[f], size)
        goal = regression.targets(where, paired[:, f][used], size)
        regressors.append(regression.fit(phi, goal, train.scores[:, f][used]))
        counts.append(used.sum())
    return regressors, np.array(counts)


def regressed(split, largest, regressors, size):
    """A part's detections by each filter with its regressor, before suppression.

    Returns:
      boxes [N, F, K, 4] and scores [N, F, K], 0 for a filter without a regressor.
    """
    scores = split.scores.copy()
    boxes = np.zeros((*scores.shape, 4))
    for f, coefficients in enumerate(regressors):
        if coefficients is None:
            scores[:, f] = 0  # no detections
            continue
        phi = regression.features(split.centers[:, f], split.neighbours[:, f], largest[f], size)
        boxes[:, f] = regression.predict(phi, coefficients, split.centers[:, f], size)
    return boxes, scores


def regressed_ap(split, largest, regressors, truth, size, difficult=None):
    """AP of one part for each filter with its regressor; 0 for a filter that has none: [F]."""
    return part_ap(*regressed(split, largest, regressors, size), truth, difficult)


def detect(train_activation, activation, field, train_part, size, k=8):
    """`regressed` detections of one part on some crops; regressors are fitted on train.

    Args:
      train_activation, activation: [N, H, W, F] after the ReLU.
      field: as for `score_layer`.
      train_part: N arrays [G, 4], the part's boxes in the train crops.
    """
    _, stride, center = field
    train, split = (peaks.find(a, stride, center, k) for a in (train_activation, activation))
    largest = train.scores.max((0, 2))
    paired = np.stack([regression.pair(c, t) for c, t in zip(train.centers, train_part, strict=True)])
    regressors, _ = fit_filters(train, largest, paired, size)
    return regressed(split, largest, regressors, size)


def union(boxes, scores):
    """All that is left after suppression within each filter, crop by crop: N arrays [D, 4], N arrays [D]."""
    kept = suppress(boxes, scores)
    return [b[k] for b, k in zip(boxes, kept, strict=True)], [s[k] for s, k in zip(scores, kept, strict=True)]


def score_layer(train_activation, val_activation, field, train_truth, val_truth, size, k=8):
    """All filters of one layer against all parts of one class; regressors are fitted on train.

    Args:
      train_activation, val_activation: [N, H, W, F] after the ReLU, all crops of the class.
      field: (receptive-field size, stride, pixel index of cell 0's centre).
      train_truth, val_truth: `truth[n][p]`, float64 [G, 4] in crop coordinates.
      size: S.
      k: stimuli kept per filter and crop.

    Returns:
      Scores.
    """
    field_size, stride, center = field
    train = peaks.find(train_activation, stride, center, k)
    val = peaks.find(val_activation, stride, center, k)
    largest = train.scores.max((0, 2))
    plain_train = regression.receptive_boxes(train.centers, field_size, size)
    plain_val = regression.receptive_boxes(val.centers, field_size, size)

    columns = []
    for part in range(len(train_truth[0])):
        train_part = [crop_truth[part] for crop_truth in train_truth]
        val_part = [crop_truth[part] for crop_truth in val_truth]
        paired = np.stack([regression.pair(c, t) for c, t in zip(train.centers, train_part, strict=True)])
        regressors, num_pairs = fit_filters(train, largest, paired, size)
        column = (
            regressed_ap(train, largest, regressors, train_part, size),
            regressed_ap(val, largest, regressors, val_part, size),
            part_ap(plain_train, train.scores, train_part),
            part_ap(plain_val, val.scores, val_part),
            num_pairs,
        )
        columns.append(column)
    return Scores(*(np.stack(values, axis=1) for values in zip(*columns, strict=True)))


def score_class(train_activations, val_activations, fields, train_truth, val_truth, size, k=8):
    """`score_layer` for every layer: {layer: Scores}; arguments as there, by layer name."""
    return {
        layer: score_layer(
            train_activations[layer], val_activations[layer], fields[layer], train_truth, val_truth, size, k
        )
        for layer in train_activations
    }


def median_box_ap(train_truth, truth, part):
    """AP of the median train box of the part, once per crop, all of one score.

    No train box, no detection: 0, or NaN where the split has none of the part either.
    """
    train_boxes = np.concatenate([crop_truth[part] for crop_truth in train_truth])
    box = np.median(train_boxes, axis=0) if len(train_boxes) else np.zeros(4)
    boxes = np.tile(box, (len(truth), 1, 1, 1))
    scores = np.full(boxes.shape[:-1], float(len(train_boxes) > 0))
    return part_ap(boxes, scores, [crop_truth[part] for crop_truth in truth])[0]
