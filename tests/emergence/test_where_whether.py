"""Networks that know only whether a part is there, or only where it would be, are told apart."""

import numpy as np
import pytest

from partsjax.data.crops import class_crops, warp
from partsjax.data.dataset import Dataset
from partsjax.data.planted import FIELDS, planted_network, where_network, whether_network
from partsjax.data.schema import Image, Object, Part
from partsjax.data.shapeparts.scene import FIGURES
from partsjax.emergence.combination import Search
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import judge_layer
from partsjax.emergence.layer_data import LayerData
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli
from partsjax.emergence.verdict import Verdict
from partsjax.ops import local_maxima

SIDE, PART = 200, 70
SITES = ((38, 42), (92, 48), (48, 94), (96, 96))  # most boxes there hold the middle of the picture


def picture(number: int, split: str) -> Image:
    """A gray object, on half of the images with a part in a planted color near one of four places."""
    random = np.random.default_rng((number, split == "val"))
    pixels = np.full((SIDE, SIDE, 3), 128, np.uint8)
    parts = ()
    if random.random() < 0.5:
        x, y = np.array(SITES[random.integers(4)]) + random.integers(-12, 13, 2)
        pixels[y : y + PART, x : x + PART] = FIGURES["robot"].planted["head"]
        parts = (Part("head", (float(x), float(y), float(x + PART), float(y + PART))),)
    pixels[:2, :, 0] = number  # no two pictures are equal
    return Image(f"{split}-{number}", split, pixels, (Object("robot", (0.0, 0.0, SIDE, SIDE), parts),))


@pytest.fixture(scope="module")
def splits():
    dataset = Dataset(tuple(picture(n, split) for split in ("train", "val") for n in range(120)))
    return [class_crops(dataset, "robot", split, 224) for split in ("train", "val")]


def verdict_on(network, splits) -> Verdict:
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    stimuli = []
    for crops in splits:
        pixels = [
            warp(crops.images[image].source.read(), box, 224, mean)
            for image, box in zip(crops.image_index, crops.object_boxes, strict=True)
        ]
        maps = network.apply(network.params, (np.stack(pixels) - mean) / std, ("blob",))["blob"]
        cells, values = (np.asarray(a) for a in local_maxima.strongest(maps, 8))
        stimuli.append(Stimuli(cells, values, maps.shape[2]))
    geometry = Geometry.of(FIELDS["blob"], stimuli[0].columns, 224)
    data = LayerData("blob", tuple(stimuli), Ground(*splits, Method(), 0), geometry)
    (verdict,) = judge_layer([data], [Search("greedy")], 0).evidence.verdicts
    return verdict


@pytest.mark.slow
def test_a_network_that_knows_whether_and_not_where(splits):
    v = verdict_on(whether_network(), splits)
    assert v.whether.low > 0 > v.where.high
    assert v.hit_rate < 0.5


@pytest.mark.slow
def test_a_network_that_knows_where_and_not_whether(splits):
    v = verdict_on(where_network(), splits)
    assert v.where.low > 0.1
    assert v.whether == (0, 0, 0)  # all crops are equal to it: the list prior in the very same orders
    assert v.hit_rate == 1 > v.combination_ap_val.high


@pytest.mark.slow
def test_a_network_that_knows_both(splits):
    v = verdict_on(planted_network().network, splits)
    assert v.where.low > 0.1 and v.whether.low > 0
    assert v.hit_rate == v.combination_ap_val.value == 1
