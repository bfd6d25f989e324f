"""The page of a discriminativeness run: filters and parts that class scores rest on, and what emerges."""

from partsjax.reporting.discriminative.records import (
    Blacked,
    ClassPage,
    Content,
    FilterRow,
    PartRow,
    Use,
)
from partsjax.reporting.discriminative.write import short, write_report

__all__ = [
    "Blacked",
    "ClassPage",
    "Content",
    "FilterRow",
    "PartRow",
    "Use",
    "short",
    "write_report",
]
