"""The tiny network as it comes out of a made-up training: its weights are those of the trained seed."""

import dataclasses
import json
from pathlib import Path

from partsjax.runs import stages, supervision, workdir
from tests import tiny


def network(weights: str = "imagenet", seed: int = 0):
    """`weights` may be a folder that `train` wrote."""
    trained = Path(weights) / "seed.json"
    if trained.exists():
        return tiny.network(seed=json.loads(trained.read_text()))
    return tiny.network(weights, seed=seed if weights == "random" else 1)


def wider(weights: str = "imagenet"):
    """Another architecture: a larger input, and layers of other names, but for one."""
    found, names = tiny.network(weights, seed=2), {"conv1": "conv1", "block": "conv2"}

    def apply(params, images, layers):
        maps = found.apply(params, images, tuple(names[layer] for layer in layers))
        return {layer: maps[names[layer]] for layer in layers}

    return dataclasses.replace(
        found,
        name="wider",
        apply=apply,
        fields={layer: found.fields[name] for layer, name in names.items()},
        input_size=72,
        default_layers=("conv1", "block"),
    )


def train(options, folder, context) -> None:
    """Leaves what a training run leaves, as far as a comparison looks at it; writes down that it ran."""
    with workdir.locked_folder(folder):
        workdir.claim(folder, dataclasses.asdict(options))
        number = {"object": 100, "image": 200, "scratch": 300}[options.supervision] + options.seed
        workdir.write_json(folder / "checkpoint" / "seed.json", number)
        with open(folder / "ran", "a") as file:
            file.write("once\n")
        metrics = {0: {"top1": 0.2, "map": 0.3}, options.recipe.steps: {"top1": 0.75, "map": 0.5}}
        workdir.write_json(
            folder / "manifest.json",
            {
                "options": dataclasses.asdict(options),
                "code_version": stages.key(supervision.TRAINING_CODE),
                "metrics": metrics,
                "baselines": {"top1": 0.25},
                "files": {},
            },
        )
