"""What class scores rest on: measuring it, its result, and the question as a run asks it."""

from partsjax.runs.discriminativeness.asking import discriminate
from partsjax.runs.discriminativeness.result import DISCRIMINATIVENESS_FILES, Discriminativeness
from partsjax.runs.discriminativeness.run import (
    DISCRIMINATIVENESS_CODE,
    DiscriminativenessOptions,
    discriminativeness_question,
)

__all__ = [
    "DISCRIMINATIVENESS_CODE",
    "DISCRIMINATIVENESS_FILES",
    "Discriminativeness",
    "DiscriminativenessOptions",
    "discriminate",
    "discriminativeness_question",
]
