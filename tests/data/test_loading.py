import pytest

from partsjax.data import coco_parts, pascal_part
from partsjax.data.loading import DATASETS, load_dataset
from partsjax.data.reader_options import ReaderOptions
from partsjax.errors import InputError
from tests.data import coco_folder, pascal_folder


def test_coco_parts_by_name(tmp_path):
    dog = coco_folder.annotation(10, 1, [10, 10, 50, 40])
    ear = coco_folder.annotation(11, 3, [12, 12, 5, 6])
    folder = coco_folder.write(tmp_path, coco_folder.document([dog, ear]))
    assert load_dataset("coco_parts", folder, ["dog"], seed=0) == coco_parts.read_coco_parts(folder, ["dog"])


def test_pascal_part_by_name_with_its_options(tmp_path):
    folder = pascal_folder.simple(tmp_path / "source")
    prepared = tmp_path / "prepared"
    found = load_dataset(
        "pascal_part", folder, None, seed=0, reader=ReaderOptions(part_list="105"), prepared_dir=prepared
    )
    assert found == pascal_part.read_pascal_part(folder, part_list="105", prepared_dir=prepared)
    assert any("105" in note for note in found.notes)


@pytest.mark.slow
def test_shapeparts_by_name_needs_no_folder():
    shapeparts = pytest.importorskip("partsjax.data.shapeparts", reason="shapeparts is not there yet")
    found = load_dataset("shapeparts", None, None, seed=3)
    assert found.parts == shapeparts.read(seed=3, classes=None).parts


def test_an_unknown_data_set_gets_the_nearest():
    with pytest.raises(InputError, match="did you mean 'coco_parts'") as caught:
        load_dataset("coco_part", None, None, seed=0)
    assert all(name in str(caught.value) for name in DATASETS)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", ["coco_parts", "pascal_part"])
def test_no_data_dir(name, empty):
    with pytest.raises(InputError, match=f"^{name}: .*data_dir"):
        load_dataset(name, empty, None, seed=0, prepared_dir=empty)


def test_home_is_understood_where_no_shell_spelled_it_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    pascal_folder.simple(tmp_path / "source")
    found = load_dataset("pascal_part", "~/source", None, seed=0, prepared_dir="~/prepared")
    assert found.images[0].source.copy.startswith(str(tmp_path / "prepared"))
    with pytest.raises(InputError, match=str(tmp_path / "source" / "instances_train.json")):
        load_dataset("coco_parts", "~/source", None, seed=0)


@pytest.mark.parametrize(
    ("name", "option"),
    [
        ("coco_parts", {"part_list": "123"}),
        ("shapeparts", {"part_list": "105"}),
        ("pascal_part", {"object_class": "car"}),
        ("pascal_part", {"val_fraction": 0.5}),
        ("shapeparts", {"split_polygons": False}),
        ("shapeparts", {"allow_duplicates": True}),
    ],
)
def test_an_option_that_the_data_set_does_not_use_is_refused(tmp_path, name, option):
    data_dir = None if name == "shapeparts" else tmp_path
    with pytest.raises(InputError, match=f"^--{next(iter(option))}=.*: {name} does not use it"):
        load_dataset(name, data_dir, None, seed=0, reader=ReaderOptions(**option))


def test_a_folder_for_a_data_set_that_has_none_is_refused(tmp_path):
    with pytest.raises(InputError, match="shapeparts is drawn and reads no folder; add --dataset=coco_parts"):
        load_dataset("shapeparts", tmp_path, None, seed=0)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_is_none(fraction):
    with pytest.raises(InputError, match="--val_fraction"):
        ReaderOptions(val_fraction=fraction)
