"""Records as JSON and back: floats come back exactly."""

import dataclasses
from typing import Any

from partsjax.emergence.verdict import Estimate


def typed(kind, values: dict[str, Any]):
    """A record of `kind` from JSON, in which tuples and estimates have become lists."""
    types = {field.name: field.type for field in dataclasses.fields(kind)}

    def back(name, value):
        if not isinstance(value, list):
            return value
        return Estimate(*value) if types[name] is Estimate else tuple(value)

    return kind(**{name: back(name, value) for name, value in values.items()})
