"""Trained networks as orbax checkpoints: a folder of steps, each whole or not there."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from absl import logging

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.assembly import weights_digest
from partsjax.networks.initial import weight_shapes
from partsjax.networks.layers import LRN, Conv, Dense, MaxPool
from partsjax.networks.protocol import Preprocessing

WEIGHTS, ABOUT = "weights", "about"
"""The items of a step that make a network: arrays by our names, and what they are."""
_SEAL = "digest"
_LAYERS = {kind.__name__: kind for kind in (Conv, MaxPool, LRN, Dense)}


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A trained network: its table, its weights by our names, its classes, and how it came to be.

    classes: names of its scores, in order. objective: what it was trained for. step: after how many steps.
    """

    architecture: Architecture
    weights: dict[str, np.ndarray]
    classes: tuple[str, ...]
    objective: str
    step: int


def manager(folder: Path):
    """Orbax's manager of a folder of checkpoints, which keeps the newest and writes while one waits."""
    import orbax.checkpoint as ocp

    options = ocp.CheckpointManagerOptions(max_to_keep=1, enable_async_checkpointing=False)
    return ocp.CheckpointManager(Path(folder).absolute(), options=options)


def description(
    architecture: Architecture, classes: tuple[str, ...], objective: str, step: int
) -> dict[str, Any]:
    """What a checkpoint says of its network, for JSON; `read_checkpoint` reads it back."""
    table = dataclasses.asdict(architecture)
    for name in ("layers", "head"):
        layers = getattr(architecture, name)
        table[name] = [{"kind": type(layer).__name__, **dataclasses.asdict(layer)} for layer in layers]
    return {"architecture": table, "classes": list(classes), "objective": objective, "step": step}


def sealed(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """`about`, for JSON, with a digest of it and of the arrays: tensorstore does not see a flipped bit."""
    return {**about, _SEAL: weights_digest(json.dumps(about, sort_keys=True), arrays)}


def check_seal(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Raises ValueError where either is not what was `sealed`; what has no seal, of long ago, passes."""
    rest = {name: value for name, value in about.items() if name != _SEAL}
    if about.get(_SEAL, sealed(rest, arrays)[_SEAL]) != sealed(rest, arrays)[_SEAL]:
        raise ValueError("not what was written")


def read_checkpoint(path: Path) -> Checkpoint:
    """The newest finished step of a folder of checkpoints (`W/checkpoint`, or `W` itself).

    Raises:
      InputError: it holds no finished step, is damaged, or is no checkpoint of this package.
    """
    import orbax.checkpoint as ocp

    folder = Path(path).expanduser()
    if (folder / "checkpoint").is_dir():
        folder = folder / "checkpoint"
    with _quiet(), manager(folder) as steps:
        step = steps.latest_step()
        if step is None:
            raise InputError(
                f"--weights={path}: no finished checkpoint in this folder; let partsjax supervision reach "
                "its first one, or give a weight file"
            )
        here = folder / str(step)
        missing = [item for item in (WEIGHTS, ABOUT) if not (here / item).is_dir()]
        if missing:
            raise InputError(f"{here}: no checkpoint of partsjax: has no {' and no '.join(missing)}")
        wanted = {WEIGHTS: ocp.args.StandardRestore(), ABOUT: ocp.args.JsonRestore()}
        try:
            found = steps.restore(step, args=ocp.args.Composite(**wanted))
            about = found[ABOUT]
            architecture = _architecture(about["architecture"])
            weights = {name: np.asarray(value) for name, value in found[WEIGHTS].items()}
            check_seal(about, weights)
            checkpoint = Checkpoint(
                architecture, weights, tuple(about["classes"]), about["objective"], int(about["step"])
            )
        except Exception as error:  # whatever orbax and tensorstore raise on damaged files
            raise InputError(
                f"{here}: a half-written or damaged checkpoint ({_one_line(error)}); train again, or give "
                "another"
            ) from None
    _check(checkpoint, here)
    return checkpoint


def _check(checkpoint: Checkpoint, folder: Path) -> None:
    shapes = weight_shapes(checkpoint.architecture)
    wrong = [
        name
        for name, shape in shapes.items()
        if name not in checkpoint.weights or checkpoint.weights[name].shape != shape
    ]
    if wrong:
        raise InputError(f"{folder}: weights missing or misshapen: {', '.join(wrong)}; train again")
    broken = [name for name in shapes if not np.isfinite(checkpoint.weights[name]).all()]
    if broken:
        raise InputError(f"{folder}: NaN or infinite weights: {', '.join(broken)}; train again")


def _architecture(table: dict[str, Any]) -> Architecture:
    def layers(name: str) -> tuple:
        return tuple(
            _LAYERS[layer["kind"]](**{k: v for k, v in layer.items() if k != "kind"}) for layer in table[name]
        )

    preprocessing = Preprocessing(*(tuple(table["preprocessing"][name]) for name in ("mean", "std")))
    return Architecture(
        **{
            **table,
            "layers": layers("layers"),
            "head": layers("head"),
            "preprocessing": preprocessing,
            "default_layers": tuple(table["default_layers"]),
        }
    )


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without orbax's warnings, through absl, of what is done here on purpose."""
    before = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(before)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__
