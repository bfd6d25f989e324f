"""A run that asks what class scores rest on."""

from partsjax.runs.discriminativeness.run import OUTPUTS, Question, measure

__all__ = ["OUTPUTS", "Question", "measure"]
