"""The training batches and the validation set that fit an objective."""

import os
from typing import NamedTuple

from partsjax.errors import InputError, nearest
from partsjax.supervision.examples import Examples
from partsjax.supervision.fixed import FixedImages, FixedWindows
from partsjax.supervision.pictures import Pictures
from partsjax.supervision.sampling import ObjectWindows, Sampler, WholeImages, WindowsOfImage
from partsjax.supervision.selective import SelectiveSearch

WINDOWS = {
    "object": ("jittered", "selective"),
    "image": (),
    "mil": (),
    "cam": (),
    "wsddn": ("random", "selective"),
}
"""Objective -> where its windows come from, the default first; none where whole images are all it sees."""


class Inputs(NamedTuple):
    """What goes into a network: training batches by step, and a validation set by batch number."""

    train: Sampler
    val: FixedWindows | FixedImages


def inputs_for(
    objective: str,
    train: Examples,
    val: Examples,
    pictures: Pictures,
    *,
    size: int,
    fill: tuple[float, float, float],
    batch_size: int,
    seed: int,
    balanced: bool = True,
    windows: str | None = None,
    num_windows: int = 200,
    windows_dir: str | os.PathLike | None = None,
    val_limit: int | None = None,
) -> Inputs:
    """The inputs of an objective; see `ObjectWindows`, `WholeImages`, `FixedWindows` and `FixedImages`.

    Args:
      objective: a key of `WINDOWS`.
      size: side of the network's input in pixels.
      fill: mean colour, three floats in [0, 255].
      seed: of the training batches alone; all runs are judged by one validation set.
      balanced: classes are drawn before objects and images.
      windows: one of `WINDOWS[objective]`; None for the default.
      num_windows: R, windows of an image, for `wsddn`.
      windows_dir: where selective search keeps what it found, for later runs.
      val_limit: at most this many validation objects or images, evenly spread.

    Raises:
      InputError: unknown objective, windows that it does not take, or selective search without OpenCV.
    """
    if objective not in WINDOWS:
        raise InputError(
            f"objective {objective!r}: there is no such objective; {nearest(objective, WINDOWS)}"
        )
    choices = WINDOWS[objective]
    if windows is not None and windows not in choices:
        what = nearest(windows, choices) if choices else "leave the choice of windows out"
        raise InputError(f"windows {windows!r}: {objective} does not take such windows; {what}")
    search = SelectiveSearch(pictures, windows_dir) if windows == "selective" else None
    if objective == "object":
        common = {"pictures": pictures, "size": size, "fill": fill, "batch_size": batch_size}
        return Inputs(
            ObjectWindows(train, **common, seed=seed, balanced=balanced, search=search),
            FixedWindows(val, **common, limit=val_limit),
        )
    candidates = WindowsOfImage(pictures, num_windows, search) if choices else None
    common = {"pictures": pictures, "size": size, "batch_size": batch_size, "windows": candidates}
    return Inputs(
        WholeImages(train, **common, seed=seed, balanced=balanced),
        FixedImages(val, **common, limit=val_limit),
    )
