"""Networks side by side: the tables, files and page of a comparison."""

from partsjax.reporting.comparison.records import Content, Figures, Part, Training
from partsjax.reporting.comparison.write import write_report

__all__ = ["Content", "Figures", "Part", "Training", "write_report"]
