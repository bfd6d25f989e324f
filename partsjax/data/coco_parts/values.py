"""Values of a COCO file as programs write them, each parsed by one strict rule.

A string is never a number here: only flags and attributes, which annotation tools write as text, may be
one. Whole floats (pandas writes 7 as 7.0) are whole numbers. null and NaN are nothing.
"""

import math
from typing import Any

Id = int | str


def absent(value: Any) -> bool:
    """Whether nothing is there: null, or the NaN that pandas writes for it."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def whole_number(value: Any) -> int:
    """A whole number; raises ValueError for anything else, true and 1.5 included."""
    if type(value) is int:
        return value
    if type(value) is not float or value != value // 1:
        raise ValueError(f"{value!r} is not a whole number")
    return int(value)


def identifier(value: Any) -> Id:
    """An id: a whole number or a string; raises ValueError."""
    return value if type(value) is str else whole_number(value)


def number(value: Any) -> float:
    """A finite number; raises ValueError for anything else, true and "3" included."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)


def flag(value: Any) -> bool:
    """0, 1, false, true, as numbers or as "0" and "1"; nothing is false. Raises ValueError."""
    if absent(value):
        return False
    if isinstance(value, str):
        value = {"0": 0, "1": 1}.get(value, value)
    if not isinstance(value, int | float) or value not in (0, 1):
        raise ValueError(f"{value!r} is neither 0 nor 1")
    return bool(value)


def degrees(value: Any) -> float:
    """A rotation in degrees, in [0, 360); text is read as the number it spells. Raises ValueError."""
    if absent(value) or value == "":
        return 0.0
    if isinstance(value, str):
        value = float(value)
    return number(value) % 360
