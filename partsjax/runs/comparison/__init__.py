"""A run that trains, measures and compares several networks."""

from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.comparison.run import OUTPUTS, compare

__all__ = ["OUTPUTS", "ComparisonOptions", "compare"]
