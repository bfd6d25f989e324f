"""Answers that can be given, and those that cannot."""

import pytest

from partsjax.errors import InputError
from partsjax.judging.items import Answer

GOOD = {"consistent": True, "kind": "part", "name": "left ear", "sure": 2}


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"kind": "texture", "name": ""},
        {"consistent": False, "kind": None, "name": ""},
        {"name": "Fuß des Pferdes"},
        {"name": "x" * 80},
    ],
)
def test_answers(others):
    assert Answer(**GOOD | others)


@pytest.mark.parametrize(
    ("others", "what"),
    [
        ({"consistent": 1}, "true or false"),
        ({"kind": "parts"}, "choose from: part, assembly"),
        ({"kind": None}, "choose from"),
        ({"consistent": False}, "neither kind nor name"),
        ({"consistent": False, "kind": None}, "neither kind nor name"),
        ({"name": ""}, "needs a name"),
        ({"name": " ear"}, "without spaces around"),
        ({"name": "a\nb"}, "one line"),
        ({"name": "x" * 81}, "at most 80"),
        ({"sure": 0}, "choose from: 1, 2, 3"),
        ({"sure": True}, "choose from: 1, 2, 3"),
        ({"sure": "2"}, "choose from: 1, 2, 3"),
    ],
)
def test_what_is_no_answer_is_one_line(others, what):
    with pytest.raises(InputError, match=what) as error:
        Answer(**GOOD | others)
    assert "\n" not in str(error.value)
