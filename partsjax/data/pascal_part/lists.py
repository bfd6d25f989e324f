"""PASCAL-Part's raw part names, and the 123 and 105 parts the papers count (paper: section on the data).

Position labels are dropped (left, right, front, back, numbers) while instances stay apart; the upper
and lower half of one leg (cow, horse, sheep, person) or arm (person) are one instance.
"""

import functools
import re
from collections.abc import Mapping

_QUADRUPED = "head eye ear {} torso neck leg tail"
_ROAD_VEHICLE = "frontside leftside rightside backside roofside mirror liplate door wheel headlight window"
_COACHES = "coach cfrontside cleftside crightside cbackside croofside"

_PARTS_123 = {
    "aeroplane": "body stern wing tail engine wheel",
    "bicycle": "wheel saddle handlebar chainwheel headlight",
    "bird": "head eye beak torso neck wing leg foot tail",
    "bottle": "cap body",
    "bus": _ROAD_VEHICLE,
    "car": _ROAD_VEHICLE,
    "cat": "head eye ear nose torso neck leg paw tail",
    "cow": _QUADRUPED.format("muzzle horn"),
    "dog": "head eye ear nose torso neck leg paw tail muzzle",
    "horse": _QUADRUPED.format("muzzle") + " hoof",
    "motorbike": "wheel handlebar saddle headlight",
    "person": "head eye ear eyebrow nose mouth hair torso neck arm hand leg foot",
    "pottedplant": "pot plant",
    "sheep": _QUADRUPED.format("muzzle horn"),
    "train": "head hfrontside hleftside hrightside hbackside hroofside headlight " + _COACHES,
    "tvmonitor": "screen",
}

_LEFT_OUT_OF_105 = {
    "aeroplane": "tail wheel",
    "bicycle": "headlight",
    "bird": "eye",
    "bus": "headlight",
    "car": "mirror",
    "cow": "eye",
    "dog": "eye",
    "horse": "eye hoof",
    "motorbike": "saddle",
    "person": "eye ear eyebrow nose mouth",
    "sheep": "eye",
    "train": "hbackside",
}

CLASSES_WITHOUT_PARTS = ("boat", "chair", "diningtable", "sofa")
ALL_CLASSES = (*_PARTS_123, *CLASSES_WITHOUT_PARTS)

# PASCAL-Part calls one of VOC's classes by another name.
VOC_CLASS = {"table": "diningtable"}

# How a part is spelled in the annotations where it is not its own name, numbered or not. The group,
# where there is one, says which limb a piece belongs to.
_SPELLED = {
    "arm": r"([lr])[ul]arm",
    "ear": r"[lr]ear",
    "eye": r"[lr]eye",
    "eyebrow": r"[lr]ebrow",
    "foot": r"[lr]foot",
    "hand": r"[lr]hand",
    "hoof": r"[lr][fb]ho",
    "horn": r"[lr]horn",
    "leg": r"([lr][fb]?)[ul]?leg",
    "liplate": r"[fb]liplate",
    "mirror": r"(?:left|right)mirror",
    "paw": r"[lr][fb]pa",
    "wheel": r"[fb]wheel|wheel_\d+",
    "wing": r"[lr]wing",
}


def _part_list(left_out: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {
        object_class: tuple(p for p in parts.split() if p not in left_out.get(object_class, "").split())
        for object_class, parts in _PARTS_123.items()
    }


PART_LISTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "123": _part_list({}),
    "105": _part_list(_LEFT_OUT_OF_105),
}
"""List name -> object class -> its parts in the order tables show them."""

_PATTERNS = {
    object_class: [(part, re.compile(_SPELLED.get(part, rf"{part}(?:_\d+)?"))) for part in parts]
    for object_class, parts in PART_LISTS["123"].items()
}


@functools.cache
def canonical(object_class: str, raw_name: str) -> tuple[str, str | None] | None:
    """What the 123 list calls an annotated part.

    Args:
      object_class: one of VOC's classes.
      raw_name: as in the annotation, e.g. `lfuleg`.

    Returns:
      (part, limb): pieces of one object with the same part and the same limb are one instance; limb is
      None where every piece is an instance by itself. None if the class has no such part.
    """
    for part, pattern in _PATTERNS.get(object_class, ()):
        if match := pattern.fullmatch(raw_name):
            return part, match.group(1) if pattern.groups else None
    return None
