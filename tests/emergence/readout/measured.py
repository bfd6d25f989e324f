"""Readouts of activations in memory, batch by batch."""

import numpy as np

from partsjax.emergence.ground import Ground
from partsjax.emergence.method import Method
from partsjax.emergence.readout.detecting import detect, joined_batches
from partsjax.emergence.readout.grid import Grid
from partsjax.emergence.readout.judging import ReadoutScores, judge_readouts
from partsjax.emergence.readout.models import Models, fit_readouts
from partsjax.emergence.readout.sums import CellSums, halves_of
from partsjax.networks.protocol import ReceptiveField
from tests.emergence.bare_crops import bare_crops

BATCH = 7


def batches(maps: np.ndarray, size: int = BATCH):
    """(crops, activation [F, H, W, B]) of maps [N, H, W, F]."""
    for start in range(0, len(maps), size):
        yield slice(start, start + size), maps[start : start + size].transpose(3, 1, 2, 0)


def fitted(maps: np.ndarray, ground: Ground, field: ReceptiveField, size: int) -> tuple[Models, Grid]:
    """Of train maps [N, H, W, F]."""
    crops = ground.train
    grid = Grid.of(field, *maps.shape[1:3], crops.size)
    sums = CellSums.none(maps.shape[3], len(crops.parts))
    half = halves_of(crops.image_index)
    for some, activation in batches(maps, size):
        sums.add(grid, activation, crops.truth.select(some), half[some])
    return fit_readouts(sums), grid


def measured(maps, ground: Ground, field: ReceptiveField, size: int = BATCH) -> ReadoutScores:
    """maps: of train and of val, [N, H, W, F]; size: of a batch."""
    models, grid = fitted(maps[0], ground, field, size)
    found = [joined_batches([detect(models, grid, a) for _, a in batches(of, size)]) for of in maps]
    return judge_readouts(models, found, ground)


def on_ground(truth, images=None, method: Method = Method()) -> Ground:  # noqa: B008
    """truth: (train, val) `Truth`; images: of each split's crops."""
    images = images or (None, None)
    return Ground(*(bare_crops(t, i) for t, i in zip(truth, images, strict=True)), method, 0)
