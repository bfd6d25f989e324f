"""How many filters go through at once: as many as fit, and never so few that nothing is gained."""

import pytest

from partsjax.emergence.footprint import Footprint
from partsjax.emergence.stimuli import FILTERS_HELD

HORSE = Footprint(256, 8, (307, 313), 9)
DICTIONARY = Footprint(32_000, 8, (100, 100), 9)


@pytest.mark.parametrize("of", [HORSE, DICTIONARY, Footprint(100, 8, (3, 0), 1), Footprint(5, 1, (0, 0), 2)])
def test_a_block_fits_and_the_next_larger_one_does_not(of):
    most = min(-(-of.filters // 64) * 64, FILTERS_HELD)
    least, whole = (min(of.bytes(b) for b in (64, most)), of.bytes(most))
    for share in (0.01, 0.1, 0.3, 0.5, 0.9, 1.0, 5.0):
        room = int(least + share * (whole - least))
        block = of.block(room, 64)
        assert block % 64 == 0 and 0 < block <= most
        assert of.bytes(block) <= room
        assert block == most or of.bytes(block + 64) > room


def test_where_nothing_fits_it_is_what_takes_least():
    for of in (HORSE, DICTIONARY):
        block = of.block(0, 64)
        assert of.bytes(block) == min(of.bytes(b) for b in range(64, min(of.filters, FILTERS_HELD) + 1, 64))


def test_pieces_hold_less_of_a_dictionary_than_the_whole_would():
    assert HORSE.bytes(256) == HORSE.bytes(1000)
    assert DICTIONARY.bytes(64) < DICTIONARY.bytes(FILTERS_HELD) < DICTIONARY.bytes(32_000) / 4


def test_it_grows_with_crops_as_they_do():
    """Twice the crops, twice the bytes, once more for nothing."""
    once, twice = (Footprint(256, 8, (n, n), 9).bytes(256) for n in (1000, 2000))
    assert twice == 2 * once
