"""A training run: what it is fed, its log, its checkpoints."""

from partsjax.runs.supervision.run import OUTPUTS, TrainingOptions, train

__all__ = ["OUTPUTS", "TrainingOptions", "train"]
