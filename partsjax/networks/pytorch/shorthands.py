"""PyTorch modules by name: those of timm, torchvision and Hugging Face, and functions of one's own."""

import dataclasses
import functools
import importlib
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from partsjax.errors import InputError, needing
from partsjax.foreign import one_line
from partsjax.networks.bases import unrotated
from partsjax.networks.protocol import Network
from partsjax.networks.pytorch.entry import from_torch, layers, normalization
from partsjax.networks.users import users_network
from partsjax.networks.weights.checkpoints import holds_checkpoint

_PRETRAINED = ("imagenet", "pretrained")  # the first is what --weights is where it is not given


@dataclasses.dataclass(frozen=True)
class NamedModule:
    """A library's module, and what the library says of its input: `from_torch`'s arguments."""

    module: Any
    stated: dict[str, Any] = dataclasses.field(default_factory=dict)


def is_torch(net: str) -> bool:
    """Whether `net` names a PyTorch module: "torch:package.module:function", or "timm:NAME" and the like."""
    kind, colon, _ = net.partition(":")
    return bool(colon) and kind in ("torch", *_LIBRARIES)


def torch_network(net: str, *, weights: str, layers: Sequence[str], seed: int, dtype: str) -> Network:
    """The network that `net` names.

    Args:
      weights: "pretrained" (or "imagenet"), "random", or the path of a state dict; a function of one's own
        gets it as it is, like `seed` and `dtype`, where it has such parameters.
      layers: of a module; () where the function returns a `Network`.

    Raises:
      InputError: no torch or no such library is installed, it has no such module, weights do not fit, no
        layers of a module are named, or what `from_torch` raises.
    """
    if holds_checkpoint(Path(weights)):
        raise InputError(
            f"--weights={weights}: a checkpoint that partsjax wrote, not a state dict of --net={net}; what "
            "pj.train made of a PyTorch module is measured in the notebook: pj.measure(trained.network, ...)"
        )
    with needing(f"--net={net}", "torch"):
        import torch
    kind, _, name = net.partition(":")
    if kind == "torch":
        made = functools.partial(_made, net, layers)
        return users_network(name, weights=weights, seed=seed, dtype=dtype, made=made)
    if dtype != "float32":
        raise InputError(f"--dtype={dtype}: a PyTorch module computes in its own type; leave it out")
    library = _library(net, _LIBRARIES[kind][0])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            found = _LIBRARIES[kind][1](library, name, weights in _PRETRAINED)
        except Exception as error:
            raise InputError(f"--net={net}: {library.__name__} failed: {one_line(error)}") from error
    if weights not in (*_PRETRAINED, "random"):
        _load(found.module, net, Path(weights).expanduser())
    network = _made(net, layers, found.module, name=name, **found.stated)

    def untrained(seed: int) -> Network:
        return torch_network(net, weights="random", layers=layers, seed=seed, dtype=dtype)

    return dataclasses.replace(network, untrained=untrained)


def _made(net: str, named: Sequence[str], found: Any, **stated) -> Any:
    """The network of a module; what is no module as it is."""
    import torch

    if not isinstance(found, torch.nn.Module):
        return found
    if not named or tuple(named) == ("all",):
        maps = layers(found, stated.get("input_size"))
        maps = maps.layer[maps.layout != ""]
        raise InputError(f"--net={net}: name layers of the module, --layers=NAME,...: {', '.join(maps)}")
    return from_torch(found, [unrotated(layer) for layer in named], **stated)


def _library(net: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise InputError(f"--net={net}: {name} needs {error.name}, which is not installed") from error
        raise InputError(f"--net={net}: {name} is not installed: pip install {name}") from error
    except Exception as error:
        raise InputError(f"--net={net}: {name} cannot be imported: {one_line(error)}") from error


def _of_timm(timm: ModuleType, name: str, pretrained: bool) -> NamedModule:
    return NamedModule(timm.create_model(name, pretrained=pretrained))  # says its input itself


def _of_torchvision(torchvision: ModuleType, name: str, pretrained: bool) -> NamedModule:
    weights = torchvision.models.get_model_weights(name).DEFAULT
    module = torchvision.models.get_model(name, weights=weights if pretrained else None)
    taken = weights.transforms()
    return NamedModule(
        module,
        {
            "input_size": taken.crop_size[0],
            "preprocessing": normalization(taken.mean, taken.std),
            "classes": tuple(weights.meta.get("categories", ())) if pretrained else (),
        },
    )


def _of_hugging_face(transformers: ModuleType, name: str, pretrained: bool) -> NamedModule:
    config = transformers.AutoConfig.from_pretrained(name)
    if pretrained:
        module = transformers.AutoModel.from_pretrained(name)
    else:
        module = transformers.AutoModel.from_config(config)
    taken = transformers.AutoImageProcessor.from_pretrained(name)
    sides = {**(getattr(taken, "size", None) or {}), **(getattr(taken, "crop_size", None) or {})}
    size = sides.get("height") or sides.get("shortest_edge") or getattr(config, "image_size", None)
    return NamedModule(
        getattr(module, "vision_model", module),  # of two towers, such as CLIP's
        {
            "input_size": size,
            "preprocessing": normalization(
                getattr(taken, "image_mean", None), getattr(taken, "image_std", None)
            ),
        },
    )


_LIBRARIES = {
    "timm": ("timm", _of_timm),
    "torchvision": ("torchvision", _of_torchvision),
    "hf": ("transformers", _of_hugging_face),
}


def _load(module: Any, net: str, path: Path) -> None:
    """Puts a file's state dict into a module; nothing in the file is run."""
    import safetensors.torch
    import torch

    try:
        if path.suffix == ".safetensors":
            state = safetensors.torch.load_file(path)
        else:
            state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(f"--weights={path}: cannot be read: {one_line(error)}") from error
    for key in ("state_dict", "model"):
        state = state.get(key, state) if isinstance(state, dict) else {}
    expected = module.state_dict()
    wrong = {
        "lacks": expected.keys() - state.keys(),
        "has besides": state.keys() - expected.keys(),
        "has in another shape": {
            key for key in expected.keys() & state.keys() if state[key].shape != expected[key].shape
        },
    }
    said = [
        f"{what} {', '.join(sorted(keys)[:3])}{f' and {len(keys) - 3} more' if len(keys) > 3 else ''}"
        for what, keys in wrong.items()
        if keys
    ]
    if said:
        raise InputError(f"--weights={path}: does not fit --net={net}: it {'; it '.join(said)}")
    module.load_state_dict(state)
