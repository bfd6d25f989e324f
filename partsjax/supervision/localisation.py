"""From a class map to a place in the image: its strongest point, and a box around what is strong.

The cells of a map are taken to tile the image. (So they do in VGG; in AlexNet the outermost centers
lie half a cell further in than they should.)
"""

import numpy as np
from scipy import ndimage

from partsjax.supervision.regions import bilinear_weights

SHARE_OF_MAXIMUM = 0.2
"""Of the maximum, what belongs to the object (Zhou et al. 2016, section 3.1)."""

_SAMPLES = 9  # a cell and axis; odd, so that the center of a cell is one of them
_WHOLE_IMAGE = np.array([0, 0, 1, 1], np.float32)


def strongest_point(class_map: np.ndarray) -> np.ndarray:
    """Centre of the strongest cell of a map [h, w]: float32 (x, y) as fractions of the image.

    Of equal cells the first, row by row; NaN where the map has a NaN.
    """
    if np.isnan(class_map).any():
        return np.full(2, np.nan, np.float32)
    row, column = np.unravel_index(np.argmax(class_map), class_map.shape)
    height, width = class_map.shape
    return np.array([(column + 0.5) / width, (row + 0.5) / height], np.float32)


def box_of_map(class_map: np.ndarray, share: float = SHARE_OF_MAXIMUM) -> np.ndarray:
    """Tight box of the largest connected piece of what is strong in a map.

    As Zhou et al. (2016) do it: the map less its minimum, enlarged (bilinearly; 9 samples a cell,
    our choice), cut at a share of its maximum; samples that touch at a side or a corner are
    connected, and of equally large pieces the first, row by row, counts.

    Args:
      class_map: float [h, w], scores of one class.
      share: in (0, 1); a sample belongs when it is above `share` times the maximum.

    Returns:
      float32 [4], xyxy as fractions of the image: all of it for a map without differences, which
      says nothing about where; NaN where the map has a NaN.
    """
    if np.isnan(class_map).any():
        return np.full(4, np.nan, np.float32)
    strong = _enlarged(class_map.astype(np.float64) - class_map.min())
    pieces, count = ndimage.label(strong > share * strong.max(), structure=np.ones((3, 3)))
    if not count:
        return _WHOLE_IMAGE.copy()
    largest = 1 + np.argmax(np.bincount(pieces.ravel())[1:])
    rows, columns = ndimage.find_objects(pieces)[largest - 1]
    height, width = pieces.shape
    return np.array(
        [columns.start / width, rows.start / height, columns.stop / width, rows.stop / height], np.float32
    )


def localise(class_maps: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Box and strongest point of every wanted class map.

    Args:
      class_maps: float [I, h, w, C].
      wanted: bool [I, C]; a map is only searched where somebody asks.

    Returns:
      boxes float32 [I, C, 4] and points [I, C, 2], as fractions of the image; NaN where not wanted.
    """
    boxes = np.full((*wanted.shape, 4), np.nan, np.float32)
    points = np.full((*wanted.shape, 2), np.nan, np.float32)
    for image, object_class in np.argwhere(wanted):
        class_map = class_maps[image, :, :, object_class]
        boxes[image, object_class] = box_of_map(class_map)
        points[image, object_class] = strongest_point(class_map)
    return boxes, points


def _enlarged(values: np.ndarray) -> np.ndarray:
    rows, columns = (
        bilinear_weights((np.arange(cells * _SAMPLES) + 0.5) / _SAMPLES, cells) for cells in values.shape
    )
    return rows @ values @ columns.T
