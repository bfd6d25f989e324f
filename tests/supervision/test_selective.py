"""Selective search: its windows, and where they are kept."""

import builtins
import sys

import numpy as np
import pytest

from partsjax.data import shapeparts
from partsjax.errors import InputError
from partsjax.supervision import selective
from partsjax.supervision.inputs import inputs_for
from partsjax.supervision.pictures import Pictures, View
from partsjax.supervision.proposals import overlaps
from partsjax.supervision.recipe import Recipe
from tests.supervision.pictured import image, unbalanced


@pytest.fixture
def opencv():
    try:
        return selective.opencv()
    except InputError as error:
        pytest.skip(str(error))


def rectangles(height=120, width=160) -> np.ndarray:
    pixels = np.full((height, width, 3), 90, np.uint8)
    pixels[30:90, 20:70] = 250, 20, 20
    pixels[50:110, 90:150] = 20, 20, 250
    return pixels


def test_it_finds_what_stands_out(opencv):
    windows = selective.search(rectangles())
    objects = np.array([[20.0, 30, 70, 90], [90, 50, 150, 110]])
    assert (overlaps(windows, objects).max(axis=0) > 0.8).all()
    assert (windows[:, 2:] - windows[:, :2]).min() >= 20
    assert (windows >= 0).all() and (windows <= [160, 120, 160, 120]).all()
    np.testing.assert_array_equal(windows, selective.search(rectangles()))


def test_a_large_image_is_searched_small_and_its_windows_are_in_its_own_pixels(opencv):
    large = rectangles().repeat(8, axis=0).repeat(8, axis=1)
    windows = selective.search(large)
    objects = np.array([[20.0, 30, 70, 90], [90, 50, 150, 110]]) * 8
    assert (overlaps(windows, objects).max(axis=0) > 0.8).all()
    assert (windows <= np.array([160, 120, 160, 120]) * 8).all()


@pytest.mark.parametrize("shape", [(1, 1), (19, 300), (20, 20), (3, 4000)])
def test_an_image_too_small_to_hold_a_window_has_none_or_itself(opencv, shape):
    windows = selective.search(np.zeros((*shape, 3), np.uint8))
    assert windows.shape[1] == 4 and len(windows) <= 1


def test_windows_are_kept_in_the_folder_and_searched_once(opencv, tmp_path, monkeypatch):
    one = shapeparts.read_shapeparts(per_class=1).images[0]
    found = selective.SelectiveSearch(Pictures(), tmp_path / "kept")(one)
    (file,) = (tmp_path / "kept").iterdir()
    assert file.suffix == ".npz" and len(found) > 3

    def never(pixels):
        raise AssertionError("searched again")

    with monkeypatch.context() as patched:
        patched.setattr(selective, "search", never)
        np.testing.assert_array_equal(selective.SelectiveSearch(Pictures(), tmp_path / "kept")(one), found)
    file.write_bytes(file.read_bytes()[:100])  # cut off: searched again and mended
    np.testing.assert_array_equal(selective.SelectiveSearch(Pictures(), tmp_path / "kept")(one), found)
    with np.load(file) as mended:
        np.testing.assert_array_equal(mended["windows"], found)


def test_another_image_has_another_file(opencv, tmp_path):
    search = selective.SelectiveSearch(Pictures(), tmp_path)
    search(image(1))
    search(image(2))
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_named(opencv, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="file/windows: cannot keep windows there"):
        selective.SelectiveSearch(Pictures(), tmp_path / "file" / "windows")


@pytest.mark.parametrize("objective", ["object", "wsddn"])
def test_without_opencv_the_package_is_named(objective, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "cv2":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "cv2", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    view = View(Pictures(), 32, (0, 0, 0))
    with pytest.raises(InputError, match=r"pip install 'partsjax\[selective\]'") as error:
        inputs_for(objective, unbalanced(), view, Recipe(windows="selective"), seed=0)
    assert "\n" not in str(error.value)
    inputs_for(objective, unbalanced(), view, Recipe(), seed=0)  # the default needs no search
