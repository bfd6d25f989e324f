"""Batches of crops: all of them, once, in order, never across shards."""

import dataclasses

import numpy as np
import pytest

from partsjax.data.crops import class_crops, warp
from partsjax.data.dataset import Dataset
from partsjax.data.pipeline import batches
from partsjax.data.schema import Image, Object, Part
from partsjax.errors import InputError

SIZE, FILL = 64, (1.0, 2.0, 3.0)


@dataclasses.dataclass
class Source:
    """An image of noise that counts how often it is read; a damaged one when asked."""

    number: int
    damaged: bool = False
    reads: int = 0

    @property
    def label(self):
        return f"noise {self.number}"

    def read(self):
        self.reads += 1
        if self.damaged:
            raise InputError(f"{self.label}: cut off")
        return np.random.default_rng(self.number).integers(0, 256, (50, 70, 3)).astype(np.uint8)

    def digest(self):
        return str(self.number)


def crops(images: int = 7, damaged: int | None = None):
    """Image i has 1 + i % 3 objects."""
    made = []
    for i in range(images):
        boxes = [(4.0 * j, 3.0, 30.0 + 5 * j, 40.0) for j in range(1 + i % 3)]
        objects = tuple(Object("dog", box, (Part("ear", box),)) for box in boxes)
        made.append(Image(str(i), "train", Source(i, i == damaged), objects))
    return class_crops(Dataset(tuple(made), {"dog": ("ear",)}, "noise"), "dog", "train", SIZE)


@pytest.mark.parametrize("batch_size", [1, 4, 50])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_crop_once_in_order_and_each_image_read_once(batch_size, threads):
    all_crops = crops()
    got = list(batches(all_crops, [np.arange(len(all_crops))], batch_size, FILL, threads=threads))
    assert np.concatenate([b.index for b in got]).tolist() == list(range(len(all_crops)))
    for batch in got:
        assert batch.pixels.shape == (batch_size, SIZE, SIZE, 3)
        assert batch.readable.all() and batch.problems == ()
        for row, n in enumerate(batch.index):
            image = all_crops.images[all_crops.image_index[n]].source
            expected = warp(Source(image.number).read(), all_crops.object_boxes[n], SIZE, FILL)
            np.testing.assert_array_equal(batch.pixels[row], expected)
        assert not batch.pixels[len(batch.index) :].any()
    assert [image.source.reads for image in all_crops.images] == [1] * 7


def test_a_batch_never_crosses_shards():
    all_crops = crops()
    shards = [np.arange(0, 5), np.arange(8, 13)]  # the middle is finished already
    got = [b.index.tolist() for b in batches(all_crops, shards, 4, FILL)]
    assert got == [[0, 1, 2, 3], [4], [8, 9, 10, 11], [12]]


def test_an_unreadable_image_stops_the_batches_and_names_itself():
    with pytest.raises(InputError, match=r"noise 4: cut off .*--skip_bad"):
        list(batches(crops(damaged=4), [np.arange(13)], 4, FILL))


def test_or_is_marked_where_asked():
    got = list(batches(crops(damaged=4), [np.arange(13)], 4, FILL, skip_bad=True))
    readable = np.concatenate([b.readable for b in got])
    assert np.flatnonzero(~readable).tolist() == [7, 8]  # the two objects of image 4
    assert [b.problems for b in got] == [(), ("noise 4: cut off",), ("noise 4: cut off",), ()]


def test_nothing_to_do():
    assert list(batches(crops(), [], 4, FILL)) == []
