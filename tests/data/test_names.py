"""Names of classes and parts: cleaned by one rule, refused where they are no line of text or nearly equal."""

import unicodedata

import pytest

from partsjax.data import coco_parts
from partsjax.data.names import cleaned, nearly_equal
from partsjax.errors import InputError
from tests.data.coco_folder import OBJECT, PART, annotation, document, write

DOG = annotation(10, 1, [10, 10, 50, 40], obj_ann_id=10)
EAR = annotation(11, 2, [12, 12, 5, 6], obj_ann_id=10)


def categories(object_class="dog", part="dog:ear"):
    return [
        {"id": 1, "name": object_class, "supercategory": OBJECT},
        {"id": 2, "name": part, "supercategory": PART},
    ]


def read(tmp_path, train, val=None, classes=None):
    """Two splits, each with a dog that has an ear, under these category names."""
    val_annotations = [{**entry, "image_id": 2} for entry in (DOG, EAR)]
    files = document([DOG, EAR], categories=train), document(val_annotations, categories=val or train)
    return coco_parts.read_coco_parts(write(tmp_path, *files), classes)


@pytest.mark.parametrize(
    ("val", "spelled"),
    [
        (categories("dog ", "dog: ear"), {"'dog '", "'dog: ear'"}),
        (categories("\tdog", "dog :ear "), {"'\\tdog'", "'dog :ear '"}),
    ],
)
def test_white_space_at_the_ends_is_not_of_the_name_and_is_said(tmp_path, val, spelled):
    data = read(tmp_path, categories(), val)
    assert data.parts == {"dog": ("ear",)} and len(data.images) == 2
    assert {note.split("category ")[1].split(" is read")[0] for note in data.notes} == spelled


def test_one_name_in_two_forms_of_unicode_is_one_class(tmp_path):
    composed, apart = (unicodedata.normalize(form, "élan") for form in ("NFC", "NFD"))
    train, val = (categories(name, f"{name}:tête") for name in (composed, apart))
    for number, asked in enumerate((None, [composed], [apart], [f" {apart} "])):
        data = read(tmp_path / str(number), train, val, asked)
        assert list(data.parts) == [composed] and len(data.images) == 2
        assert any("is read as" in note for note in data.notes)


@pytest.mark.parametrize(
    ("train", "val", "pair"),
    [
        (categories(), categories("Dog", "Dog:ear"), "'dog' and 'Dog'"),
        (categories(), categories("dog", "dog:Ear"), "'dog:ear' and 'dog:Ear'"),
        (categories("dog", "DOG:ear"), None, "'dog' and 'DOG'"),
        (
            categories("dog", "dog:left ear"),
            categories("dog", "dog:left_ear"),
            "'dog:left ear' and 'dog:left_ear'",
        ),
        (
            categories("sea-dog", "sea-dog:ear"),
            categories("sea  dog", "sea  dog:ear"),
            "'sea-dog' and 'sea  dog'",
        ),
        (categories("straße", "straße:ear"), categories("STRASSE", "STRASSE:ear"), "'straße' and 'STRASSE'"),
    ],
)
def test_names_that_are_nearly_equal_are_refused_with_both(tmp_path, train, val, pair):
    with pytest.raises(InputError, match=f"{pair} are nearly equal") as caught:
        read(tmp_path, train, val)
    assert "instances_train.json" in str(caught.value) and "instances_val.json" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["do\ng", "do\tg", "do\0g", "do\x1b[31mg", "do\u2028g", "do\ud800g", "\x85dog\x07"]
)
def test_a_name_that_is_no_line_of_text(tmp_path, name):
    for number, wrong in enumerate((categories(name, f"{name}:ear"), categories("dog", f"dog:{name}"))):
        with pytest.raises(InputError, match=r"category . has name .*; give it one line of text") as caught:
            read(tmp_path / str(number), wrong)
        str(caught.value).encode()  # it can be printed


def test_the_same_name_once_cleaned_is_a_category_twice(tmp_path):
    twice = [*categories(), {"id": 3, "name": "dog:ear ", "supercategory": PART}]
    with pytest.raises(InputError, match="category 3 is 'dog:ear' again"):
        read(tmp_path, twice)


def test_the_rules_alone():
    assert cleaned(" left ear\n") == "left ear"
    for wrong in ("", "  ", "a\nb"):
        with pytest.raises(ValueError):
            cleaned(wrong)
    assert nearly_equal(["Ear", "ear", "tail", "ear", "EAR"]) == [("Ear", "ear"), ("Ear", "EAR")]
