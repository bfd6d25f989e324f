import hypothesis.extra.numpy as hnp
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from partsjax.data.masks import pack, tight_box, union_of_parts
from partsjax.data.schema import Part

masks = hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=20))


def part(mask, name="leg"):
    box = tight_box(mask)
    return Part(name, box, pack(mask, box))


def painted(found, shape):
    canvas = np.zeros(shape, bool)
    x1, y1, x2, y2 = found.box
    canvas[y1:y2, x1:x2] = found.pixels()
    return canvas


@given(masks)
def test_mask_to_box_to_packed_pixels_and_back(mask):
    if tight_box(mask) is None:
        assert not mask.any()
    else:
        assert np.array_equal(painted(part(mask), mask.shape), mask)


@given(masks.filter(np.any))
def test_the_box_is_the_extent_of_the_marked_pixels(mask):
    rows, columns = np.nonzero(mask)
    assert tight_box(mask) == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


@given(st.data())
def test_a_union_covers_what_its_pieces_cover_in_a_tight_box(data):
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=2, max_side=12))
    pieces = data.draw(st.lists(hnp.arrays(bool, shape).filter(np.any), min_size=1, max_size=4))
    both = union_of_parts("leg", [part(mask, "piece") for mask in pieces])
    expected = np.any(pieces, axis=0)
    assert both.name == "leg"
    assert both.box == tight_box(expected)
    assert np.array_equal(painted(both, shape), expected)


def test_a_box_without_a_mask_counts_as_filled():
    whole = Part("leg", (0, 0, 2, 2))
    corner = part(np.eye(4, dtype=bool))
    canvas = painted(union_of_parts("leg", [whole, corner]), (4, 4))
    assert np.array_equal(canvas, np.eye(4, dtype=bool) | np.pad(np.ones((2, 2), bool), (0, 2)))
