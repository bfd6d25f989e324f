"""What class scores rest on: asking it, what comes of it, and the question as a run asks it."""

from partsjax.runs.discriminativeness.asking import discriminate
from partsjax.runs.discriminativeness.result import OUTPUTS, Discriminativeness
from partsjax.runs.discriminativeness.run import MODULE, DiscriminativenessOptions, question

__all__ = ["MODULE", "OUTPUTS", "Discriminativeness", "DiscriminativenessOptions", "discriminate", "question"]
