"""What a study found: tables, and a page."""

from partsjax.reporting.judging.judging_report import JudgingReport
from partsjax.reporting.judging.write_judging import write_judging_report

__all__ = ["JudgingReport", "write_judging_report"]
