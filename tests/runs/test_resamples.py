"""What a run keeps for paired differences: the bootstrap's values and a digest of the unseen images."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import partsjax
from partsjax.emergence.bootstrap import RESAMPLES, interval
from partsjax.emergence.verdict import PRIOR_NAME, Estimate, PriorVerdict
from partsjax.errors import InputError
from partsjax.runs import sealed
from partsjax.runs.comparison import compared
from partsjax.runs.emergence import read
from partsjax.runs.emergence.result import KEPT
from tests.runs.running import SEED, number, rows, run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def kept(finished):
    return read(finished[0])


def test_their_bias_corrected_ends_are_the_intervals_of_the_table(kept, parts):
    assert set(kept.samples) == {("conv1", "beast"), ("conv2", "beast")} and kept.images.seed == SEED
    for row, verdict in zip(parts, kept.verdicts, strict=True):
        array = kept.samples[row["layer"], row["object_class"]]
        assert array.shape == (2, RESAMPLES) and array.dtype == np.float32
        values = array[["head", "foot"].index(row["part"])]
        ends = [number(row[f"combination_ap_val_{end}"]) for end in ("low", "high")]
        found = interval(values, verdict.combination_ap_val.value)
        np.testing.assert_allclose(found, ends, atol=2e-6)


def test_runs_of_other_networks_draw_the_same_images(folder, kept, parts, tmp_path):
    """Place alone has the same interval; and what is a lucky draw for one network can be for another: of
    1,000 independent draws a correlation of 0.1 would be three standard errors."""
    run(folder, tmp_path, weights="random", all_searches=False)
    other_network = read(tmp_path)
    assert other_network.images == kept.images
    for row, other in zip(rows(tmp_path / "parts.csv"), parts, strict=True):
        assert [row[f"prior_ap_val_{end}"] for end in ("low", "high")] == [
            other[f"prior_ap_val_{end}"] for end in ("low", "high")
        ]
    pairs = [(array, kept.samples[names]) for names, array in other_network.samples.items()]
    assert all((array != own).mean() > 0.9 for array, own in pairs)
    together = [np.corrcoef(array[p], own[p])[0, 1] for array, own in pairs for p in (0, 1)]
    assert max(together) > 0.1


def test_the_digest_is_of_pixels_and_marks(folder, kept, tmp_path):
    def digest(change) -> str:
        place = tmp_path / change.__name__
        shutil.copytree(folder, place / "photos")
        change(place / "photos")
        run(place / "photos", place / "W", layers=("conv1",), all_searches=False)
        return read(place / "W").images.by_class["beast"]

    def nothing(photos):
        pass

    def inverted(path):
        with Image.open(path) as picture:
            picture.point(lambda value: 255 - value).save(path)

    def train_only(photos):
        inverted(photos / "JPEGImages" / "train002.jpg")

    def pixels(photos):
        inverted(photos / "JPEGImages" / "val002.jpg")

    def a_part_box(photos):
        path = photos / "instances_val.json"
        document = json.loads(path.read_text())
        next(a for a in document["annotations"] if a["category_id"] == 2)["bbox"][0] += 1
        path.write_text(json.dumps(document))

    own = kept.images.by_class["beast"]
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
    one, other = (read(tmp_path / name) for name in "ab")
    assert one.images == other.images
    assert (one.samples["conv1", "beast"] != other.samples["conv1", "beast"]).mean() > 0.9
    priors = [[r["prior_ap_val_low"] for r in rows(tmp_path / name / "parts.csv")] for name in "ab"]
    assert priors[0] == priors[1]


def test_what_is_missing_or_damaged_is_one_line(finished, tmp_path):
    with pytest.raises(InputError, match="not found"):
        read(tmp_path / "none")
    whole = (finished[0] / KEPT).read_bytes()
    for name, content in {"half": whole[: len(whole) // 2], "text": b"no", "empty": b""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / KEPT).write_bytes(content)
        with pytest.raises(InputError, match=rf"{name}/resamples\.npz: damaged"):
            read(tmp_path / name)


def test_figures_of_another_version_are_said_to_be_that(kept, tmp_path):
    kept.save(tmp_path)
    arrays = sealed.read_sealed(tmp_path / KEPT)
    record = json.loads(arrays["record"].tobytes())
    record["judged"][0]["evidence"]["verdicts"][0]["one_box_ap_train"] = 0.5
    sealed.write_sealed(
        tmp_path / KEPT, {**arrays, "record": np.frombuffer(json.dumps(record).encode(), np.uint8)}
    )
    said = r"resamples\.npz: written by another version of partsjax.*measure again, into another folder$"
    with pytest.raises(InputError, match=said):
        read(tmp_path)


def test_verdicts_are_kept_exactly(kept, tmp_path):
    """An AP of 0.3000004 emerges, in the run and wherever it is read; parts.csv says 0.300000."""
    sure = Estimate(0.3000004, 0.3000001, 1 / 3)
    changes = {"combination_ap_train": 0.3000004, "combination_ap_val": sure, "q_value": 0.15 / 3}
    priors = {PRIOR_NAME: PriorVerdict("place prior", 0.1, sure, sure, 1 / 3000)}
    first = dataclasses.replace(kept.verdicts[0], num_val=50, priors=priors, **changes)
    names = next(iter(kept.judged))
    before = kept.judged[names]
    evidence = dataclasses.replace(before.evidence, verdicts=(first, *before.evidence.verdicts[1:]))
    changed = dataclasses.replace(before, evidence=evidence)
    dataclasses.replace(kept, judged={**kept.judged, names: changed}).save(tmp_path)
    again = read(tmp_path)
    verdicts = [first, *kept.verdicts[1:]]
    assert repr(again.verdicts) == repr(verdicts)  # NaN is itself there
    assert again.verdicts[0].emerges_paper and again.verdicts[0].emerges_strict
    (summary,) = compared.figures({"it": [again]})["it", "conv1"].summaries
    assert summary.emerging_paper >= 1 and summary.emerging_strict >= 1


def test_tables_are_output_and_never_read():
    package = Path(partsjax.__file__).parent
    allowed = {
        package / "emergence" / "descriptions" / "reading.py",  # what others say of filters
        package / "judging" / "exported.py",  # what people said elsewhere comes in as it goes out
        package / "runs" / "judging" / "measured.py",  # whether a filter is discriminative: no rounding there
    }
    for path in {*package.rglob("*.py")} - allowed:
        assert not re.search(r"read_csv|DictReader|csv\.reader|read_table", path.read_text()), path
