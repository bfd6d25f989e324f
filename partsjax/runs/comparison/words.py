"""What the networks of a comparison are and what they learned, for people to read."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from partsjax.reporting.comparison import TrainingFigures
from partsjax.reporting.training_table import METRICS
from partsjax.runs import manifest, workdir
from partsjax.runs.comparison.members import SCRATCH, Member
from partsjax.runs.supervision import TrainingOptions
from partsjax.supervision.objectives import OBJECTIVES

_TASKS = {
    "object": "windows around objects and background, as R-CNN",
    "image": "whole images, several labels each",
    "mil": "image labels alone, by the strongest position of a map per class",
    "cam": "image labels alone, by the mean over positions of a map per class",
    "wsddn": "image labels alone, by windows weighed against each other",
}


def origin(member: Member, net: str, training: TrainingOptions | None) -> str:
    """What a network is; net: what most of them are; training: of one that is trained here."""
    given = {
        "imagenet": "image classification on ImageNet, as installed with this package",
        "random": "untrained: random weights",
        "torchvision": "image classification on ImageNet, as torchvision publishes it",
        "places365": "scene classification on Places365, as its authors publish it",
    }
    if training is None:
        what = member.net if ":" in member.net else given.get(member.weights, member.weights)
        return what if member.net == net else f"{member.net}: {what}"
    task = _TASKS.get(training.supervision, training.supervision)
    layers = f"from {training.recipe.train_from} up" if training.recipe.train_from else "all layers"
    start = "random weights" if member.name == SCRATCH else training.weights
    return f"{task}; {layers}, {training.recipe.steps} steps, starting from {start}"


def train_images(trained: bool, halves: bool) -> str:
    """What they are used for, where a network is trained; halves: on one half, measured with the other."""
    if not trained:
        return ""
    if halves:
        return (
            "Networks were trained here on one half of the train images; regressors, sets and priors were "
            "fitted on the other half, for every network. On images that it was trained on, a network’s "
            "activations are not what they are on unseen images."
        )
    return (
        "Networks were trained here on the very images that regressors, sets and priors were fitted on. "
        "Their activations there are not what they are on unseen images, which counts against them."
    )


def size_notes(sizes: Mapping[int, Sequence[str]]) -> tuple[str, ...]:
    """The note where networks have inputs of different sizes; sizes: networks by side."""
    if len(sizes) < 2:
        return ()
    which = "; ".join(f"{', '.join(names)}: {side} pixels" for side, names in sorted(sizes.items()))
    return (f"networks see the same objects at different sizes ({which}); differences are paired by image",)


def training_figures(name: str, seed: int, options: TrainingOptions, folder: Path) -> TrainingFigures:
    """The headline metric of a trained network, from its manifest."""
    found = workdir.read_json(folder / "manifest.json")
    metric = OBJECTIVES[options.supervision].headline
    course = {int(step): figures for step, figures in found["metrics"].items()}
    first, last = min(course), max(course)
    return TrainingFigures(
        network=name,
        seed=seed,
        steps=last,
        metric=METRICS.get(metric, metric),
        before=_known(course[first].get(metric)),
        after=_known(course[last].get(metric)),
        baseline=_known(found["baselines"].get(metric)),
    )


def _known(value: float | None) -> float:
    return math.nan if value is None else float(value)


def facts(options, classes: Sequence[str]) -> list[tuple[str, str]]:
    """(name, value) pairs about a comparison; options: its own."""
    search, recipe = options.measuring.search, options.training.recipe
    of_training = [
        ("learning rate", f"{recipe.learning_rate:g}, {recipe.schedule}"),
        ("learning rate of new layers", f"{recipe.new_learning_rate:g}"),
        ("examples per step", str(recipe.batch_size)),
    ]
    return [
        ("classes", ", ".join(classes)),
        ("seeds", ", ".join(map(str, options.seeds))),
        ("search", f"{search.search}, detections of a set ranked by {search.score}"),
        ("seed of searches and intervals", str(options.measuring.seed)),
        *(of_training if options.trains else ()),
        *((f"version of {name}", version) for name, version in manifest.versions().items()),
    ]
