"""The report: one offline page of a run's verdicts, its pictures, and a page for every filter."""

from partsjax.reporting.report.records import EmergenceReport, FilterPage, PartPictures, Shown
from partsjax.reporting.report.write import write_emergence_report

__all__ = ["EmergenceReport", "FilterPage", "PartPictures", "Shown", "write_emergence_report"]
