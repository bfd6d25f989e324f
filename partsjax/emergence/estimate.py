"""A figure with its interval."""

import math
from typing import NamedTuple

CHANCE = 0.025  # each lower end of a 95% interval should lie too high this often


class Estimate(NamedTuple):
    """A figure with its 95% interval, fractions; NaN where it was not computed."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)
