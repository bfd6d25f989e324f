"""The training batches and the validation set that fit an objective."""

import dataclasses
import os
from typing import NamedTuple

from partsjax.errors import InputError, nearest
from partsjax.supervision.examples import Examples
from partsjax.supervision.fixed import FixedImages, FixedWindows
from partsjax.supervision.pictures import View
from partsjax.supervision.recipe import Recipe
from partsjax.supervision.sampling import ObjectWindows, WholeImages, WindowsOfImage
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

    train: ObjectWindows | WholeImages
    val: FixedWindows | FixedImages

    def share(self, rows: range) -> "Inputs":
        """The same, of each batch only these rows."""
        return Inputs(*(dataclasses.replace(of, rows=rows) for of in self))


def inputs_for(
    objective: str,
    examples: tuple[Examples, Examples],
    view: View,
    recipe: Recipe,
    *,
    seed: int,
    windows_dir: str | os.PathLike | None = None,
) -> Inputs:
    """The inputs of an objective; see `ObjectWindows`, `WholeImages`, `FixedWindows` and `FixedImages`.

    Args:
      objective: a key of `WINDOWS`.
      examples: of train and val.
      recipe: its `batch_size`, `balance`, `windows`, `num_windows` and `val_limit`.
      seed: of the training batches alone; all runs are judged by one validation set.
      windows_dir: where selective search keeps what it found, for later runs.

    Raises:
      InputError: unknown objective, windows that it does not take, or selective search without OpenCV.
    """
    if objective not in WINDOWS:
        raise InputError(
            f"objective {objective!r}: there is no such objective; {nearest(objective, WINDOWS)}"
        )
    choices = WINDOWS[objective]
    if recipe.windows and recipe.windows not in choices:
        what = nearest(recipe.windows, choices) if choices else "leave the choice of windows out"
        raise InputError(f"windows {recipe.windows!r}: {objective} does not take such windows; {what}")
    search = SelectiveSearch(view.pictures, windows_dir) if recipe.windows == "selective" else None
    (train, val), size = examples, recipe.batch_size
    if objective == "object":
        return Inputs(
            ObjectWindows(train, view, size, seed, balanced=recipe.balance, search=search),
            FixedWindows(val, view, size, limit=recipe.val_limit),
        )
    candidates = WindowsOfImage(view.pictures, recipe.num_windows, search) if choices else None
    return Inputs(
        WholeImages(train, view, size, seed, balanced=recipe.balance, windows=candidates),
        FixedImages(val, view, size, candidates, limit=recipe.val_limit),
    )
