"""A PyTorch module as it was given: copied, in eval mode, and run; what cannot be measured is refused."""

import copy
import difflib
from collections.abc import Callable, Sequence
from typing import Any

import torch

from partsjax.errors import InputError, nearest
from partsjax.foreign import one_line
from partsjax.networks.pytorch.tapping import Tapped, watch

TOLERANCE = 1e-4
"""Of the largest activation, or score: what differs by no more is the same."""


def frozen(who: str, module: torch.nn.Module) -> torch.nn.Module:
    """A copy in eval mode, without gradients for its parameters.

    Raises:
      InputError: it is no module, cannot be copied or looked into, has parameters without values, or a part
        of it stays in training mode.
    """
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"{who}: a {type(module).__name__}, not a torch.nn.Module")
    if isinstance(module, torch.jit.ScriptModule):
        raise InputError(
            f"{who}: TorchScript does not show its layers; give the module that it was made from"
        )
    try:
        module = copy.deepcopy(module).eval().requires_grad_(False)
    except Exception as error:
        raise InputError(f"{who}: the module cannot be copied: {one_line(error)}") from error
    training = [name or "it" for name, part in module.named_modules() if part.training]
    if training:
        raise InputError(
            f"{who}: {training[0]} stays in training mode after eval(); its `train` must pass the mode on"
        )
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        raise InputError(
            f"{who}: parameters have no values (they are on torch's device `meta`); load weights"
        )
    return module


def require_layers(who: str, module: torch.nn.Module, layers: Sequence[str]) -> None:
    """Raises `InputError` for no layer, or one that the module lacks, with the nearest of its names."""
    names = [name for name, _ in module.named_modules(remove_duplicate=False) if name]
    if not layers:
        raise InputError(f"{who}: no layers; name some, such as {names[-1] if names else 'layer4'!r}")
    for layer in layers:
        if layer not in names:
            near = difflib.get_close_matches(layer, names, n=5, cutoff=0) or names
            raise InputError(
                f"{who}: it has no layer {layer!r}; {nearest(layer, near)} (partsjax.layers: all)"
            )


def ran(who: str, module: torch.nn.Module, images: torch.Tensor, layers: Sequence[str], see: Callable) -> Any:
    """`watch` without gradients; what the module raises is one line."""
    try:
        with torch.no_grad():
            return watch(module, images, layers, see)
    except InputError as error:
        raise InputError(f"{who}: {error}") from error
    except Exception as error:
        raise InputError(
            f"{who}: the module failed on images {list(images.shape)}: {one_line(error)}"
        ) from error


def entrance(module: torch.nn.Module) -> tuple[torch.dtype, torch.device]:
    """Type and device of the input: those of the first parameter of real numbers."""
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            return tensor.dtype, tensor.device
    return torch.float32, torch.device("cpu")


def require_independence(who: str, tapped: Tapped, images: torch.Tensor) -> None:
    """Raises `InputError` where an image's activation depends on the others; images: [2, S, S, 3]."""
    layers = tuple(tapped.layouts)
    with torch.no_grad():
        one, other = (tapped.maps(batch, layers) for batch in (images, images[[0, 0]]))
    for layer in layers:
        largest = one[layer][0].abs().max().item()
        if not (one[layer][0] - other[layer][0]).abs().max().item() <= TOLERANCE * largest:
            raise InputError(
                f"{who}: layer {layer}: the activation of an image depends on the others in its batch, or on "
                "chance; batch normalization needs running statistics, dropout eval mode"
            )
