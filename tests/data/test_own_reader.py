"""A reader of one's own, by its place on the command line and by a name: nothing of ours is touched."""

import pytest

from partsjax.data.dataset import Dataset
from partsjax.data.loading import load_dataset
from partsjax.data.registry import register_dataset
from partsjax.data.schema import Image, Object, Part
from partsjax.data.shapeparts import RenderedImage
from partsjax.data.shapeparts.scene import Key
from partsjax.errors import InputError


def read(data_dir, seed, *, side: int = 40):
    """Two images with a cat, the second with a dog besides; its options and folder leave traces."""
    head = Part("head", (0, 0, side, side))
    cat, dog = (Object(name, (0, 0, 200, 200), (head,)) for name in ("cat", "dog"))
    images = [
        Image(
            f"{data_dir}{seed}{split}", split, RenderedImage(Key(seed, split, "robot", 0, "natural")), those
        )
        for split, those in (("train", (cat,)), ("val", (cat, dog)))
    ]
    return Dataset(tuple(images), {"cat": ("head",), "dog": ("head",)}, "mine")


def fails(data_dir=None):
    return {}["instances"]


def nothing():
    return None


def test_by_its_place_and_by_a_name():
    register_dataset("mine", read)
    for name in ("mine", f"{__name__}:read"):
        data = load_dataset(name, "there", seed=2, classes=["dog"], side=30)
        assert [image.image_id for image in data.images] == ["there2val"] and set(data.parts) == {"dog"}
        assert data.images[0].objects[0].parts[0].box == (0, 0, 30, 30)
        with pytest.raises(InputError, match=r"--width=3: .* does not use it; .*its options: side"):
            load_dataset(name, "there", width=3)
        with pytest.raises(InputError, match=f"^{name}: no data_dir is given"):
            load_dataset(name)
        with pytest.raises(InputError, match="no class 'dogs'; did you mean 'dog'"):
            load_dataset(name, "there", classes=["dogs"])


def test_what_it_does_wrong_is_one_line():
    with pytest.raises(
        InputError, match=r"^--dataset=.*:fails: .*KeyError: 'instances' \(test_own_reader.py, li"
    ):
        load_dataset(f"{__name__}:fails")
    with pytest.raises(InputError, match="returned NoneType, not a Dataset"):
        load_dataset(f"{__name__}:nothing")
    with pytest.raises(InputError, match="no function 'reed' there; did you mean 'read'"):
        load_dataset(f"{__name__}:reed")


def test_progress_is_a_bar_a_function_or_nothing(capsys):
    def slow(progress):
        if progress is not None:
            progress(1, 2, "counting", "sheep")
        return Dataset(())

    register_dataset("slow", slow)
    load_dataset("slow")
    assert "counting" in capsys.readouterr().err
    seen = []
    load_dataset("slow", progress=lambda *step: seen.append(step))
    load_dataset("slow", progress=False)
    assert seen == [(1, 2, "counting", "sheep")] and capsys.readouterr().err == ""
