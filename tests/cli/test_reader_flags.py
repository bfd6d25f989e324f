import pytest
from absl import flags
from absl.testing import flagsaver

from partsjax.cli import emergence
from partsjax.cli.reader_flags import fetching, reader_options
from partsjax.data.registry import register_dataset
from partsjax.errors import InputError


def read(*, scale: int = 1, share=0.5, deep=False, name="a"):
    pass


@pytest.fixture(autouse=True)
def parsed():
    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()


def test_options_of_any_reader_are_of_its_types():
    register_dataset("mine", read)
    given = ["scale=3", "share=0.25", "deep=true", "name=x=y", "unknown=1"]
    with flagsaver.flagsaver(reader_option=given):
        assert reader_options("mine") == {
            "scale": 3,
            "share": 0.25,
            "deep": True,
            "name": "x=y",
            "unknown": "1",
        }


def test_options_of_ours_have_flags_too():
    shown = {flag.name for flag in flags.FLAGS.get_key_flags_for_module(emergence.__name__)}
    options = {"part_list", "object_class", "val_fraction", "split_polygons", "voc_url", "parts_url"}
    assert options | {"reader_option", "download"} <= shown  # by --help
    with flagsaver.flagsaver(val_fraction=0.3, split_polygons=False):
        assert reader_options("coco_parts") == {"val_fraction": 0.3, "split_polygons": False}
    with flagsaver.flagsaver(reader_option=["part_list=105"]):
        assert reader_options("pascal_part") == {"part_list": "105"}


def test_where_a_data_set_is_fetched_from_is_no_option_that_decides_what_is_read():
    assert fetching() == {}
    with flagsaver.flagsaver(download=True, voc_url="http://mirror/voc.tar", part_list="105"):
        assert fetching() == {"download": True, "voc_url": "http://mirror/voc.tar"}
        assert reader_options("pascal_part") == {"part_list": "105"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["scale"], "--reader_option=scale: write name=value"),
        (["scale=x"], "--reader_option=scale=x: .*x"),
        (["scale=1", "scale=2"], "scale is given twice"),
    ],
)
def test_values_that_are_none(given, said):
    register_dataset("mine", read)
    with flagsaver.flagsaver(reader_option=given), pytest.raises(InputError, match=said):
        reader_options("mine")


def test_a_value_of_a_choice():
    with (
        flagsaver.flagsaver(reader_option=["part_list=7"]),
        pytest.raises(InputError, match=r"part_list=7.*123"),
    ):
        reader_options("pascal_part")
