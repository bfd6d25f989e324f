"""The report: one offline page of a run's verdicts, its pictures, and a page for every filter."""

from partsjax.reporting.report.records import Content, FilterPage, PartPictures, Shown

__all__ = ["Content", "FilterPage", "PartPictures", "Shown"]
