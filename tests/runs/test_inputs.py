"""What the options say reaches the reader, and what the reader says is among the run's notes."""

import json

import pytest
from absl import flags
from absl.testing import flagsaver

from partsjax.cli import flags as shared
from partsjax.errors import InputError
from partsjax.runs.context import Context
from partsjax.runs.inputs import dataset_of
from partsjax.runs.options import Options
from tests import tiny


def test_flags_make_the_reader_s_options():
    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()
    assert shared.job_options()["reader"] == {}
    given = {
        "part_list": "105",
        "object_class": "car",
        "val_fraction": 0.3,
        "split_polygons": True,
    }
    with flagsaver.flagsaver(**given):
        assert shared.job_options()["reader"] == given


def test_the_reader_gets_its_options_and_skips_only_if_asked(tmp_path):
    folder = tiny.write_folder(tmp_path / "photos", images=3)
    path = folder / "instances_val.json"
    document = json.loads(path.read_text())
    document["annotations"][1]["bbox"] = [0, 0, 500, 500]
    path.write_text(json.dumps(document))
    options = Options(dataset="coco_parts", data_dir=str(folder))
    context, lenient = Context(), Context(skip_bad=True)
    with pytest.raises(InputError, match=r"annotation 2 has bbox .*--skip_bad"):
        dataset_of(options, context)
    assert any("--skip_bad" in note for note in dataset_of(options, lenient).notes)
    assert any("--skip_bad" in note for note in lenient.notes)
    wrong = Options(dataset="coco_parts", data_dir=str(folder), reader={"part_list": "105"})
    with pytest.raises(InputError, match="--part_list=105"):
        dataset_of(wrong, lenient)


def test_what_the_reader_is_told_of_fetching_is_passed_on(tmp_path):
    with pytest.raises(InputError, match="--download: coco_parts has nothing to download"):
        dataset_of(
            Options(dataset="coco_parts", data_dir=str(tmp_path)), Context(fetching={"download": True})
        )
