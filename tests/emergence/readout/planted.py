"""Layers in which parts are planted along known directions, and how readouts say they are carried."""

import numpy as np
from scipy.stats import ortho_group

from partsjax.emergence.combination import Search
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.readout.share import readout_verdicts
from partsjax.emergence.readout.verdict import IN_A_FEW, IN_ONE, NOT_THERE, SPREAD_OUT, ReadoutVerdict
from tests.emergence.readout.measured import measured, on_ground
from tests.emergence.test_scoring import CELLS, FIELD, GEOMETRY, SIZE, padded, stimuli

FILTERS, CROPS, HEIGHT = 128, 80, 5.0
PLANTED = (IN_ONE, IN_A_FEW, SPREAD_OUT, NOT_THERE)
ROTATED = (SPREAD_OUT, SPREAD_OUT, SPREAD_OUT, NOT_THERE)


def directions(random: np.random.Generator, along: np.ndarray) -> np.ndarray:
    """Along what each crop shows its four parts: [N, 4, F].

    The first along filter 0; the second along one of filters 1 to 8, whose sum thus has it always, and half
    as high again, for the sum has the noise of eight; the third along a direction `along` of all; the fourth
    along none.
    """
    found = np.zeros((CROPS, 4, FILTERS))
    found[:, 0, 0] = 1
    found[np.arange(CROPS), 1, random.integers(1, 9, CROPS)] = 1.5
    found[:, 2] = along / np.linalg.norm(along)
    return found


def drawn(along: np.ndarray, random: np.random.Generator):
    """(maps [N, H, W, F], truth[n][p]): noise, with a bump at each part's only box."""
    maps = random.standard_normal((CROPS, CELLS, CELLS, FILTERS))
    centers = random.uniform(12, SIZE - 12, (CROPS, 4, 2))
    sides = random.uniform(16, 24, (CROPS, 4, 2))
    at = FIELD.center + 0.5 + FIELD.stride * np.arange(CELLS)
    near = np.exp(-(((at - centers[..., None]) / 5) ** 2) / 2)  # [N, 4, 2, cells]
    bumps = np.einsum("npx,npy->npyx", near[:, :, 0], near[:, :, 1])
    height = HEIGHT * random.uniform(0.8, 1.2, (CROPS, 4))
    maps += np.einsum("npyx,np,npf->nyxf", bumps, height, directions(random, along), optimize=True)
    boxes = np.concatenate([centers - sides / 2, centers + sides / 2], axis=2)
    return maps.astype(np.float32), [[box[None] for box in of_crop] for of_crop in boxes]


def called(seed: int, *, rotated: bool = False) -> list[ReadoutVerdict]:
    """What is said of the four parts of a layer drawn from `seed`, perhaps under a random rotation."""
    random = np.random.default_rng((seed, 7))
    along = random.standard_normal(FILTERS)
    maps, truth = zip(*(drawn(along, random) for _ in range(2)), strict=True)
    if rotated:
        rotation = ortho_group.rvs(FILTERS, random_state=random).astype(np.float32)
        maps = [of_split @ rotation for of_split in maps]
    ground = on_ground([padded(of_split, 1) for of_split in truth])
    data = LayerData("conv", tuple(stimuli(of_split) for of_split in maps), ground, GEOMETRY)
    judged = judge_layer([data], (Search("greedy"),), seed)
    return readout_verdicts(measured(maps, ground, FIELD), judged.evidence)
