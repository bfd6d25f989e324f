"""Object crops: the warp of an object and its surroundings to the network's square input."""

import numpy as np

CONTEXT = 16  # pixels of surroundings on each side, counted in the crop


def source_window(object_box, size):
    """The part of the image that fills the crop: float64 (x1, y1, x2, y2), image coordinates.

    The object box scaled about its centre by S / (S - 2 * 16) on each axis.
    """
    x1, y1, x2, y2 = (float(v) for v in object_box)
    factor = size / (size - 2 * CONTEXT)
    half_width, half_height = (x2 - x1) * factor / 2, (y2 - y1) * factor / 2
    cx, cy = (x1 + x2) / 2, (y1 + y2) / 2
    return np.array([cx - half_width, cy - half_height, cx + half_width, cy + half_height])


def box_to_crop(box, object_box, size):
    """A box of image coordinates in crop coordinates: float64 [..., 4]. Not clipped."""
    left, top, right, bottom = source_window(object_box, size)
    origin = np.array([left, top, left, top])
    extent = np.array([right - left, bottom - top] * 2)
    return (np.asarray(box, float) - origin) * size / extent


def taps(start, stop, size, length):
    """Where the `size` samples between `start` and `stop` fall on an axis of `length` pixels.

    Returns (lower pixel, upper pixel, weight of the upper pixel, whether the sample's centre lies
    in the image), each [size]. Pixel i has its centre at i + 0.5; a sample before the first or
    after the last pixel centre, but still in the image, takes that pixel twice.
    """
    centre = start + (np.arange(size) + 0.5) * (stop - start) / size
    lower = np.floor(centre - 0.5).astype(int)
    weight = centre - 0.5 - lower
    inside = (centre >= 0) & (centre < length)
    return np.clip(lower, 0, length - 1), np.clip(lower + 1, 0, length - 1), weight, inside


def crop(image, object_box, size, mean_colour):
    """Warps one object to the network's input, bilinearly and without antialiasing.

    Args:
      image: uint8 [H, W, 3], RGB.
      object_box: xyxy in image coordinates.
      size: S, side of the crop in pixels.
      mean_colour: [3], in 0..255: what a sample outside the image takes.

    Returns:
      float32 [S, S, 3] in 0..255.
    """
    left, top, right, bottom = source_window(object_box, size)
    x0, x1, weight_x, inside_x = taps(left, right, size, image.shape[1])
    y0, y1, weight_y, inside_y = taps(top, bottom, size, image.shape[0])
    image = image.astype(float)
    weight_x, weight_y = weight_x[None, :, None], weight_y[:, None, None]
    upper = image[y0][:, x0] * (1 - weight_x) + image[y0][:, x1] * weight_x
    lower = image[y1][:, x0] * (1 - weight_x) + image[y1][:, x1] * weight_x
    pixels = upper * (1 - weight_y) + lower * weight_y
    inside = inside_y[:, None, None] & inside_x[None, :, None]
    return np.where(inside, pixels, np.asarray(mean_colour, float)).astype(np.float32)
