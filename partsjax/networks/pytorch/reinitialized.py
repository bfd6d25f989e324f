"""A module anew: the same one with random weights, as its own layers draw them."""

import copy
import math

import torch
from torch.nn.utils import parametrize

from partsjax.errors import InputError

_SPREAD = 0.02  # of parameters that no layer draws, such as class tokens and position embeddings
_ONES = ("weight", "gamma", "scale")  # vectors that multiply: they start as ones


def reinitialized(name: str, module: torch.nn.Module, seed: int) -> tuple[torch.nn.Module, tuple[str, ...]]:
    """A copy whose every parameter is drawn anew from `seed`, and a note where its layers do not say how.

    Layers draw theirs by `reset_parameters`, which puts running means and variances back, too. Of other
    parameters, vectors called weight, gamma or scale become 1, other vectors 0, and all else (class tokens,
    position embeddings) is normal with a deviation of 0.02. (Our choice.)

    Raises:
      InputError: a weight is computed from parameters by a parametrization, whose start is not known.
    """
    device = next((tensor.device for tensor in module.parameters()), torch.device("cpu"))
    module = copy.deepcopy(module).cpu()  # so that a seed means the same everywhere
    parametrized = [place for place, part in module.named_modules() if parametrize.is_parametrized(part)]
    if parametrized:
        raise InputError(
            f"network {name}: weights of {parametrized[0]} are parametrized and cannot be drawn anew; "
            "remove that (torch.nn.utils.parametrize.remove_parametrizations), or leave the null `random` out"
        )
    others = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        for parameter in module.parameters():
            parameter.fill_(math.nan)  # what stays so was drawn by no layer
        for part in module.modules():
            reset = getattr(part, "reset_parameters", None) or getattr(part, "_reset_parameters", None)
            if callable(reset):
                reset()
        for key, parameter in module.named_parameters():
            if parameter.isnan().any():
                _draw(key, parameter)
                others.append(key)
    return module.to(device).eval().requires_grad_(False), _note(name, others)


def _draw(key: str, parameter: torch.Tensor) -> None:
    if parameter.ndim > 1:
        parameter.normal_(0, _SPREAD)
    else:
        parameter.fill_(float(any(word in key.rpartition(".")[2] for word in _ONES)))


def _note(name: str, others: list[str]) -> tuple[str, ...]:
    if not others:
        return ()
    shown = ", ".join(others[:3]) + (f" and {len(others) - 3} others" if len(others) > 3 else "")
    return (
        f"network {name}: no layer says how {shown} start; drawn anew as ones (scales), zeros (other "
        f"vectors) or with a deviation of {_SPREAD}",
    )
