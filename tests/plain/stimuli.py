"""Stimuli: the strongest local maxima of a filter's activation map."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class Stimuli:
    """The stimuli of some filters on some crops, strongest first.

    Attributes:
      scores: float64 [N, F, K], the activation; 0 where a filter has fewer than K stimuli.
      centers: float64 [N, F, K, 2], receptive-field centre (x, y) in crop coordinates.
      neighbours: float64 [N, F, K, 9], the 3x3 activations around, row by row.
    """

    scores: np.ndarray
    centers: np.ndarray
    neighbours: np.ndarray


def shifted(activation, outside):
    """The nine neighbours (itself included) of every cell, row by row: [..., H, W, 9]."""
    height, width = activation.shape[-2:]
    around = [(0, 0)] * (activation.ndim - 2) + [(1, 1), (1, 1)]
    padded = np.pad(activation, around, constant_values=outside)
    rows_columns = [(row, column) for row in range(3) for column in range(3)]
    return np.stack([padded[..., r : r + height, c : c + width] for r, c in rows_columns], axis=-1)


def stimuli(activation, k):
    """The k largest local maxima of an activation map.

    A stimulus is a cell with activation > 0 that equals the maximum of its 3x3 neighbourhood,
    where what lies outside the map counts as minus infinity. Equal activations: lower cell first.

    Args:
      activation: [..., H, W], after the ReLU.
      k: how many to keep.

    Returns:
      scores float64 [..., k], 0 in slots without a stimulus, and cells int [..., k], row * W +
      column, -1 in those slots.
    """
    activation = np.asarray(activation, float)
    is_peak = (activation > 0) & (activation == shifted(activation, -np.inf).max(-1))
    flat = np.where(is_peak, activation, 0).reshape(*activation.shape[:-2], -1)
    flat = np.concatenate([flat, np.zeros((*flat.shape[:-1], k))], axis=-1)  # a map may hold fewer cells
    cells = np.argsort(-flat, axis=-1, kind="stable")[..., :k]
    scores = np.take_along_axis(flat, cells, axis=-1)
    return scores, np.where(scores > 0, cells, -1)


def neighbourhood(activation, cells):
    """The 3x3 activations around the cells, 0 outside the map: float64 [..., k, 9], row by row."""
    activation = np.asarray(activation, float)
    nine = shifted(activation, 0.0).reshape(*activation.shape[:-2], -1, 9)
    values = np.take_along_axis(nine, np.maximum(cells, 0)[..., None], axis=-2)
    return np.where(cells[..., None] >= 0, values, 0.0)


def centers(cells, width, stride, center):
    """Receptive-field centres (x, y) of cells: c0 + 0.5 + stride * i on each axis, [..., 2]."""
    column, row = cells % width, cells // width
    return np.stack([column, row], axis=-1) * stride + center + 0.5


def find(activation, stride, center, k):
    """All stimuli of a layer on all crops; activation [N, H, W, F], as the network returns it."""
    maps = np.moveaxis(np.asarray(activation), -1, 1)
    per_crop = []
    for crop_maps in maps:  # [F, H, W]
        scores, cells = stimuli(crop_maps, k)
        where = centers(cells, crop_maps.shape[-1], stride, center)
        per_crop.append((scores, where, neighbourhood(crop_maps, cells)))
    return Stimuli(*(np.stack(values) for values in zip(*per_crop, strict=True)))
