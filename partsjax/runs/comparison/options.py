"""What decides a comparison's results, and what of it decides each network's."""

import dataclasses

from partsjax.data.halves import HALVES
from partsjax.networks.weights.normalisation import WeightOptions
from partsjax.runs.comparison.members import SCRATCH, Member, members
from partsjax.runs.options import Options
from partsjax.runs.supervision import TrainingOptions
from partsjax.supervision.inputs import WINDOWS


@dataclasses.dataclass(frozen=True)
class ComparisonOptions:
    """What decides a comparison's results.

    networks, seeds: as `members` takes them; baseline: the network the others are compared with.
    measuring: of every network's emergence; its weights and other searches are left out. A layer
      "NAME:LAYER" is of that network alone, which is measured in such layers only.
    training: of every trained network; its supervision is what `scratch` learns from, its weights what the
      others start from. On shapeparts, which is drawn from the seed, other seeds see other training images.
    Windows are asked for where an objective knows such windows.
    train_on: "half": networks are trained on one half of the train images, and regressors, sets and priors of
      all networks are fitted on the other; "all": both on all of them, as everything is where no network is
      trained.
    scratch_steps: updates of `scratch`, None: as many as the others. It trains all layers, at the rate of
      layers that start from random values.
    """

    networks: tuple[str, ...]
    measuring: Options
    training: TrainingOptions
    seeds: tuple[int, ...] = (0,)
    baseline: str = "imagenet"
    train_on: str = "half"
    scratch_steps: int | None = None

    @property
    def trains(self) -> bool:
        """Whether any network is trained here."""
        return any(m.trained for m in members(self.networks, self.seeds, self.measuring.net))

    @property
    def halves(self) -> tuple[int | None, int | None]:
        """Which half networks are trained on, and which everything else is fitted on; None: all."""
        return HALVES if self.trains and self.train_on == "half" else (None, None)

    def training_of(self, member: Member) -> TrainingOptions:
        recipe, weights, objective = self.training.recipe, self.training.weights, member.name
        if member.name == SCRATCH:
            weights, objective = "random", self.training.supervision
            recipe = dataclasses.replace(
                recipe,
                steps=self.scratch_steps or recipe.steps,
                train_from="",
                learning_rate=recipe.new_learning_rate,
            )
        windows = recipe.windows if recipe.windows in WINDOWS.get(objective, ()) else ""
        return dataclasses.replace(
            self.training,
            weights=weights,
            file=self.training.file.of(weights),
            supervision=objective,
            recipe=dataclasses.replace(recipe, windows=windows),
            seed=member.seed,
            half=self.halves[0],
        )

    def measuring_of(self, member: Member, weights: str) -> Options:
        """Of a network with these weights: by the one search alone, beside its own nulls."""
        seed = member.seed if weights == "random" else None
        return dataclasses.replace(
            self.measuring,
            net=member.net,
            weights=weights,
            layers=self._layers(member),
            file=self.measuring.file.of(weights) if ":" not in member.net else WeightOptions(),
            weights_seed=seed,
            all_searches=False,
            half=self.halves[1],
        )

    def _layers(self, member: Member) -> tuple[str, ...]:
        """The network's own layers where some are named, else those named for no network in particular."""
        names = {network.partition("=")[0] for network in self.networks}
        own = {name: [] for name in (*names, "")}
        for layer in self.measuring.layers:
            name, colon, rest = layer.partition(":")
            own[name if colon and name in names else ""].append(rest if colon and name in names else layer)
        return tuple(own[member.name] or own[""])
