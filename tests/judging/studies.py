"""A made-up study, with drawn pictures, for tests of what comes after `prepare`."""

import hashlib
from pathlib import Path

from PIL import Image, ImageDraw

from partsjax.judging import store
from partsjax.judging.items import Answer, Item, Picture, Study

PARTS = ("wheel", "window", "leg", "ear")
EYE = Answer(consistent=True, kind="part", name="eye", sure=3)
NOISE = Answer(consistent=False, kind=None, name="", sure=3)


def opaque(*words) -> str:
    return hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()[:16]


def study(filters: int = 12, gold: int = 6, practice: int = 4, **others) -> Study:
    """Two classes of one layer; gold and practice are eyes and noise, in turn."""
    items = [
        _item("filter", index, object_class=("horse", "cow")[index % 2], layer="conv5", filter=index // 2)
        for index in range(filters)
    ]
    for purpose, number in (("gold", gold), ("practice", practice)):
        items += [_item(purpose, index, truth=(EYE, NOISE)[index % 2]) for index in range(number)]
    values = {
        "version": store.VERSION,
        "digest": opaque("study", filters, gold, practice),
        "title": "alexnet, conv5",
        "network": "alexnet",
        "network_digest": opaque("network"),
        "layers": ("conv5",),
        "classes": ("horse", "cow"),
        "silent": (("horse", "conv5", 9),),
        "seed": 0,
        "batch_size": 8,
        "gold_share": 0.125,
        "repeat_share": 0.125,
        "raters_per_item": 3,
    }
    return Study(**values | others, items=tuple(items))


def _item(purpose: str, index: int, truth=None, **of_filter) -> Item:
    return Item(
        item=opaque(purpose, index),
        purpose=purpose,
        **({"object_class": "", "layer": "", "filter": -1} | of_filter),
        truth=truth,
        accepted=("eyes",) if truth and truth.name else (),
        explanation={"practice": "All show an eye." if truth is EYE else "They differ."}.get(purpose, ""),
        pictures=tuple(
            Picture(*(f"{opaque(purpose, index, place, which)}.webp" for which in ("plain", "highlighted")))
            for place in range(10)
        ),
    )


def folder(place: Path, made: Study | None = None, *, draw: bool = False) -> Path:
    """A folder with the study's database and, if asked for, its pictures, each of few colors."""
    made = made or study()
    place.mkdir(exist_ok=True)
    store.create(place / store.DATABASE, made)
    images = place / store.IMAGES
    images.mkdir()
    for item in made.items if draw else ():
        for turn, picture in enumerate(item.pictures):
            for name, dim in ((picture.plain, False), (picture.highlighted, True)):
                _drawn(item, turn, dim).save(images / name, quality=60)
    return place


def _drawn(item: Item, turn: int, dim: bool) -> Image.Image:
    hue = int(item.item[:2], 16)
    image = Image.new("RGB", (224, 224), (60 + hue // 2, 120, 200 - hue // 2))
    pen = ImageDraw.Draw(image)
    pen.ellipse((30 + 6 * turn, 60, 150 + 6 * turn, 180), fill=(240, 200, 80))
    pen.ellipse((70 + 6 * turn, 90, 100 + 6 * turn, 120), fill="white", outline="black", width=4)
    if dim:
        mask = Image.new("L", image.size, 60)
        ImageDraw.Draw(mask).ellipse((55 + 6 * turn, 75, 115 + 6 * turn, 135), fill=255)
        image = Image.composite(image, Image.new("RGB", image.size, "black"), mask)
    return image
