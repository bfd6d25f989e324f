"""Discriminativeness in plain NumPy, one filter, one crop, one box at a time."""

import math

import numpy as np


def relu(x):
    return np.maximum(x, 0)


def convolve(x, kernel, bias, stride, pad, groups):
    """[H, W, C] * [k, k, C / groups, F] -> [h, w, F], before the ReLU."""
    x = np.pad(x, ((pad, pad), (pad, pad), (0, 0)))
    k, _, per_group, features = kernel.shape
    rows, columns = ((n - k) // stride + 1 for n in x.shape[:2])
    out = np.zeros((rows, columns, features))
    for i in range(rows):
        for j in range(columns):
            window = x[i * stride : i * stride + k, j * stride : j * stride + k]
            for f in range(features):
                first = f // (features // groups) * per_group
                out[i, j, f] = (window[..., first : first + per_group] * kernel[..., f]).sum() + bias[f]
    return out


def max_pool(x, kernel, stride, ceil):
    rounding = math.ceil if ceil else math.floor
    rows, columns = (rounding((n - kernel) / stride) + 1 for n in x.shape[:2])
    return np.array([
        [x[i * stride : i * stride + kernel, j * stride : j * stride + kernel].max((0, 1))
         for j in range(columns)]
        for i in range(rows)
    ])  # fmt: skip


def normalise(x, size, alpha, beta, k):
    """Across the channels of [H, W, C]."""
    out = np.empty_like(x)
    for c in range(x.shape[-1]):
        first = max(0, c - (size - 1) // 2)
        total = (x[..., first : c + size // 2 + 1] ** 2).sum(axis=-1)
        out[..., c] = x[..., c] / (k + alpha / size * total) ** beta
    return out


def scores(architecture, weights, x, zeroed=None, start=0):
    """Class scores [C] of one image [S, S, 3], or of the map that layer number `start` is given.

    zeroed: (layer, filter), whose map is set to zero after the ReLU.
    """
    for step in architecture.layers[start:]:
        match type(step).__name__:
            case "Conv":
                kernel, bias = weights[f"{step.name}/kernel"], weights[f"{step.name}/bias"]
                x = relu(convolve(x, kernel, bias, step.stride, step.pad, step.groups))
                if zeroed and zeroed[0] == step.name:
                    x[..., zeroed[1]] = 0
            case "MaxPool":
                x = max_pool(x, step.kernel, step.stride, step.ceil)
            case "LRN":
                x = normalise(x, step.size, step.alpha, step.beta, step.k)
    side = architecture.window or len(x)
    maps = []
    for i in range(len(x) - side + 1):
        for j in range(x.shape[1] - side + 1):
            y = x[i : i + side, j : j + side].reshape(-1)
            for dense in architecture.head:
                y = y @ weights[f"{dense.name}/kernel"] + weights[f"{dense.name}/bias"]
                y = relu(y) if dense.relu else y
            maps.append(y)
    return np.mean(maps, axis=0) if architecture.pooling == "mean" else np.max(maps, axis=0)


def resampled_mean(values, images, drawn, per=None):
    """The mean over crops when the images `drawn` are taken, one after the other; NaN without a crop."""
    total, count = 0.0, 0.0
    for image in drawn:
        for n, of in enumerate(images):
            if of == image:
                total = total + values[n]
                count += 1 if per is None else per[n]
    return total / count if count else np.nan


def mask_pixels(part, object_box, size):
    """The crop's pixels on a part, pixel by pixel: bool [S, S]."""
    x1, y1, x2, y2 = object_box
    scale = size / (size - 32)
    centre_x, centre_y = (x1 + x2) / 2, (y1 + y2) / 2
    out = np.zeros((size, size), bool)
    for i in range(size):
        for j in range(size):
            x = centre_x + ((j + 0.5) / size - 0.5) * (x2 - x1) * scale
            y = centre_y + ((i + 0.5) / size - 0.5) * (y2 - y1) * scale
            inside = part.box[0] <= x < part.box[2] and part.box[1] <= y < part.box[3]
            out[i, j] = inside and (
                part.mask is None
                or part.pixels()[math.floor(y - part.box[1]), math.floor(x - part.box[0])]
            )  # fmt: skip
    return out


def free_places(instances, height, width, size):
    """Upper left pixels of boxes inside the object that no instance covers over a tenth of, one by one."""
    first, end = 16, size - 16
    return [
        (top, left)
        for top in range(first, end - height + 1)
        for left in range(first, end - width + 1)
        if all(
            10 * instance[top : top + height, left : left + width].sum() <= height * width
            for instance in instances
        )
    ]


def ranks(values):
    """From 1, ties taking their mean rank."""
    return np.array([sum(w < v for w in values) + (sum(w == v for w in values) + 1) / 2 for v in values])


def partial_rank_correlation(one, other, given):
    """Correlation of what linear regression on the ranks of `given` leaves of the others' ranks."""
    x = np.stack([np.ones(len(given)), ranks(given)], axis=1)
    left = [y - x @ np.linalg.lstsq(x, y, rcond=None)[0] for y in (ranks(one), ranks(other))]
    return np.corrcoef(*left)[0, 1]
