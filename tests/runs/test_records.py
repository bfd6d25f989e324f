"""What is kept comes back to the bit, whatever fields a record has."""

import dataclasses
import math
import typing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from partsjax.emergence.evidence import Evidence
from partsjax.emergence.judged import Judged
from partsjax.emergence.verdict import Verdict
from partsjax.runs.records import packed, unpacked

ARRAYS = arrays.arrays(st.sampled_from([np.float32, np.int32, np.int8]), st.just((2, 3)))


def anything(kind):
    """Records of a kind, every field of it drawn by its type: also of fields that come later."""
    if kind is np.ndarray:
        return ARRAYS
    if dataclasses.is_dataclass(kind):
        types = typing.get_type_hints(kind)
        return st.builds(
            kind, **{field.name: anything(types[field.name]) for field in dataclasses.fields(kind)}
        )
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and of[-1] is Ellipsis:
        return st.lists(anything(of[0]), max_size=2).map(tuple)
    if origin is not None and of and dataclasses.is_dataclass(of[-1]):
        return st.dictionaries(st.text(), anything(of[-1]), max_size=2)
    return st.from_type(kind)


def same(one, other) -> bool:
    """Like ==, but NaN is itself, 0.0 is not -0.0, and types count."""
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if dataclasses.is_dataclass(one):
        fields = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(same(getattr(one, f), getattr(other, f)) for f in fields)
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and repr(one) == repr(other)


@given(anything(Verdict))
@settings(max_examples=30)
def test_verdicts_with_all_their_fields(verdict):
    assert same(unpacked(Verdict, packed(verdict)), verdict)


@given(anything(Judged))
@settings(max_examples=10)
def test_what_is_said_about_a_class(judged):
    assert same(unpacked(Judged, packed(judged)), judged)


def test_what_is_no_such_record():
    arrays = packed(Verdict("conv5", "horse", "head", 3, 2, None))
    assert same(unpacked(Verdict, arrays), Verdict("conv5", "horse", "head", 3, 2, None))
    assert math.isnan(unpacked(Verdict, arrays).prior_ap_train)
    text = str(arrays["record"])
    for wrong in (text.replace("num_val", "num_vals"), text.replace("num_train", "x"), "{", "3"):
        with pytest.raises(ValueError, match="no Verdict"):
            unpacked(Verdict, {"record": np.array(wrong)})
    with pytest.raises(ValueError, match="no Evidence"):
        unpacked(Evidence, arrays)
