"""The page of a discriminativeness run: filters and parts that class scores rest on, and what emerges."""

from partsjax.reporting.discriminative.discriminativeness_report import (
    Blacked,
    ClassPage,
    ClassUse,
    DiscriminativenessReport,
    FilterRow,
    PartRow,
)
from partsjax.reporting.discriminative.write_discriminativeness import write_discriminativeness_report

__all__ = [
    "Blacked",
    "ClassPage",
    "ClassUse",
    "DiscriminativenessReport",
    "FilterRow",
    "PartRow",
    "write_discriminativeness_report",
]
