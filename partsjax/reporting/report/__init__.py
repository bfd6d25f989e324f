"""The report: one offline page of a run's verdicts, its pictures, and a page for every filter."""

from partsjax.reporting.report.records import Content, FilterPage, PartPictures, Shown
from partsjax.reporting.report.write import write_report

__all__ = ["Content", "FilterPage", "PartPictures", "Shown", "write_report"]
