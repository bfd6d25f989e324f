"""Class scores made of those of finer classes: against a plain log-sum-exp, and what is refused."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

from partsjax.errors import InputError
from partsjax.networks.class_map import deciding_classes, read_class_map, with_classes_of_data
from partsjax.networks.imagenet_classes import (
    CLASSES_WITH_SYNSETS,
    imagenet_names,
    imagenet_synsets,
    synsets_of_class,
)
from partsjax.networks.make import make_network
from tests import tiny


def network(classes):
    """The scores are linear in the mean activations of one layer of five filters."""
    bare = tiny.network()
    head = np.random.default_rng(0).normal(size=(5, len(classes))).astype(np.float32)

    def after(params, layer, activation):
        return activation.mean((1, 2)) @ head

    return dataclasses.replace(bare, after=after, classes=tuple(classes))


OWN = network(("stone", "pebble", "beast", "tree"))
IMAGENET = network(imagenet_synsets())


def scores(one, activation):
    return np.asarray(one.after(one.params, "conv2", activation))


@pytest.fixture(scope="module")
def activation():
    return jnp.asarray(np.random.default_rng(1).normal(0, 20, (3, 4, 4, 5)), jnp.float32)


def test_the_score_is_the_log_sum_exp_over_the_classes(activation):
    given = {"rock": ("stone", "pebble", "stone"), "nothing here": ("tree",)}
    mapped = with_classes_of_data(OWN, ["beast", "rock"], given)
    plain = scores(OWN, activation).astype(np.float64)
    assert mapped.classes == ("beast", "rock") and mapped.columns == ((2,), (0, 1))
    expected = np.stack([plain[:, 2], np.log(np.exp(plain[:, 0]) + np.exp(plain[:, 1]))], 1)
    np.testing.assert_allclose(scores(mapped, activation), expected, rtol=1e-5)
    whole, of = deciding_classes(mapped)
    assert whole is OWN and of.tolist() == [[False, True], [False, True], [True, False], [False, False]]


def test_scores_of_any_size_stay_finite():
    big = dataclasses.replace(OWN, after=lambda params, layer, a: jnp.asarray([[1e4, 1e4, -1e4, 0]]))
    mapped = with_classes_of_data(big, ["rock"], {"rock": ["stone", "pebble"]})
    np.testing.assert_allclose(scores(mapped, None), [[1e4 + np.log(2)]])


def test_of_imagenets_classes_the_kinds_are_known(activation):
    mapped = with_classes_of_data(IMAGENET, ["dog", "cat", "zebra", "airplane"])
    assert mapped.columns == (tuple(range(151, 269)), tuple(range(281, 286)), (340,), (404, 895))
    plain = scores(IMAGENET, activation).astype(np.float64)
    expected = np.log(np.exp(plain[:, 151:269]).sum(1))
    np.testing.assert_allclose(scores(mapped, activation)[:, 0], expected, rtol=1e-5)
    whole, of = deciding_classes(mapped)
    assert whole is IMAGENET and of.sum(0).tolist() == [118, 5, 1, 2]


def test_names_and_synsets_of_a_map(activation):
    given = {"pet": ["Pekinese", "n02123045", "persian cat"]}
    assert with_classes_of_data(IMAGENET, ["pet"], given).columns == ((154, 281, 283),)


def test_a_network_that_has_the_classes_is_itself():
    assert with_classes_of_data(OWN, ["tree", "stone"]) is OWN
    whole, of = deciding_classes(OWN)
    assert whole is OWN and (of == np.eye(4, dtype=bool)).all()


def test_another_map_is_another_network():
    maps = ({"rock": ["stone"]}, {"rock": ["pebble"]}, {"rock": ["stone", "pebble"]})
    found = [with_classes_of_data(OWN, ["rock", "tree"], given).digest for given in maps]
    assert len({*found, OWN.digest, with_classes_of_data(OWN, ["rock"], maps[0]).digest}) == 5


def test_the_list_has_its_landmarks():
    names, synsets = list(imagenet_names().values()), imagenet_synsets()
    assert len(names) == len({*synsets}) == 1000 and list(synsets) == sorted(synsets)
    assert {i: names[i] for i in (0, 151, 268, 281, 285, 339, 348, 349, 999)} == {
        0: "tench", 151: "Chihuahua", 268: "Mexican hairless", 281: "tabby", 285: "Egyptian cat",
        339: "sorrel", 348: "ram", 349: "bighorn", 999: "toilet tissue",
    }  # fmt: skip
    assert synsets[151] == "n02085620"


VOC = {
    "aeroplane": "airliner, warplane",
    "bicycle": "bicycle-built-for-two, mountain bike",
    "boat": "canoe, catamaran, container ship, fireboat, gondola, lifeboat, liner, pirate, schooner, "
    "speedboat, trimaran, yawl",
    "bottle": "beer bottle, pill bottle, pop bottle, water bottle, wine bottle",
    "bus": "minibus, school bus, trolleybus",
    "car": "beach wagon, cab, convertible, jeep, limousine, minivan, Model T, racer, sports car",
    "cat": "tabby, tiger cat, Persian cat, Siamese cat, Egyptian cat",
    "chair": "barber chair, folding chair, rocking chair, throne",
    "cow": "ox",
    "diningtable": "dining table",
    "horse": "sorrel",
    "motorbike": "moped, motor scooter",
    "pottedplant": "pot",
    "sheep": "ram, bighorn",
    "sofa": "studio couch",
    "train": "bullet train, electric locomotive, freight car, passenger car, steam locomotive",
    "tvmonitor": "monitor, screen, television",
}


def test_vocs_classes_by_name():
    names = imagenet_names()
    found = {name: ", ".join(names[synset] for synset in synsets_of_class(name)) for name in VOC}
    assert found == VOC
    assert {*CLASSES_WITH_SYNSETS} == {*VOC, "bird", "dog"}
    birds = [names[synset] for synset in synsets_of_class("bird")]
    assert len(birds) == 59 and [birds[i] for i in (0, 17, 18, 38, 39, 58)] == [
        "cock", "great grey owl", "black grouse", "black swan", "white stork", "albatross",
    ]  # fmt: skip
    assert synsets_of_class("tv") == synsets_of_class("tvmonitor")
    assert synsets_of_class("person") == synsets_of_class("crane") == ()


@pytest.mark.parametrize(("one", "classes", "given", "message"), [
    (IMAGENET, ["dog", "person"], None, "none of .* stands for 'person'; .* have some: aeroplane, bicycle, "),
    (IMAGENET, ["crane"], {"crane": ["crane"]}, "'crane' is the name of n02012849 and of n03126707; give"),
    (IMAGENET, ["dog"], {"dog": ["Pekinesse"]}, "classes is 'Pekinesse'; did you mean 'Pekinese'"),
    (IMAGENET, ["dog"], {"cat": ["tabby"]}, "class map: names none of the data's classes, which are dog"),
    (OWN, ["tree", "horse"], None, "no score for the class 'horse' .*; it has stone, pebble, beast, tree"),
    (OWN, ["rock"], {"rock": ["stones"]}, "rock: the network has no class 'stones'; did you mean 'stone'"),
])  # fmt: skip
def test_what_is_refused(one, classes, given, message):
    with pytest.raises(InputError, match=message) as error:
        with_classes_of_data(one, classes, given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("text", "message"), [
    (None, "cannot be read"),
    ("{", "no JSON"),
    ("[]", "holds no classes"),
    ("{}", "holds no classes"),
    ('{"dog": "n02085620"}', "'dog' has no list of names"),
    ('{"dog": []}', "'dog' has no list of names"),
    ('{"dog": [151]}', "'dog' has no list of names"),
])  # fmt: skip
def test_files_that_are_no_map(tmp_path, text, message):
    path = tmp_path / "map.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=rf"--class_map=.*map.json: {message}") as error:
        read_class_map(str(path))
    assert "\n" not in str(error.value)


def test_a_file(tmp_path):
    (tmp_path / "map.json").write_text('{"dog": ["n02085620", "Pekinese"]}')
    assert read_class_map(str(tmp_path / "map.json")) == {"dog": ("n02085620", "Pekinese")}


def test_ones_own_network_with_imagenets_synsets():
    """`make_network` is enough: nothing knows EfficientNet."""
    own = make_network(
        "own",
        lambda params, images, layers: {"a": images @ params},
        np.ones((3, 8), np.float32),
        input_size=16,
        layers=["a"],
        after=lambda params, layer, activation: jnp.tile(activation.mean((1, 2)), (1, 125)),
        classes=imagenet_synsets(),
    )
    assert with_classes_of_data(own, ["sheep"]).columns == ((348, 349),)
