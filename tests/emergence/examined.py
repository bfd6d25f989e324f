"""A whole judged layer, small: stimuli and parts in, scores and evidence out."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from partsjax.data.crops import Truth
from partsjax.emergence.combination import Search
from partsjax.emergence.evidence import Evidence, examine
from partsjax.emergence.genetic import Genetic
from partsjax.emergence.ground import Ground
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.place_prior import PlacePrior
from partsjax.emergence.scoring import Found, Scores, score_layer
from partsjax.emergence.stimuli import Stimuli
from tests.emergence.bare_crops import bare_crops, random_boxes
from tests.emergence.test_scoring import CELLS, GEOMETRY, activations, padded, plain_truth, stimuli

QUICK = Genetic(population=20, generations=5)
ALL_SEARCHES = tuple(
    Search(search, score, nms, QUICK)
    for search, score, nms in (
        ("ga", "activation", False),
        ("greedy", "activation", False),
        ("ga", "calibrated", False),
        ("greedy", "calibrated", True),
    )
)


@dataclasses.dataclass(frozen=True)
class Split:
    """Crops of one split: stimuli, parts, the image of each crop, the box of its object."""

    stimuli: Stimuli
    truth: Truth
    images: np.ndarray
    boxes: np.ndarray

    def select(self, crops: np.ndarray, images: np.ndarray) -> "Split":
        """Some crops, each as often as it is asked for, as those of `images`."""
        found = Stimuli(self.stimuli.cells[..., crops], self.stimuli.values[..., crops], CELLS)
        return Split(found, self.truth.select(crops), images, self.boxes[crops])


def split(seed: int, shares: Sequence[float], crops: int = 40) -> Split:
    """Six filters, every second one of the second part: each fires at its part's boxes in some crops.

    shares: of the crops, of the three filters of a part.
    """
    random = np.random.default_rng(seed)
    truth = plain_truth(crops, 2, seed)
    maps = np.concatenate(
        [
            activations(crops, 2, seed + n, [c if random.random() < share else [c[0][:0]] * 2 for c in truth])
            for n, share in enumerate(shares)
        ],
        axis=-1,
    )
    images = np.sort(random.integers(0, crops // 2, crops))
    return Split(stimuli(maps), padded(truth), images, random_boxes(crops, seed))


@dataclasses.dataclass(frozen=True)
class Examined:
    """What comes of a (train, val) pair."""

    scores: Scores
    found: Found
    ground: Ground
    evidence: Evidence


def examined(
    train: Split,
    val: Split,
    searches=ALL_SEARCHES,
    method=Method(),  # noqa: B008
    priors: Sequence[PlacePrior] = (),
    sanity: bool = False,
) -> Examined:
    crops = (bare_crops(of_split.truth, of_split.images, of_split.boxes) for of_split in (train, val))
    crops = (dataclasses.replace(of_split, parts=("head", "foot")) for of_split in crops)
    ground = Ground(*crops, method, 0, tuple(priors), sanity)
    data = LayerData("conv1", (train.stimuli, val.stimuli), ground, GEOMETRY)
    scores, found = score_layer(data.stimuli, (train.truth, val.truth), GEOMETRY, method)
    return Examined(scores, found, ground, examine(data, scores, found, searches, 0))
