"""Flags of the nulls, for the commands that measure emergence."""

from collections.abc import Sequence
from typing import Any

from absl import flags

from partsjax.cli import flags as shared

_NULLS = flags.DEFINE_list(
    "nulls",
    None,
    "Runs that cannot know parts, to compare verdicts with: random (the network untrained), permuted (its "
    "weights permuted within each filter), shuffled (parts permuted among crops) and unfounded (parts moved "
    "to random places inside their object), or all. --nulls= leaves them out. Default: random,shuffled; in a "
    "comparison, none.",
)
_NULL_SEEDS = flags.DEFINE_integer(
    "null_seeds", 1, "Seeds that every null is run with, from --seed on.", lower_bound=1
)


def null_options(default: Sequence[str]) -> dict[str, Any]:
    """The nulls asked for and their number of seeds, by their names among a run's options.

    Raises:
      InputError: one is named twice, or there are seeds and no nulls.
    """
    asked = list(default) if _NULLS.value is None else [name for name in _NULLS.value if name]
    shared.check_names("nulls", asked)
    if not asked:
        shared.refuse_idle(["null_seeds"], "without --nulls")
    return {"nulls": tuple(asked), "null_seeds": _NULL_SEEDS.value}
