"""The flag for one half of the train images, for the commands that train and that measure emergence."""

from absl import flags

from partsjax.data.halves import HALVES

_HALF = flags.DEFINE_integer(
    "half",
    None,
    "Take only this half of the train images, 1 or 2, as a comparison does: train a network on half 1, and "
    "measure it, and others beside it, with half 2. Default: all.",
    lower_bound=min(HALVES),
    upper_bound=max(HALVES),
)


def half_asked() -> int | None:
    return _HALF.value
