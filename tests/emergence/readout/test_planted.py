"""Parts planted in one filter, in eight, along a random direction, not at all: each is called what it is."""

import pytest

from tests.emergence.readout.planted import PLANTED, ROTATED, called


@pytest.mark.slow
def test_parts_are_called_what_they_are():
    """Over seeds 0 to 49 the rate of wrong calls is in docs/concepts/readouts.md."""
    assert tuple(of.carried for of in called(0)) == PLANTED


@pytest.mark.slow
def test_under_rotation_what_was_in_filters_is_spread_out():
    assert tuple(of.carried for of in called(0, rotated=True)) == ROTATED
