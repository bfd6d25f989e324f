"""What is asked of a training, whatever the network and the dataset."""

import dataclasses

from partsjax.errors import InputError, nearest, require_whole
from partsjax.supervision.objectives import OBJECTIVES, Objective
from partsjax.supervision.recipe import SCHEDULES, Recipe


@dataclasses.dataclass(frozen=True)
class TrainingRequest:
    """supervision: one of OBJECTIVES. limit: about as many objects per class and split, None: all.

    seed: of new layers, of the order of examples and of what is drawn for them, and of dropout.
    """

    supervision: str
    recipe: Recipe
    limit: int | None
    seed: int

    def __post_init__(self):
        name, recipe = self.supervision, self.recipe
        require_whole(0, seed=self.seed, hidden=recipe.hidden)
        least = {
            "steps": recipe.steps,
            "batch_size": recipe.batch_size,
            "evaluate_every": recipe.evaluate_every,
        }
        optional = {"limit": self.limit, "image_size": recipe.image_size, "val_limit": recipe.val_limit}
        require_whole(1, **least, **{key: value for key, value in optional.items() if value is not None})
        if name not in OBJECTIVES:
            raise InputError(f"supervision={name}: no such objective; {nearest(name, OBJECTIVES)}")
        if recipe.schedule not in SCHEDULES:
            raise InputError(
                f"schedule={recipe.schedule}: no such schedule; {nearest(recipe.schedule, SCHEDULES)}"
            )
        if name == "wsddn" and not recipe.hidden:
            raise InputError("hidden=0: wsddn's two streams need a hidden layer; leave hidden out")

    @property
    def objective(self) -> Objective:
        return OBJECTIVES[self.supervision]

    def score_names(self, classes: list[str]) -> tuple[str, ...]:
        """Names of the scores of a network that is trained for it."""
        return (*classes, *(("background",) * (self.objective.scores(len(classes)) - len(classes))))
