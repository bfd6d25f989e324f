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


def anything(kind, inside=()):
    """Records of a kind, every field of it drawn by its type: also of fields that come later.

    inside: the kinds it is a field of; one that holds itself holds no further mappings.
    """
    if kind is np.ndarray:
        return ARRAYS
    if dataclasses.is_dataclass(kind):
        types = typing.get_type_hints(kind)
        fields = [field.name for field in dataclasses.fields(kind)]
        drawn = {name: types[name] for name in fields}
        if kind in inside:
            drawn = {name: of for name, of in drawn.items() if not _is_mapping(of)}
        return st.builds(kind, **{name: anything(of, (*inside, kind)) for name, of in drawn.items()})
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple and of[-1] is Ellipsis:
        return st.lists(anything(of[0], inside), max_size=2).map(tuple)
    if _is_mapping(kind):
        return st.dictionaries(st.text(), anything(of[-1], inside), max_size=2)
    return st.from_type(kind)


def _is_mapping(kind) -> bool:
    of = typing.get_args(kind)
    return typing.get_origin(kind) not in (None, tuple) and bool(of) and dataclasses.is_dataclass(of[-1])


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
    assert math.isnan(unpacked(Verdict, arrays).q_value)
    text = arrays["record"].tobytes().decode()
    for wrong in (text.replace("num_val", "num_vals"), text.replace("num_train", "x"), "{", "3"):
        with pytest.raises(ValueError, match="no Verdict"):
            unpacked(Verdict, {"record": np.frombuffer(wrong.encode(), np.uint8)})
    with pytest.raises(ValueError, match="no Evidence"):
        unpacked(Evidence, arrays)


def test_text_takes_a_byte_a_letter_and_what_took_four_is_read():
    """As results were written that people have."""
    verdict = Verdict("conv5", "hôrse", "head", 3, 2, None)
    record = packed(verdict)["record"]
    text = record.tobytes().decode()
    assert record.nbytes == len(text) and "num_train" in text
    assert same(unpacked(Verdict, {"record": np.array(text)}), verdict)
