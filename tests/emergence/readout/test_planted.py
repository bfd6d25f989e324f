"""Parts planted in one filter, in eight, along a random direction, not at all: each is called what it is."""

import pytest

from tests.emergence.readout.planted import PLANTED, ROTATED, called

MOST_WRONG = 2  # of 200 calls; docs/concepts/readouts.md has what was counted, over 50 seeds each


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "rotated", "planted"), [(50, False, PLANTED), (10, True, ROTATED)])
def test_parts_are_called_what_they_are(seeds, rotated, planted):
    """Under rotation what was in filters is spread out."""
    wrong = [
        (seed, of.carried, what)
        for seed in range(seeds)
        for of, what in zip(called(seed, rotated=rotated), planted, strict=True)
        if of.carried != what
    ]
    assert len(wrong) <= MOST_WRONG, wrong
