"""Training: any network, under one kind of supervision; its result, and the question as a run asks it."""

from partsjax.runs.supervision.result import Trained
from partsjax.runs.supervision.run import TrainingOptions, supervision_question
from partsjax.runs.supervision.training import TRAINING_CODE, train

__all__ = ["TRAINING_CODE", "Trained", "TrainingOptions", "supervision_question", "train"]
