"""Crops of which all but a part is blacked out, or the part is, pixel by pixel."""

import numpy as np


def blacked_out(pixels, boxes, mean):
    """One crop [S, S, 3] with all but the part in the mean color, and with the part in it.

    A pixel is the part's where its center lies in one of the boxes [G, 4], each first made wider and higher
    by a tenth about its center.
    """
    alone, hidden = pixels.copy(), pixels.copy()
    for row in range(len(pixels)):
        for column in range(len(pixels)):
            inside = False
            for x1, y1, x2, y2 in boxes:
                more_x, more_y = 0.05 * (x2 - x1), 0.05 * (y2 - y1)
                across = x1 - more_x <= column + 0.5 < x2 + more_x
                down = y1 - more_y <= row + 0.5 < y2 + more_y
                inside = inside or (across and down)
            (hidden if inside else alone)[row, column] = mean
    return np.array(alone), np.array(hidden)
