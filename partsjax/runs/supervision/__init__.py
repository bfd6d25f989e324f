"""Training: any network, under one kind of supervision; what comes of it, and the question a run asks."""

from partsjax.runs.supervision.result import Trained
from partsjax.runs.supervision.run import TrainingOptions, question
from partsjax.runs.supervision.training import MODULE, train

__all__ = ["MODULE", "Trained", "TrainingOptions", "question", "train"]
