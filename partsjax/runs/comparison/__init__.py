"""A run that trains, measures and compares several networks."""

from partsjax.runs.comparison.options import ComparisonOptions
from partsjax.runs.comparison.result import COMPARISON_FILES, Comparison
from partsjax.runs.comparison.run import COMPARISON_CODE, comparison_question

__all__ = ["COMPARISON_CODE", "COMPARISON_FILES", "Comparison", "ComparisonOptions", "comparison_question"]
