"""Studies of finished runs."""

from partsjax.runs.judging.preparing import Prepared, prepare_study
from partsjax.runs.judging.source import StudyRequest, finished_run

__all__ = ["Prepared", "StudyRequest", "finished_run", "prepare_study"]
