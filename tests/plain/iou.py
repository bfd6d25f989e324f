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
    for x1, y1, x2, y2 in boxes:
        for row in range(size):
            for column in range(size):
                shown[row, column] |= x1 <= column + 0.5 < x2 and y1 <= row + 0.5 < y2
    return shown


def iou(maps, level, masks, stride, center):
    """IoU of a filter, maps [N, H, W], active from `level` on, with a part, masks bool [N, S, S]."""
    intersection = union = 0
    for activation, shown in zip(maps, masks, strict=True):
        active = upsampled(activation, stride, center, shown.shape[0])
        on = (active >= level) & (active > 0)
        intersection += (on & shown).sum()
        union += (on | shown).sum()
    return intersection / union if np.any(masks) else np.nan


def layer_iou(train_maps, maps, masks, field):
    """IoU of all filters with all parts: maps [N, H, W, F], masks bool [N, P, S, S] -> [F, P]."""
    _, stride, center = field
    return np.array(
        [
            [
                iou(maps[..., f], threshold(train_maps[..., f]), masks[:, p], stride, center)
                for p in range(masks.shape[1])
            ]
            for f in range(maps.shape[3])
        ]
    )
