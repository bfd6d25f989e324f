"""The main job on real photographs, held against the plain method."""

import numpy as np
import pandas as pd
import pytest

from partsjax.data.coco_parts import read_coco_parts
from partsjax.data.crops import class_crops
from partsjax.emergence.combination import Search
from partsjax.networks import load_network
from partsjax.runs.options import Options
from tests.plain import pipeline as plain
from tests.plain.crops import crop
from tests.runs.running import QUICK, asked

CROPS, FILTERS = 40, 24


@pytest.mark.slow
def test_every_horse_is_there(photographs):
    crops = [class_crops(read_coco_parts(photographs, ["horse"]), "horse", s, 224) for s in ("train", "val")]
    assert [len(c) for c in crops] == [307, 313]
    assert sum(len(c.images) for c in crops) == 423


@pytest.mark.slow
def test_equals_the_plain_method_on_horses(photographs, tmp_path):
    options = Options(
        dataset="coco_parts",
        data_dir=str(photographs),
        classes=("horse",),
        layers=("conv4",),
        limit=CROPS,
        search=Search(genetic=QUICK),
        nulls=(),
    )
    asked(options, tmp_path)
    table = pd.read_parquet(tmp_path / "filters.parquet")

    network = load_network("alexnet", "imagenet")
    mean, std = (np.array(v, np.float32) for v in (network.preprocessing.mean, network.preprocessing.std))
    maps, truth = [], []
    for split in ("train", "val"):
        crops = class_crops(
            read_coco_parts(photographs, ["horse"]), "horse", split, network.input_size, limit=CROPS
        )
        pixels = [
            crop(crops.images[i].source.read(), box, network.input_size, mean)
            for i, box in zip(crops.image_index, crops.object_boxes, strict=True)
        ]
        found = network.apply(network.params, (np.stack(pixels) - mean) / std, ("conv4",))
        maps.append(np.asarray(found["conv4"])[..., :FILTERS])
        t = crops.truth
        truth.append(
            [
                [t.boxes[:, p, t.valid[p, :, n], n].T for p in range(len(crops.parts))]
                for n in range(len(crops))
            ]
        )
    field = network.fields["conv4"]
    field = field.size, field.stride, field.center
    expected = plain.score_layer(*maps, field, *truth, network.input_size)
    for name in ("ap_train", "ap_val", "ap_train_unregressed", "ap_val_unregressed"):
        mine = table.pivot(index="filter", columns="part", values=name)[list(crops.parts)].to_numpy()[
            :FILTERS
        ]
        wanted = getattr(expected, name)
        assert np.nanmean(np.abs(mine - wanted)) < 1e-3, name  # 0.005 is asked for
        np.testing.assert_array_equal(np.isnan(mine), np.isnan(wanted))
    assert np.nanmax(expected.ap_val) > 0.3
