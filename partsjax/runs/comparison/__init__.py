"""A run that trains, measures and compares several networks."""

from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.comparison.result import OUTPUTS, Comparison
from partsjax.runs.comparison.run import MODULE, question

__all__ = ["MODULE", "OUTPUTS", "Comparison", "ComparisonOptions", "question"]
