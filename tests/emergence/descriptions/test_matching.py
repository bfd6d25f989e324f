"""Which parts and classes a text names."""

import pytest

from partsjax.emergence.descriptions import Description, Descriptions, PartNames, described_pairs

PARTS = {
    "dog": ("head", "ear", "leg", "left_front_leg"),
    "cat": ("head", "ear", "paws"),
    "car": ("wheel", "side-mirror", "license plate", "glass"),
    "hot dog": ("bun", "hoof"),
    "bus": ("wheel", "body", "knife"),
}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("ear", ["dog ear", "cat ear"]),
        ("EARS!", ["dog ear", "cat ear"]),
        ("dog's ear", ["dog ear"]),
        ("dogs’ ears", ["dog ear"]),
        ("the ears of dogs", ["dog ear"]),
        ("dog:ear", ["dog ear"]),
        ("dog_ear", ["dog ear"]),
        ("'ear'", ["dog ear", "cat ear"]),
        ("bears near a pear, early", []),
        ("earring", []),
        ("a dog", ["dog"]),
        ("cats and dogs", ["dog", "cat"]),
        ("heads of cats and dogs", ["dog head", "cat head"]),
        ("dog and wheel", []),  # no dog has one
        ("dog and car wheel", ["car wheel"]),
        ("left front leg", ["dog left_front_leg"]),
        ("Left-Front_Legs of a dog", ["dog left_front_leg"]),
        ("front leg, left", ["dog leg"]),
        ("side mirrors", ["car side-mirror"]),
        ("sidemirror", []),
        ("a hot dog", ["hot dog"]),
        ("a hot dog and a dog", ["dog", "hot dog"]),
        ("paw", ["cat paws"]),
        ("hooves", ["hot dog hoof"]),
        ("bodies", ["bus body"]),
        ("knives", ["bus knife"]),
        ("buses", ["bus"]),
        ("glasses", ["car glass"]),
        ("ＥＡＲ", ["dog ear", "cat ear"]),
        ("", []),
        ("?! 耳 '’", []),
    ],
)
def test_a_text_names(text, named):
    found = PartNames(PARTS).named(text)
    assert [" ".join((object_class, part)).strip() for object_class, part in found] == named


def test_longest_names_win_wherever_they_stand():
    names = PartNames({"a": ("b c", "c d e", "e"), "f": ("b",)})
    assert names.named("b c d e") == (("a", "c d e"), ("f", "b"))
    assert names.named("b c e") == (("a", "b c"), ("a", "e"))


def test_names_without_a_word_are_named_by_nothing():
    assert PartNames({"?": ("", "!"), "": ("ear",)}).named("? ! ear") == (("", "ear"),)
    assert PartNames({}).named("ear") == ()


def test_pairs_to_be_tested_are_each_there_once():
    rows = [
        ("conv5", 3, "ears"),
        ("conv5", 3, "dog's ear"),
        ("conv5", 1, "ear of a dog"),
        ("conv4", 0, "cat"),
    ]
    described = Descriptions("units.csv", tuple(Description("line 2", *row) for row in rows))
    pairs = described_pairs(described, PARTS)
    assert pairs == {("conv5", "dog"): ((1, 1), (3, 1)), ("conv5", "cat"): ((3, 1),)}
