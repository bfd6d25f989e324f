"""What a run keeps for paired differences: the bootstrap's values and a digest of the unseen images."""

import json
import shutil

import numpy as np
import pytest

from partsjax.emergence.curve import RESAMPLES
from partsjax.errors import BadInput
from partsjax.runs import resamples
from tests.runs.running import SEED, number, rows, run


@pytest.fixture(scope="module")
def kept(finished):
    return resamples.read(finished[0] / resamples.NAME)


def test_their_percentiles_are_the_intervals_of_the_table(kept, parts):
    arrays, images = kept
    assert set(arrays) == {"conv1/beast", "conv2/beast"} and images.seed == SEED
    for row in parts:
        array = arrays[f"{row['layer']}/{row['object_class']}"]
        assert array.shape == (2, RESAMPLES) and array.dtype == np.float32
        values = array[["head", "foot"].index(row["part"])]
        ends = [number(row[f"combination_ap_val_{end}"]) for end in ("low", "high")]
        np.testing.assert_allclose(np.percentile(values, [2.5, 97.5]), ends, atol=2e-6)


def test_runs_of_other_networks_draw_the_same_images(folder, kept, parts, tmp_path):
    """Place alone has the same interval; and what is a lucky draw for one network can be for another: of
    1,000 independent draws a correlation of 0.1 would be three standard errors."""
    run(folder, tmp_path, weights="random", all_searches=False)
    arrays, images = resamples.read(tmp_path / resamples.NAME)
    assert images == kept[1]
    for row, other in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert [row[f"prior_ap_val_{end}"] for end in ("low", "high")] == [
            other[f"prior_ap_val_{end}"] for end in ("low", "high")
        ]
    assert all((array != kept[0][name]).mean() > 0.9 for name, array in arrays.items())
    together = [
        np.corrcoef(array[p], kept[0][name][p])[0, 1] for name, array in arrays.items() for p in (0, 1)
    ]
    assert max(together) > 0.1


def test_the_digest_is_of_pixels_and_marks(folder, kept, tmp_path):
    def digest(change) -> str:
        place = tmp_path / change.__name__
        shutil.copytree(folder, place / "photos")
        change(place / "photos")
        run(place / "photos", place / "W", layers=("conv1",), all_searches=False)
        return resamples.read(place / "W" / resamples.NAME)[1].by_class["beast"]

    def nothing(photos):
        pass

    def train_only(photos):
        first, second = (photos / "JPEGImages" / f"train00{i}.jpg" for i in (1, 2))
        shutil.copy(first, second)

    def pixels(photos):
        first, second = (photos / "JPEGImages" / f"val00{i}.jpg" for i in (1, 2))
        shutil.copy(first, second)

    def a_part_box(photos):
        path = photos / "instances_val.json"
        document = json.loads(path.read_text())
        next(a for a in document["annotations"] if a["category_id"] == 2)["bbox"][0] += 1
        path.write_text(json.dumps(document))

    own = kept[1].by_class["beast"]
    assert digest(nothing) == digest(train_only) == own
    assert len({own, digest(pixels), digest(a_part_box)}) == 3


def test_one_search_alone_gives_the_same_verdicts(folder, parts, tmp_path):
    run(folder, tmp_path, all_searches=False)
    trials = rows(tmp_path / "combinations.csv")
    assert {(t["search"], t["score"]) for t in trials} == {("ga", "activation")}
    for row, full in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert {c: full[c] for c in row if row[c]} == {c: v for c, v in row.items() if v}


def test_the_weights_have_a_seed_of_their_own(folder, tmp_path):
    """The bootstrap and the searches keep the run's: the unseen images' digest holds its seed too."""
    run(folder, tmp_path / "a", weights="random", all_searches=False, layers=("conv1",))
    run(folder, tmp_path / "b", weights="random", all_searches=False, layers=("conv1",), weights_seed=9)
    one, other = (resamples.read(tmp_path / name / resamples.NAME) for name in "ab")
    assert one[1] == other[1]
    assert (one[0]["conv1/beast"] != other[0]["conv1/beast"]).mean() > 0.9
    priors = [[r["prior_ap_val_low"] for r in rows(tmp_path / name / "parts.csv")] for name in "ab"]
    assert priors[0] == priors[1]


def test_what_is_missing_or_damaged_is_one_line(finished, tmp_path):
    with pytest.raises(BadInput, match="not found"):
        resamples.read(tmp_path / "none.npz")
    whole = (finished[0] / resamples.NAME).read_bytes()
    for name, content in {"half": whole[: len(whole) // 2], "text": b"no", "empty": b""}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(BadInput, match=f"{name}: damaged"):
            resamples.read(tmp_path / name)
