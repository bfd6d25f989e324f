"""The linear regressor of a (filter, part): from a stimulus to the box of the part."""

import numpy as np

MIN_PAIRS = 12
RIDGE = 1e-6


def pair(centers, boxes):
    """The ground-truth box each stimulus is paired with.

    The box that contains the stimulus's centre; if several do, the one whose centre is nearest.

    Args:
      centers: [..., 2], (x, y).
      boxes: [G, 4], the part's boxes in the same crop.

    Returns:
      float64 [..., 4]; NaN where no box contains the centre.
    """
    if len(boxes) == 0:
        return np.full((*centers.shape[:-1], 4), np.nan)
    x, y = centers[..., 0, None], centers[..., 1, None]
    inside = (x >= boxes[:, 0]) & (x < boxes[:, 2]) & (y >= boxes[:, 1]) & (y < boxes[:, 3])
    box_x, box_y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    distance = np.where(inside, (x - box_x) ** 2 + (y - box_y) ** 2, np.inf)
    chosen = boxes[distance.argmin(-1)]
    return np.where(inside.any(-1)[..., None], chosen, np.nan)


def features(centers, neighbours, largest, size):
    """The 12 features of each stimulus: cx/S, cy/S, the nine activations over `largest`, 1."""
    one = np.ones((*centers.shape[:-1], 1))
    return np.concatenate([centers / size, neighbours / largest, one], axis=-1)


def targets(centers, boxes, size):
    """What is predicted for each stimulus: (Gx - cx, Gy - cy, Gw, Gh) / S."""
    middle = (boxes[..., :2] + boxes[..., 2:]) / 2
    extent = boxes[..., 2:] - boxes[..., :2]
    return np.concatenate([middle - centers, extent], axis=-1) / size


def fit(phi, goal, weight):
    """Weighted least squares with a ridge of 1e-6 of the mean diagonal entry.

    Solves (sum_i w_i phi_i phi_i' + 1e-6 trace / 12 I) B = sum_i w_i phi_i goal_i'.

    Args:
      phi: [M, 12].
      goal: [M, 4].
      weight: [M], the activations.

    Returns:
      B float64 [12, 4], or None for fewer than 12 pairs.
    """
    if len(phi) < MIN_PAIRS:
        return None
    gram = phi.T @ (weight[:, None] * phi)
    moment = phi.T @ (weight[:, None] * goal)
    return np.linalg.solve(gram + RIDGE * np.trace(gram) / 12 * np.eye(12), moment)


def predict(phi, coefficients, centers, size):
    """The boxes a regressor gives: at least 1 px wide and high, clipped to the crop, [..., 4]."""
    offset_extent = phi @ coefficients * size
    middle = centers + offset_extent[..., :2]
    half = np.maximum(offset_extent[..., 2:], 1.0) / 2
    return np.clip(np.concatenate([middle - half, middle + half], axis=-1), 0, size)


def receptive_boxes(centers, field_size, size):
    """Unregressed boxes: the square of the receptive field at the centre, clipped, [..., 4]."""
    return np.clip(np.concatenate([centers - field_size / 2, centers + field_size / 2], axis=-1), 0, size)
