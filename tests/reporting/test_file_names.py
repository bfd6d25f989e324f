"""Names of files never come from data as they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partsjax.reporting.file_names import file_name

HOSTILE = (
    "../../../../escaped", "/absolute", "..", ".", "", "x" * 300, "犬" * 200, "car/truck", "a\\b", "C:x",
    "a|b", "he\nad", "\0", "Head", "head", "HEAD", "hEAd", "con", "CON.txt", "lpt1", "tail.", " tail",
    "-rf", "[x]", "*", "?", ".unfinished-x", "tête", "te\u0302te", "\ud800",
    file_name("Head"), file_name("Head").lower(),
)  # fmt: skip


def safe(name: str) -> bool:
    """On Linux, macOS and Windows."""
    plain = re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}", name) and not name.endswith(".")
    return bool(plain) and not re.fullmatch(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", name.lower())


def test_every_hostile_name_is_made_safe_and_none_is_made_anothers():
    made = [file_name(name) for name in HOSTILE]
    assert [name for name in made if not safe(name)] == []
    assert len({name.casefold() for name in made}) == len(set(HOSTILE))


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), min_size=2, unique_by=tuple))
def test_pairs_of_any_names(pairs):
    made = [file_name(*pair) for pair in pairs]
    assert all(map(safe, made))
    assert len({name.casefold() for name in made}) == len(pairs)


def test_pairs_that_read_alike_are_not_one():
    alike = [("a-b", "c"), ("a", "b-c"), ("A", "b-c"), ("a", "B-c")]
    assert len({file_name(*pair).casefold() for pair in alike}) == len(alike)


@pytest.mark.parametrize("name", ["conv5", "horse", "conv3_3", "00001", "block1-relu", "features.10"])
def test_plain_names_stay(name):
    assert file_name(name) == name
    assert file_name("horse", "head") == "horse-head"
