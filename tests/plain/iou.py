"""Network Dissection's score of a filter as a detector of a part, on some crops.

Bau et al., "Network Dissection", section 2.2 and 2.3: the activation that 0.5% of all of the filter's cells
exceed; the map interpolated bilinearly to the crop with its cells at the centers of their receptive fields;
intersection over union of the pixels where it reaches that activation with the part's, summed over crops.
"""

import numpy as np

DETECTOR = 0.04


def threshold(maps):
    """The 0.995 quantile of all cells of a filter: maps [N, H, W]."""
    return np.quantile(np.asarray(maps, float), 0.995)


def upsampled(activation, stride, center, size):
    """A map [H, W] at the centers of pixels, [size, size].

    A pixel between the centers of four cells takes of each by its nearness; beyond the outermost centers the
    outermost cell counts.
    """
    rows, columns = (np.arange(count) * stride + center + 0.5 for count in activation.shape)
    pixels = np.arange(size) + 0.5
    down = np.array([np.interp(pixels, rows, column) for column in np.asarray(activation, float).T])
    return np.array([np.interp(pixels, columns, row) for row in down.T])


def filled(boxes, size):
    """The pixels whose centers lie in any of the boxes [G, 4]: bool [size, size]."""
    shown = np.zeros((size, size), bool)
    pixels = np.arange(size) + 0.5
    for x1, y1, x2, y2 in boxes:
        down, across = (y1 <= pixels) & (pixels < y2), (x1 <= pixels) & (pixels < x2)
        shown |= down[:, None] & across[None, :]
    return shown


def iou(maps, level, masks, stride, center):
    """IoU of a filter, maps [N, H, W], active from `level` on, with parts, masks bool [N, P, S, S]: [P]."""
    intersection, union = np.zeros(masks.shape[1]), np.zeros(masks.shape[1])
    for activation, shown in zip(maps, masks, strict=True):
        active = upsampled(activation, stride, center, shown.shape[-1])
        on = (active >= level) & (active > 0)
        intersection += (on & shown).sum(axis=(1, 2))
        union += (on | shown).sum(axis=(1, 2))
    there = masks.any(axis=(0, 2, 3))
    return np.where(there, intersection / np.maximum(union, 1), np.nan)


def layer_iou(train_maps, maps, masks, field):
    """IoU of all filters with all parts: maps [N, H, W, F], masks bool [N, P, S, S] -> [F, P]."""
    _, stride, center = field
    return np.array(
        [
            iou(maps[..., f], threshold(train_maps[..., f]), masks, stride, center)
            for f in range(maps.shape[3])
        ]
    )
