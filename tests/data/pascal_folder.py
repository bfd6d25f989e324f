"""Small PASCAL-Part folders written by the tests."""

import numpy as np
import scipy.io
from PIL import Image

SHAPE = (60, 80)


def rectangle(x1, y1, x2, y2, shape=SHAPE):
    """A mask as PASCAL-Part stores it: uint8 [H, W], ones inside the half-open box."""
    mask = np.zeros(shape, np.uint8)
    mask[y1:y2, x1:x2] = 1
    return mask


def struct(entries):
    """MATLAB's 1xN struct array."""
    array = np.empty((1, len(entries)), dtype=[(key, object) for key in entries[0]])
    for index, entry in enumerate(entries):
        array[0, index] = tuple(entry.values())
    return array


def thing(object_class, mask, **parts):
    """One object; a part's name with `__` and anything behind it is cut there, so that names may repeat."""
    pieces = [{"part_name": name.partition("__")[0], "mask": piece} for name, piece in parts.items()]
    empty = np.zeros((0, 0))
    return {
        "class": object_class,
        "class_ind": 1.0,
        "mask": mask,
        "parts": struct(pieces) if pieces else empty,
    }


def save_annotation(path, *objects):
    anno = {"imname": path.stem, "objects": struct(list(objects)) if objects else np.zeros((0, 0))}
    scipy.io.savemat(path, {"anno": struct([anno])}, do_compression=True)


def write(root, annotations, val=(), listed_too=(), shape=SHAPE, seed=0):
    """A folder with photographs of noise.

    Args:
      annotations: image id -> its objects.
      val: the ids of the validation split.
      listed_too: ids in the train list without any file.
    """
    voc = root / "VOCdevkit" / "VOC2010"
    for folder in (voc / "JPEGImages", voc / "ImageSets" / "Main", root / "Annotations_Part"):
        folder.mkdir(parents=True)
    noise = np.random.default_rng(seed)
    for image_id, objects in annotations.items():
        pixels = noise.integers(0, 256, (*shape, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(voc / "JPEGImages" / f"{image_id}.jpg")
        save_annotation(root / "Annotations_Part" / f"{image_id}.mat", *objects)
    train = [image_id for image_id in annotations if image_id not in val] + list(listed_too)
    for split, ids in (("train", train), ("val", val)):
        (voc / "ImageSets" / "Main" / f"{split}.txt").write_text("".join(f"{i}\n" for i in ids))
    return root


def dog(**parts):
    return thing("dog", rectangle(5, 5, 70, 50), **parts)


def simple(root, **options):
    """Two dogs, one in each split."""
    images = {
        "2008_000001": [dog(head=rectangle(5, 5, 20, 20), lear=rectangle(5, 5, 9, 9))],
        "2008_000002": [dog(head=rectangle(50, 5, 70, 25))],
    }
    return write(root, images, val=("2008_000002",), **options)
