"""Records as arrays and JSON, and back, exactly: whatever their fields are, nested and in tuples."""

import json
from collections.abc import Mapping
from typing import TypeVar

import cattrs
import numpy as np

Record = TypeVar("Record")


def packed(record) -> dict[str, np.ndarray]:
    """A dataclass as named arrays: those in it, and `record`, all else as JSON in UTF-8.

    Floats keep every bit.
    """
    arrays: dict[str, np.ndarray] = {}

    def put(array: np.ndarray) -> str:
        arrays[f"array{len(arrays)}"] = array
        return f"array{len(arrays) - 1}"

    converter = cattrs.Converter()
    converter.register_unstructure_hook(np.ndarray, put)
    text = json.dumps(converter.unstructure(record))
    return {"record": np.frombuffer(text.encode(), np.uint8), **arrays}


def unpacked(kind: type[Record], arrays: Mapping[str, np.ndarray]) -> Record:
    """The record of that `kind` which `packed` made `arrays` of.

    Raises:
      ValueError: it is none: a field is missing, has another type, or is not known.
    """
    converter = cattrs.Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_structure_hook(np.ndarray, lambda name, _: arrays[name])
    try:
        record = arrays["record"]
        text = record.tobytes() if record.dtype == np.uint8 else str(record)  # as they were written first
        return converter.structure(json.loads(text), kind)
    except Exception as error:  # of many kinds
        raise ValueError(f"no {kind.__name__}: {error}") from error
