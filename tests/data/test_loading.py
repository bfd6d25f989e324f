import sys
from typing import Annotated

import pytest

from partsjax.data import coco_parts, pascal_part
from partsjax.data.loading import load_dataset
from partsjax.data.reader_options import Flag, options_of
from partsjax.data.registry import OURS, dataset_names, find_reader, register_dataset
from partsjax.errors import InputError
from tests.data import coco_folder, pascal_folder


def test_coco_parts_by_name(tmp_path):
    dog = coco_folder.annotation(10, 1, [10, 10, 50, 40])
    ear = coco_folder.annotation(11, 3, [12, 12, 5, 6])
    folder = coco_folder.write(tmp_path, coco_folder.document([dog, ear]))
    assert load_dataset("coco_parts", folder, classes=["dog"]) == coco_parts.read_coco_parts(folder, ["dog"])


def test_pascal_part_by_name_with_its_options(tmp_path):
    folder = pascal_folder.simple(tmp_path / "source")
    prepared = tmp_path / "prepared"
    found = load_dataset("pascal_part", folder, part_list="105", prepared_dir=prepared)
    assert found == pascal_part.read_pascal_part(folder, part_list="105", prepared_dir=prepared)
    assert any("105" in note for note in found.notes)


def test_shapeparts_by_name_needs_no_folder():
    found = load_dataset("shapeparts", seed=3, classes="robot", per_class=2)
    assert set(found.parts) == {"robot"} and len(found.images) == 4


def test_an_unknown_data_set_gets_the_nearest():
    with pytest.raises(InputError, match="did you mean 'coco_parts'") as caught:
        load_dataset("coco_part")
    assert all(name in str(caught.value) for name in dataset_names())


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("name", ["coco_parts", "pascal_part"])
def test_no_data_dir(name, empty):
    with pytest.raises(InputError, match=f"^{name}: .*data_dir"):
        load_dataset(name, empty)


def test_home_is_understood_where_no_shell_spelled_it_out(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    pascal_folder.simple(tmp_path / "source")
    found = load_dataset("pascal_part", "~/source", prepared_dir="~/prepared")
    assert found.images[0].source.copy.startswith(str(tmp_path / "prepared"))
    with pytest.raises(InputError, match=str(tmp_path / "source" / "instances_train.json")):
        load_dataset("coco_parts", "~/source")


@pytest.mark.parametrize(
    ("name", "option", "has"),
    [
        ("coco_parts", {"part_list": "123"}, "object_class, val_fraction, split_polygons"),
        ("shapeparts", {"part_list": "105"}, "per_class, style"),
        ("pascal_part", {"object_class": "car"}, "part_list, prepared_dir"),
        ("shapeparts", {"split_polygons": False}, "per_class, style"),
    ],
)
def test_an_option_that_the_data_set_does_not_use_is_refused(tmp_path, name, option, has):
    data_dir = None if name == "shapeparts" else tmp_path
    with pytest.raises(InputError, match=f"^--{next(iter(option))}=.*: {name} does not use it; .*{has}"):
        load_dataset(name, data_dir, **option)


def test_a_folder_for_a_data_set_that_has_none_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"shapeparts reads no folder; .*--dataset \(coco_parts, "):
        load_dataset("shapeparts", tmp_path)


def test_nothing_to_download():
    with pytest.raises(InputError, match="--download: shapeparts has nothing to download"):
        load_dataset("shapeparts", download=True)


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.5, float("nan")])
def test_a_share_that_is_none(tmp_path, fraction):
    with pytest.raises(InputError, match="--val_fraction"):
        load_dataset("coco_parts", tmp_path, val_fraction=fraction)


def test_readers_of_ours_take_what_readers_share_by_its_name():
    for name in OURS:
        reader = find_reader(name)
        assert not {"reader", "options", "folder"} & set(options_of(reader))


def test_the_type_of_an_option_is_its_annotation_s_or_its_default_s():
    def read(
        data_dir, *, scale: int = 1, share=0.5, deep=True, name=None, kind: Annotated["str", Flag("")] = ""
    ):
        pass

    types = {name: option.type for name, option in options_of(read).items()}
    assert types == {"scale": int, "share": float, "deep": bool, "name": str, "kind": str}
    assert options_of(find_reader("pascal_part"))["part_list"].choices == ("123", "105")


@pytest.mark.parametrize("name", ["", "a:b", "coco_parts"])
def test_names_that_cannot_be_registered(name):
    with pytest.raises(InputError, match="dataset"):
        register_dataset(name, load_dataset)


def test_what_pascal_part_needs_beyond_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_datasets", None)
    for name in ("builder", "prepared", "records"):
        monkeypatch.delitem(sys.modules, f"partsjax.data.pascal_part.{name}", raising=False)
    with pytest.raises(
        InputError, match=r"pascal_part needs tensorflow_datasets: pip install 'partsjax\[pascal\]'"
    ):
        load_dataset("pascal_part", tmp_path, download=True)
