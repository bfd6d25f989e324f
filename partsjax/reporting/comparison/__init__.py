"""Networks side by side: the tables, files and page of a comparison."""

from partsjax.reporting.comparison.records import ComparisonReport, Figures, PartRow, Training
from partsjax.reporting.comparison.write import write_comparison_report

__all__ = ["ComparisonReport", "Figures", "PartRow", "Training", "write_comparison_report"]
