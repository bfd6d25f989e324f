"""Training batches: pure, balanced, lawful, and blind to boxes where labels are all there is."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from partsjax.data import coco_parts, shapeparts
from partsjax.errors import InputError
from partsjax.supervision import proposals, sampling, selective
from partsjax.supervision.examples import gather
from partsjax.supervision.inputs import WINDOWS, inputs_for
from partsjax.supervision.pictures import Pictures, View, window
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.sampling import ObjectWindows, WholeImages, WindowsOfImage
from tests.supervision.pictured import Broken, dataset, image, unbalanced

FILL = (100.0, 110.0, 120.0)


def inputs(objective, examples=None, **changes):
    seed = changes.pop("seed", 0)
    recipe = Recipe(**{"batch_size": 8, "num_windows": 12, "val_limit": None} | changes)
    return inputs_for(objective, examples or unbalanced(), view(), recipe, seed=seed)


def view(size=48, pictures=None):
    return View(pictures or Pictures(), size, FILL)


def equal(one, other):
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])


@pytest.mark.parametrize("objective", WINDOWS)
def test_a_batch_is_a_pure_function_of_seed_and_step(objective):
    sampler = inputs(objective).train
    in_order = [sampler(step) for step in range(6)]
    with ThreadPoolExecutor(4) as pool:  # another sampler, other threads, another order
        backwards = list(pool.map(inputs(objective).train, reversed(range(6))))
    for one, other in zip(in_order, reversed(backwards), strict=True):
        equal(one, other)
    assert not np.array_equal(in_order[0]["pixels"], in_order[1]["pixels"])
    assert not np.array_equal(in_order[0]["pixels"], inputs(objective, seed=1).train(0)["pixels"])


@pytest.mark.parametrize("objective", WINDOWS)
def test_a_smaller_batch_is_the_beginning_of_a_larger(objective):
    small, large = (inputs(objective, batch_size=size).train(3) for size in (4, 8))
    equal(small, {name: value[:4] for name, value in large.items()})


@pytest.mark.parametrize("objective", WINDOWS)
def test_shares_of_a_batch_are_the_batch(objective):
    """Of training and of validation, of whose last batch the second share has no row that counts."""
    whole = inputs(objective)
    shares = [whole.share(range(start, start + 4)) for start in (0, 4)]
    equal(joined([share.train(5) for share in shares]), whole.train(5))
    for number in range(len(whole.val)):
        found = [share.val(number) for share in shares]
        expected = whole.val(number)
        assert {int(batch.pop("count")) for batch in found} == {int(expected.pop("count"))}
        equal(joined(found), expected)


def joined(batches):
    return {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}


@pytest.mark.parametrize("objective", WINDOWS)
def test_shapes_and_types(objective):
    batch = inputs(objective).train(0)
    expected = {"pixels": ((8, 48, 48, 3), np.float32)}
    expected["labels"] = ((8,), np.int32) if objective == "object" else ((8, 2), bool)
    if objective == "wsddn":
        expected |= {"windows": ((8, 12, 4), np.float32), "valid": ((8, 12), bool)}
    assert {name: (value.shape, value.dtype) for name, value in batch.items()} == expected
    assert batch["pixels"].min() >= 0 and batch["pixels"].max() <= 255


def labels_of(sampler, steps):
    return np.concatenate([sampler(step)["labels"] for step in range(steps)])


@pytest.mark.parametrize("windows", ["jittered", "selective"])
def test_a_quarter_of_the_windows_is_foreground(windows):
    search = (
        None
        if windows == "jittered"
        else lambda image: proposals.random(sampling.stream(image.source.number), 60, (60, 40))
    )
    sampler = ObjectWindows(unbalanced()[0], view(), 8, seed=0, search=search)
    for step in range(20):
        assert (sampler(step)["labels"] != 2).tolist() == [True, False, False, False] * 2


def test_classes_are_balanced_where_asked():
    shares = {}
    for balanced in (True, False):
        windows = labels_of(inputs("object", batch_size=40, balance=balanced).train, 20)
        images = labels_of(inputs("image", batch_size=40, balance=balanced).train, 20)
        shares[balanced] = np.mean(windows[windows != 2] == 1), images[:, 1].mean(), (~images.any(1)).mean()
    # One of 13 objects and of 11 images is the cat's; one image has no label.
    assert shares[True] == (pytest.approx(0.5, abs=0.1), pytest.approx(0.5, abs=0.06), 0)
    assert shares[False] == (
        pytest.approx(1 / 13, abs=0.06),
        pytest.approx(1 / 11, abs=0.04),
        pytest.approx(1 / 11, abs=0.04),
    )


def test_half_of_the_examples_are_mirrored():
    """Green rises to the right in every picture, so its slope tells."""
    for objective in ("object", "image"):
        pixels = np.concatenate([inputs(objective).train(step)["pixels"] for step in range(60)])
        slope = pixels[:, 24, 30, 1] - pixels[:, 24, 18, 1]
        assert (slope != 0).all()
        assert np.mean(slope < 0) == pytest.approx(0.5, abs=0.08)


def test_a_picture_keeps_its_own_labels():
    train, _ = unbalanced()
    labels = {i.source.number: row for i, row in zip(train.images, train.labels, strict=True)}
    batch = inputs("image", batch_size=64, balance=False).train(0)
    for pixels, row in zip(batch["pixels"], batch["labels"], strict=True):
        assert (pixels[..., 0] == pixels[0, 0, 0]).all()  # red is the image's number
        np.testing.assert_array_equal(row, labels[int(pixels[0, 0, 0])])


class Spot:
    """An image with one bright rectangle, which is also the window a search of it finds."""

    label = "spot"

    def read(self):
        pixels = np.zeros((60, 90, 3), np.uint8)
        pixels[10:50, 6:36] = 255
        return pixels

    def digest(self):
        return "spot"


def test_windows_follow_the_mirroring():
    examples = gather(dataset(image(0, ("dog", (0, 0, 9, 9)), source=Spot()), classes=("dog",)), "train")
    pictures = Pictures()
    windows = WindowsOfImage(pictures, 3, lambda image: np.array([[6.0, 10, 36, 50]]))
    sampler = WholeImages(examples, view(90, pictures), 16, seed=0, windows=windows)
    batch, starts = sampler(0), set()
    for pixels, boxes, valid in zip(batch["pixels"], batch["windows"], batch["valid"], strict=True):
        assert valid.tolist() == [True, False, False] and not boxes[1:].any()
        x1, y1, x2, y2 = np.round(boxes[0] * 90).astype(int)
        starts.add(int(x1))
        assert (pixels[y1 + 2 : y2 - 2, x1 + 1 : x2 - 1] == 255).all()
        assert not pixels[:, : max(x1 - 1, 0)].any() and not pixels[:, x2 + 1 :].any()
    assert starts == {6, 54}  # both the image and its mirror were seen


def test_of_many_windows_as_many_as_asked_are_drawn_each_once():
    found = np.array([[i, 0, i + 20, 30] for i in range(40)], np.float64)
    draw = WindowsOfImage(Pictures(), 10, lambda image: found)
    chosen = draw(sampling.stream(0), image(0))
    assert chosen["valid"].all()
    starts = np.round(chosen["windows"][:, 0] * 60)
    assert len(set(starts)) == 10 and set(starts) <= set(range(40))
    again = draw(sampling.stream(1), image(0))
    assert not np.array_equal(again["windows"], chosen["windows"])
    none = WindowsOfImage(Pictures(), 10, lambda image: np.zeros((0, 4)))(sampling.stream(0), image(0))
    assert not none["valid"].any() and not none["windows"].any()


@pytest.mark.parametrize("objective", ["image", "mil", "cam", "wsddn"])
@pytest.mark.parametrize("balanced", [True, False])
def test_weak_supervision_never_sees_a_box(objective, balanced):
    train, val = unbalanced()
    blind = dataclasses.replace(train, boxes=None, box_classes=None)
    plainly, blindly = (inputs(objective, (e, val), balance=balanced).train(2) for e in (train, blind))
    equal(plainly, blindly)


def test_picked_windows_are_the_searchs_or_an_objects_own():
    """What a search finds decides the windows; each is labelled by what it overlaps most."""
    found = np.array([[5.0, 5, 30, 28], [4, 6, 29, 31], [32, 1, 44, 12], [0, 30, 20, 40]])
    train = gather(dataset(image(0, ("dog", (5.0, 5, 30, 30))), classes=("dog",)), "train")
    sampler = ObjectWindows(train, view(), 40, seed=0, search=lambda image: found)
    pixels = train.images[0].source.read()
    boxes = [*found, train.boxes[0][0]]
    known = np.stack([window(pixels, box, 48, FILL, mirror) for box in boxes for mirror in (0, 1)])
    seen = {0: set(), 1: set()}
    batch = sampler(0)
    for one, label in zip(batch["pixels"], batch["labels"], strict=True):
        seen[int(label)].add(int(np.abs(known - one).max(axis=(1, 2, 3)).argmin()) // 2)
        assert np.abs(known - one).max(axis=(1, 2, 3)).min() == 0
    assert seen == {0: {0, 1, 4}, 1: {2, 3}}


def test_where_every_found_window_shows_an_object_background_is_drawn_anyway():
    train = gather(dataset(image(0, ("dog", (5.0, 5, 30, 30))), classes=("dog",)), "train")
    everything = lambda image: np.array([[5.0, 5, 30, 30]])  # noqa: E731
    labels = ObjectWindows(train, view(), 8, seed=0, search=everything)(0)["labels"]
    assert labels.tolist() == [0, 1, 1, 1] * 2


def test_an_unreadable_image_is_reported_when_drawn():
    train = gather(dataset(image(0, ("dog", (0, 0, 9, 9)), source=Broken()), classes=("dog",)), "train")
    for sampler in (
        ObjectWindows(train, view(), 4, seed=0),
        WholeImages(train, view(), 4, seed=0),
    ):
        with pytest.raises(InputError, match=r"broken\.jpg"):
            sampler(0)


@pytest.mark.parametrize(
    "objective, windows, message",
    [
        ("scene", None, "objective 'scene': there is no such objective"),
        ("object", "random", "windows 'random': object does not take.*jittered, selective"),
        ("cam", "random", "windows 'random': cam does not take.*leave the choice"),
    ],
)
def test_unknown_choices_are_one_line(objective, windows, message):
    with pytest.raises(InputError, match=message):
        inputs(objective, windows=windows)


def test_windows_of_shapeparts_obey_the_recipe():
    data = shapeparts.read_shapeparts(per_class=4)
    batch = inputs("object", (gather(data, "train"), gather(data, "val")), batch_size=32).train(0)
    assert (batch["labels"] != 4).tolist() == [True, False, False, False] * 8
    assert len(set(batch["labels"][::4].tolist())) > 1


@pytest.mark.slow
@pytest.mark.parametrize("objective", ["object", "wsddn"])
def test_windows_of_photographs_obey_the_recipe(photographs, objective):
    data = coco_parts.read_coco_parts(photographs, ["dog", "horse", "person"])
    batch = inputs(
        objective, (gather(data, "train", limit=20), gather(data, "val", limit=5)), batch_size=16
    ).train(0)
    if objective == "object":
        assert (batch["labels"] != 3).tolist() == [True, False, False, False] * 4
    else:
        assert batch["valid"].all() and batch["labels"].any(axis=1).all()
        assert (batch["windows"] >= 0).all() and (batch["windows"] <= 1).all()


@pytest.mark.slow
def test_selective_search_of_a_photograph_finds_its_objects(photographs):
    try:
        selective.opencv()
    except InputError as error:
        pytest.skip(str(error))
    train = gather(coco_parts.read_coco_parts(photographs, ["horse"]), "train", limit=3)
    pictures = Pictures()
    search = selective.SelectiveSearch(pictures)
    best = [
        proposals.overlaps(search(one), boxes).max(axis=0)
        for one, boxes in zip(train.images, train.boxes, strict=True)
    ]
    assert np.median(np.concatenate(best)) > 0.5
    labels = ObjectWindows(train, view(pictures=pictures), 8, seed=0, search=search)(0)["labels"]
    assert (labels == 0).tolist() == [True, False, False, False] * 2
