"""Trained networks as orbax checkpoints: a folder of steps, each whole or not there."""

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from absl import logging

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.assembly import weights_digest
from partsjax.networks.heads import HeadTable
from partsjax.networks.layers import LRN, Conv, Dense, MaxPool
from partsjax.networks.protocol import Preprocessing

WEIGHTS, ABOUT = "weights", "about"
"""The items of a step that make a network: arrays by our names, and what they are."""
_SEAL = "digest"
_FORMAT = 2
_TABLES = (Conv, MaxPool, LRN, Dense, Architecture, HeadTable, Preprocessing)


@dataclasses.dataclass(frozen=True)
class CheckpointFacts:
    """What a checkpoint says of its network.

    network: its name. table: of a network of ours; of anyone's own, of the head that stands on it.
    classes: names of its scores, in order. objective: what it was trained for. step: after how many steps.
    """

    network: str
    table: Architecture | HeadTable
    classes: tuple[str, ...]
    objective: str
    step: int


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """A trained network: what it is, and its weights by the names of its module's state."""

    about: CheckpointFacts
    weights: dict[str, np.ndarray]


_KINDS = {kind.__name__: kind for kind in (*_TABLES, CheckpointFacts)}


def manager(folder: Path):
    """Orbax's manager of a folder of checkpoints, which keeps the newest and writes while one waits."""
    import orbax.checkpoint as ocp

    options = ocp.CheckpointManagerOptions(
        max_to_keep=1, enable_async_checkpointing=False, create=False, multiprocessing_options=_alone()
    )
    folder.mkdir(parents=True, exist_ok=True)
    return ocp.CheckpointManager(Path(folder).absolute(), options=options)


def _alone():
    """Lets this process read or write without the others: their disks may not be the same."""
    import orbax.checkpoint as ocp

    if jax.process_count() == 1:
        return ocp.options.MultiprocessingOptions()
    this = jax.process_index()
    return ocp.options.MultiprocessingOptions(this, {this}, barrier_sync_key_prefix=f"process{this}")


def flat_arrays(tree: Any) -> dict[str, np.ndarray]:
    """The arrays of nested dictionaries by name: `conv1/kernel`, ..."""
    leaves = jax.tree.flatten_with_path(tree)[0]
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.asarray(v) for path, v in leaves}


def written(about: CheckpointFacts, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """`about`, for JSON, sealed together with the network's arrays; `read_checkpoint` reads it back."""
    return sealed({"format": _FORMAT, "about": _encoded(about)}, arrays)


def sealed(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    """`about`, for JSON, with a digest of it and of the arrays: tensorstore does not see a flipped bit."""
    return {**about, _SEAL: weights_digest(json.dumps(about, sort_keys=True), arrays)}


def check_seal(about: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Raises ValueError where either is not what was `sealed`; what has no seal, of long ago, passes."""
    rest = {name: value for name, value in about.items() if name != _SEAL}
    if about.get(_SEAL, sealed(rest, arrays)[_SEAL]) != sealed(rest, arrays)[_SEAL]:
        raise ValueError("not what was written")


def stored_arrays():
    """Orbax's argument to restore an item's arrays, on this process's first device if need be.

    By itself orbax puts them where they were saved from, and fails where those devices are not.
    """
    import orbax.checkpoint as ocp

    return ocp.args.StandardRestore(
        fallback_sharding=jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
    )


def write_network(folder: Path, checkpoint: Checkpoint) -> None:
    """Writes a step that holds a network alone, without what a training needs to go on."""
    import orbax.checkpoint as ocp

    with manager(folder) as steps:
        weights = {WEIGHTS: ocp.args.StandardSave(checkpoint.weights)}
        about = {ABOUT: ocp.args.JsonSave(written(checkpoint.about, checkpoint.weights))}
        steps.save(checkpoint.about.step, args=ocp.args.Composite(**weights, **about))


def holds_checkpoint(path: Path) -> bool:
    """Whether a folder (`W/checkpoint`, or `W` itself) was written by training, finished or not."""
    folder = Path(path).expanduser()
    return any(any(place.glob(f"*/{ABOUT}")) for place in (folder / "checkpoint", folder))


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
        wanted = {WEIGHTS: stored_arrays(), ABOUT: ocp.args.JsonRestore()}
        try:
            found = steps.restore(step, args=ocp.args.Composite(**wanted))
            check_format(here, found[ABOUT])
            weights = flat_arrays(found[WEIGHTS])
            check_seal(found[ABOUT], weights)
            checkpoint = Checkpoint(_decoded(found[ABOUT]["about"]), weights)
        except InputError:
            raise
        except Exception as error:  # whatever orbax and tensorstore raise on damaged files
            raise InputError(
                f"{here}: a half-written or damaged checkpoint ({_one_line(error)}); train again, or give "
                "another"
            ) from None
    broken = [name for name, value in weights.items() if not np.isfinite(value).all()]
    if broken:
        raise InputError(f"{here}: NaN or infinite weights: {', '.join(broken)}; train again")
    return checkpoint


def check_format(folder: Path, about: Mapping[str, Any]) -> None:
    """Raises `InputError` for a checkpoint of another version of this package."""
    if about.get("format") != _FORMAT and _SEAL in about:
        raise InputError(f"{folder}: a checkpoint of another version of partsjax; train again")


def check_weights(where: str, checkpoint: Checkpoint, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raises `InputError` where the weights that a network needs are not in its checkpoint."""
    found = checkpoint.weights
    wrong = [name for name, shape in shapes.items() if name not in found or found[name].shape != shape]
    if wrong:
        raise InputError(f"{where}: weights missing or misshapen: {', '.join(wrong)}; train again")


def _encoded(value: Any) -> Any:
    """A record of tables, for JSON."""
    if dataclasses.is_dataclass(value):
        of = {field.name: _encoded(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"kind": type(value).__name__, **of}
    return [_encoded(item) for item in value] if isinstance(value, tuple) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, dict):
        return _KINDS[value["kind"]](**{name: _decoded(v) for name, v in value.items() if name != "kind"})
    return tuple(map(_decoded, value)) if isinstance(value, list) else value


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
