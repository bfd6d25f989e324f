"""Pictures in memory, and their warps."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from partsjax.data.crops import warp
from partsjax.supervision.pictures import Pictures, mirror_windows, whole_picture, window
from tests.supervision.pictured import Painted, image

BYTES = 60 * 40 * 3


class Counted(Painted):
    """Counts how often it is decoded."""

    def read(self):
        reads.append(self.number)
        return super().read()


reads: list[int] = []


def counted(number: int):
    return image(number, source=Counted(number))


@pytest.mark.parametrize("budget, decoded", [(3 * BYTES, 3), (2 * BYTES, 4), (BYTES - 1, 6)])
def test_what_fits_the_budget_is_decoded_once(budget, decoded):
    reads.clear()
    pictures, images = Pictures(budget), [counted(i) for i in range(3)]
    for one in images * 2:
        np.testing.assert_array_equal(pictures.read(one), Painted(one.source.number).read())
    assert len(reads) == decoded
    assert pictures.kept_bytes <= budget


def test_two_threads_that_decode_one_image_at_once_keep_it_once():
    both_decode = threading.Barrier(2, timeout=20)

    class Waiting(Painted):
        def read(self):
            both_decode.wait()
            return super().read()

    pictures, one = Pictures(), image(0, source=Waiting(0))
    with ThreadPoolExecutor(2) as pool:
        for pixels in pool.map(pictures.read, [one, one]):
            np.testing.assert_array_equal(pixels, Painted(0).read())
    assert pictures.kept_bytes == BYTES


def test_sizes_come_from_the_header_where_there_is_one():
    class Headed(Painted):
        def size(self):
            return 7, 5

        def read(self):
            raise AssertionError("decoded")

    assert Pictures().size(image(0, source=Headed(0))) == (7, 5)
    assert Pictures().size(image(1)) == (60, 40)


def plain_bilinear(pixels, size):
    """Each axis in turn: a triangle as wide as the step where the image shrinks, a pixel wide else."""

    def along(length):
        step = length / size
        support = max(step, 1)
        centers = (np.arange(size) + 0.5) * step
        weights = 1 - np.abs(np.arange(length) + 0.5 - centers[:, None]) / support
        weights = np.maximum(weights, 0)
        return weights / weights.sum(axis=1, keepdims=True)

    rows, columns = along(pixels.shape[0]), along(pixels.shape[1])
    return np.einsum("yh,hwc,xw->yxc", rows, pixels.astype(np.float64), columns)


@pytest.mark.parametrize("shape", [(40, 60), (31, 17), (200, 150), (1, 1), (64, 64)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_whole_image_is_resized_smoothly(shape, mirrored):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    found = whole_picture(pixels, 64, mirrored)
    assert found.shape == (64, 64, 3) and found.dtype == np.float32
    expected = plain_bilinear(pixels, 64)
    np.testing.assert_allclose(found[:, ::-1] if mirrored else found, expected, atol=1.01)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_window_is_the_crop_of_the_data(mirrored):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    found = window(pixels, (5, 6, 50, 40), 64, (1, 2, 3), mirrored)
    expected = warp(pixels, (5, 6, 50, 40), 64, (1, 2, 3))
    np.testing.assert_array_equal(found, expected[:, ::-1] if mirrored else expected)


@given(some.lists(some.floats(0, 1, width=32), min_size=4, max_size=4))
def test_mirroring_windows_twice_changes_nothing(corners):
    x1, x2 = sorted(corners[:2])
    y1, y2 = sorted(corners[2:])
    windows = np.array([[x1, y1, x2, y2]])
    once = mirror_windows(windows)
    assert once[0, 0] <= once[0, 2] and (once >= 0).all() and (once <= 1).all()
    np.testing.assert_allclose(mirror_windows(once), windows, atol=1e-7)


def test_mirrored_windows_lie_where_their_pixels_went():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[8:24, 4:20] = 255
    x1, y1, x2, y2 = (mirror_windows(np.array([4, 8, 20, 24]) / 64) * 64).astype(int)
    mirrored = whole_picture(pixels, 64, mirrored=True)
    assert (mirrored[y1:y2, x1:x2] == 255).all() and mirrored.sum() == 255 * 3 * 16 * 16
