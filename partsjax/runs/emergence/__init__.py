"""Emergence: measuring it, its result, and the question as a run asks it."""

from partsjax.runs.emergence.files import read
from partsjax.runs.emergence.measuring import measure
from partsjax.runs.emergence.result import Emergence
from partsjax.runs.emergence.run import EMERGENCE_CODE, emergence_question

__all__ = ["EMERGENCE_CODE", "Emergence", "emergence_question", "measure", "read"]
