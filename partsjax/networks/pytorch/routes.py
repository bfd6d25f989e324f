"""Two ways from a PyTorch module to a function of JAX: its own forward pass, or a translation by torchax."""

import dataclasses
import importlib.util
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from flax import nnx

from partsjax.errors import InputError
from partsjax.foreign import one_line
from partsjax.networks.pytorch.callback import Host, as_jax
from partsjax.networks.pytorch.fingerprint import module_digest
from partsjax.networks.pytorch.tapping import Tapped

ROUTES = ("auto", "torchax", "torch")
_TOLERANCE = 1e-4  # of the largest activation


@dataclasses.dataclass(frozen=True, eq=False)
class Route:
    """Params, `apply` and `after` as a `Network` has them.

    why: this way, for a note. shows_weights: params are the module's own.
    """

    params: Any
    apply: Callable
    after: Callable
    why: str
    shows_weights: bool


def route_of(tapped: Tapped, images: torch.Tensor, asked: str) -> Route:
    """The way asked for; "auto": torchax where it is installed and right, else torch.

    Args:
      images: two, [2, S, S, 3], on which torchax must agree with torch, to 1e-4 of a layer's
        largest activation.

    Raises:
      InputError: torchax is asked for, and is not there, fails, or differs.
    """
    if asked == "torch":
        return _by_torch(tapped, "as asked")
    try:
        if importlib.util.find_spec("torchax") is None:
            raise InputError("torchax is not installed")
        route = _by_torchax(tapped)
        _compare(route, tapped, images)
    except InputError as error:
        if asked == "torchax":
            raise InputError(f"route='torchax': {error}; use route='torch'") from error
        return _by_torch(tapped, str(error))
    return route


def _by_torch(tapped: Tapped, why: str) -> Route:
    """Its program calls back to torch and shows no weights: a fingerprint of the module is in their place."""
    if jax.device_count() > 1:  # calls from one device wait for the others, which wait for a thread
        raise InputError(
            f"a module run by torch needs a single device of JAX, and there are {jax.device_count()}: set "
            "JAX_NUM_CPU_DEVICES=1 (on the command line write --net=torch:package.module:function), or "
            "CUDA_VISIBLE_DEVICES=0, or install torchax"
        )
    layouts = sorted((layer, str(layout)) for layer, layout in tapped.layouts.items())
    fingerprint = module_digest(tapped.module) + repr(layouts).encode()
    host = Host(tapped.entrance.device, np.frombuffer(fingerprint, np.uint8))
    seen: dict[tuple, list[tuple[int, ...]]] = {}

    def shapes(images: Sequence[int], layers: tuple[str, ...]) -> list[tuple[int, ...]]:
        if (images, layers) not in seen:
            with torch.no_grad():
                found = tapped.maps(torch.zeros(1, *images[1:], device=tapped.entrance.device), layers)
            seen[images, layers] = [(images[0], *found[layer].shape[1:]) for layer in layers]
        return seen[images, layers]

    def apply(params, images, layers):
        def maps(images):
            found = tapped.maps(images, layers)
            return [found[layer] for layer in layers]

        found = as_jax(maps, shapes(images.shape, tuple(layers)), host)(images)
        return dict(zip(layers, found, strict=True))

    def after(params, layer, activation):
        def of(activation):
            return [tapped.scores_after(layer, activation)]

        with torch.no_grad():
            like = of(torch.zeros(1, *activation.shape[1:], device=tapped.entrance.device))[0]
        return as_jax(of, [(activation.shape[0], like.shape[1])], host)(activation)[0]

    return Route({}, apply, after, f"run by torch, outside of JAX ({why})", False)


def _by_torchax(tapped: Tapped) -> Route:
    try:
        import torchax

        environment = torchax.default_env()
        running = _Running(tapped)
        params = environment.t2j_copy(dict(running.named_parameters()))
        buffers = environment.t2j_copy(dict(running.named_buffers()))
        params |= {name: nnx.BatchStat(array) for name, array in buffers.items()}  # training leaves them
    except Exception as error:
        raise InputError(f"torchax failed: {one_line(error)}") from error

    def run(params, array, question):
        held = {name: v[...] if isinstance(v, nnx.Variable) else v for name, v in params.items()}
        with environment:
            given = environment.j2t_iso((held, array))
            of = torch.func.functional_call(running, given[0], (given[1], question))
        return environment.t2j_iso(of)

    def apply(params, images, layers):
        return run(params, jnp.asarray(images), lambda images: tapped.maps(images, layers))

    def after(params, layer, activation):
        return run(params, jnp.asarray(activation), lambda maps: tapped.scores_after(layer, maps))

    return Route(params, apply, after, f"translated by torchax {torchax.__version__}", True)


class _Running(torch.nn.Module):
    """Holds a module, so that what is asked of it runs with other parameters in their places."""

    def __init__(self, tapped: Tapped):
        super().__init__()
        self.module = tapped.module

    def forward(self, array: torch.Tensor, question: Callable) -> Mapping[str, torch.Tensor] | torch.Tensor:
        return question(array)


def _compare(route: Route, tapped: Tapped, images: torch.Tensor) -> None:
    layers = tuple(tapped.layouts)
    with torch.no_grad():
        expected = tapped.maps(images, layers)
    try:
        with jax.default_matmul_precision("highest"):
            found = jax.jit(route.apply, static_argnums=2)(route.params, images.cpu().numpy(), layers)
    except Exception as error:
        raise InputError(f"torchax failed: {one_line(error)}") from error
    for layer in layers:
        right = expected[layer].cpu().numpy()
        same_shape = found[layer].shape == right.shape
        off = (
            np.abs(np.asarray(found[layer]) - right).max() / max(np.abs(right).max(), 1e-30)
            if same_shape
            else 1
        )
        if not off <= _TOLERANCE:
            raise InputError(
                f"torchax differs from torch at layer {layer}, by {off:.1g} of its largest activation"
            )
