"""The part of a run's options that decides its results."""

import dataclasses
from typing import Any


def deciding(options) -> dict[str, Any]:
    """A dataclass of options as nested dictionaries, without fields marked `decides: False`.

    A folder is claimed for these alone: a run that stopped for want of such a permission goes on with it.
    """
    return {
        field.name: deciding(value) if dataclasses.is_dataclass(value) else value
        for field in dataclasses.fields(options)
        if field.metadata.get("decides", True)
        for value in [getattr(options, field.name)]
    }
