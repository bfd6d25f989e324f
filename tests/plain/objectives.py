"""Losses of the objectives, written down once more."""

import numpy as np

from tests.plain.regions import pool_region


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def sigmoid_loss(scores: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean over classes of the binary cross-entropy: [B, C] twice -> [B]."""
    p = 1 / (1 + np.exp(-scores.astype(np.float64)))
    return -np.where(labels, np.log(p), np.log(1 - p)).mean(axis=1)


def products(maps, head, side: int, parameters, windows, valid) -> np.ndarray:
    """x_rc of the two streams, a window at a time.

    maps: [B, H, W, F], of the last convolution; head: names of the fully connected layers; windows
    [B, R, 4]; valid [B, R]. Returns [B, R, C].
    """
    found = np.zeros((*valid.shape, len(parameters["detection/bias"])))
    for i, real in enumerate(map(np.flatnonzero, valid)):
        classes, detection = [], []
        for r in real:
            x = pool_region(maps[i], windows[i, r], side).reshape(-1)
            for layer in head[:-1]:
                x = np.maximum(x @ parameters[f"{layer}/kernel"] + parameters[f"{layer}/bias"], 0)
            classes.append(x @ parameters[f"{head[-1]}/kernel"] + parameters[f"{head[-1]}/bias"])
            detection.append(x @ parameters["detection/kernel"] + parameters["detection/bias"])
        if len(real):
            found[i, real] = softmax(np.array(classes), axis=1) * softmax(np.array(detection), axis=0)
    return found
