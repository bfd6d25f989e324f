"""Emergence: measuring it, what comes of it, and the question as a run asks it."""

from partsjax.runs.emergence.measuring import measure
from partsjax.runs.emergence.question import MODULE, question
from partsjax.runs.emergence.result import Emergence

__all__ = ["MODULE", "Emergence", "measure", "question"]
