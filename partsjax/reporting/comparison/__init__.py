"""Networks side by side: the tables, files and page of a comparison."""

from partsjax.reporting.comparison.comparison_report import (
    ComparedPart,
    ComparisonReport,
    Figures,
    NetworkPair,
    TrainingFigures,
)
from partsjax.reporting.comparison.write_comparison import write_comparison_report

__all__ = [
    "ComparedPart",
    "ComparisonReport",
    "Figures",
    "NetworkPair",
    "TrainingFigures",
    "write_comparison_report",
]
