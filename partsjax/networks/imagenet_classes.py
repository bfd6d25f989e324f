"""ImageNet's 1,000 classes (Russakovsky et al. 2015), which are synsets of WordNet, and VOC's among them."""

import functools
import importlib.resources
from collections.abc import Iterable

_VOC: dict[str, Iterable[int]] = {
    "aeroplane": (404, 895),
    "bicycle": (444, 671),
    "bird": (*range(7, 25), *range(80, 101), *range(127, 147)),
    "boat": (472, 484, 510, 554, 576, 625, 628, 724, 780, 814, 871, 914),
    "bottle": (440, 720, 737, 898, 907),
    "bus": (654, 779, 874),
    "car": (436, 468, 511, 609, 627, 656, 661, 751, 817),
    "cat": range(281, 286),
    "chair": (423, 559, 765, 857),
    "cow": (345,),
    "diningtable": (532,),
    "dog": range(151, 269),
    "horse": (339,),
    "motorbike": (665, 670),
    "pottedplant": (738,),
    "sheep": (348, 349),
    "sofa": (831,),
    "train": (466, 547, 565, 705, 820),
    "tvmonitor": (664, 782, 851),
}
"""VOC's classes but for person -> places of their synsets (our choice): airliner and warplane; all birds; the
five domestic cats; ox; all 118 dogs, no wolves; sorrel; ram and bighorn."""
_OTHER_NAMES = {
    "airplane": "aeroplane",
    "motorcycle": "motorbike",
    "potted plant": "pottedplant",
    "dining table": "diningtable",
    "couch": "sofa",
    "tv": "tvmonitor",
}  # COCO's

CLASSES_WITH_SYNSETS = tuple(_VOC)


@functools.cache
def imagenet_names() -> dict[str, str]:
    """Synset, as `n02085620`, -> its first name in WordNet, in the order of the scores of classifiers."""
    text = importlib.resources.files(__package__).joinpath("imagenet_classes.csv").read_text(encoding="utf-8")
    return dict(line.split(",", 1) for line in text.splitlines()[1:])


def imagenet_synsets() -> tuple[str, ...]:
    """The synsets in the order of the scores of classifiers: what `Network.classes` holds of such a one."""
    return tuple(imagenet_names())


def synsets_called(name: str) -> tuple[str, ...]:
    """The synsets with this name, which may be several (crane); capitals do not count."""
    return tuple(synset for synset, its in imagenet_names().items() if its.lower() == name.lower())


def synsets_of_class(object_class: str) -> tuple[str, ...]:
    """The synsets that are kinds of a class of VOC or COCO, else the one that has its name; empty: none."""
    known = _VOC.get(_OTHER_NAMES.get(object_class, object_class))
    if known is None:
        called = synsets_called(object_class)
        return called if len(called) == 1 else ()
    synsets = imagenet_synsets()
    return tuple(synsets[place] for place in known)
