"""Activations of a PyTorch module's layers by forward hooks, no further than the deepest asked for."""

import contextlib
import dataclasses
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from partsjax.networks.pytorch.layouts import Layout, within


class _Done(BaseException):
    """Ends a forward pass; no Exception, so that no module catches it."""


def watch(module: torch.nn.Module, images: torch.Tensor, layers: Sequence[str], see: Callable) -> Any:
    """What the module returns; `see(layer, output)` is called whenever a layer has run.

    What `see` returns takes the place of the output, unless it is None. images: [B, 3, S, S].
    """

    def hook_of(layer):
        return lambda _module, _inputs, output: see(layer, output)

    hooks = []
    try:
        hooks += [module.get_submodule(layer).register_forward_hook(hook_of(layer)) for layer in layers]
        return module(images)
    finally:
        for hook in hooks:
            hook.remove()


@dataclasses.dataclass(frozen=True)
class Entrance:
    """Images as a module takes them: of `size` pixels a side, of this type, on this device."""

    size: int
    dtype: torch.dtype
    device: torch.device


@dataclasses.dataclass(frozen=True, eq=False)
class Tapped:
    """A module and how its layers are read.

    Attributes:
      module: in eval mode; nobody else's.
      layouts: of every layer, in forward order.
      calls: how often each layer runs in a forward pass; the last one counts.
      scored: where class scores [B, C] lie in what the module returns; None: nowhere.
      entrance: what it takes.
    """

    module: torch.nn.Module
    layouts: Mapping[str, Layout]
    calls: Mapping[str, int]
    scored: tuple[str | int, ...] | None
    entrance: Entrance
    _lock: Any = dataclasses.field(default_factory=threading.RLock)  # hooks are the module's

    def maps(self, images: torch.Tensor, layers: Sequence[str]) -> dict[str, torch.Tensor]:
        """layer -> float32 [B, H, W, C] of images [B, S, S, 3]; the pass ends with the deepest layer."""
        left, found = {layer: self.calls[layer] for layer in layers}, {}

        def see(layer, output):
            left[layer] -= 1
            if left[layer] == 0:  # a copy: what follows may work in place
                found[layer] = self.layouts[layer].map_of(output).to(torch.float32).clone()
                if len(found) == len(left):
                    raise _Done

        with contextlib.suppress(_Done):
            self._run(images, layers, see)
        return found

    def scores(self, images: torch.Tensor) -> torch.Tensor:
        """Class scores, float32 [B, C], of images [B, S, S, 3]."""
        return self._scores(images, (), lambda _layer, _output: None)

    def scores_after(self, layer: str, activation: torch.Tensor) -> torch.Tensor:
        """Class scores, float32 [B, C], where a layer's map is `activation` [B, H, W, C]."""
        size = self.entrance.size
        images = torch.zeros(activation.shape[0], size, size, 3, device=activation.device)
        output = self.layouts[layer].output_of(activation.to(self.entrance.dtype))
        return self._scores(images, (layer,), lambda _layer, _output: output)

    def _scores(self, images: torch.Tensor, layers: Sequence[str], see: Callable) -> torch.Tensor:
        return within(self._run(images, layers, see), self.scored).to(torch.float32)

    def _run(self, images: torch.Tensor, layers: Sequence[str], see: Callable) -> Any:
        entering = images.permute(0, 3, 1, 2).to(self.entrance.dtype).contiguous()
        with self._lock:
            return watch(self.module, entering, layers, see)
