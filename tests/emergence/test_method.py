"""Choices that mean nothing are refused where they are made."""

import dataclasses

import pytest

from partsjax.cli import emergence as command
from partsjax.emergence.method import Method
from partsjax.errors import InputError


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"stimuli": 0}, "stimuli=0: give a number of at least 1"),
        ({"stimulus_window": 4}, "stimulus_window=4: must be odd"),
        ({"correct_iou": 1.2}, "correct_iou=1.2: give a number from 0 to 1"),
        ({"emergence_ap": float("nan")}, "emergence_ap=nan"),
        ({"ridge": -1.0}, "ridge=-1.0: give a number of at least 0"),
        ({"min_pairs": 0}, "min_pairs=0"),
        ({"min_val_boxes": -1}, "min_val_boxes=-1"),
        ({"sign": "negative"}, "sign='negative': .*choose from: positive, both"),
    ],
)
def test_a_value_that_means_nothing_is_one_line(changed, words):
    with pytest.raises(InputError, match=words):
        Method(**changed)


def test_every_choice_has_a_flag():
    assert set(command._METHOD) == {field.name for field in dataclasses.fields(Method)}
