"""How the layers and the class scores of a PyTorch module are read, and what of that is to be said."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from partsjax.errors import InputError, nearest
from partsjax.networks.pytorch.checking import TOLERANCE, entrance, ran, require_layers
from partsjax.networks.pytorch.layouts import layout_of, probes, tensors
from partsjax.networks.pytorch.tapping import Entrance, Tapped


def tap(who: str, module: torch.nn.Module, size: int, layers: Sequence[str], layout: Mapping) -> Tapped:
    """The module with how its layers are read from images of `size` pixels; layout: where it is stated.

    Raises:
      InputError: there is no such layer, it does not run, or its output holds no map.
    """
    require_layers(who, module, layers)
    unknown = [layer for layer in layout if layer not in layers]
    if unknown:
        raise InputError(f"{who}: layout of {unknown[0]!r}; {nearest(unknown[0], layers)}")
    dtype, device = entrance(module)
    images = probes(size).to(device, dtype).permute(0, 3, 1, 2).contiguous()
    calls, order = Counter(), {}

    def count(layer, _output):
        calls[layer] += 1
        order[layer] = calls.total()

    output = ran(who, module, images, layers, count)
    unseen = [layer for layer in layers if layer not in calls]
    if unseen:
        raise InputError(f"{who}: layer {unseen[0]} does not run in the forward pass; name another")
    left, layouts = Counter(calls), {}

    def read(layer, output):
        left[layer] -= 1
        if left[layer] == 0:
            prefix = _prefix(module, layer)
            layouts[layer] = layout_of(layer, output, layout.get(layer), prefix)

    ran(who, module, images, layers, read)
    return Tapped(
        module=module,
        layouts={layer: layouts[layer] for layer in sorted(layers, key=order.__getitem__)},
        calls=dict(calls),
        scored=_scored(output),
        entrance=Entrance(size, dtype, device),
    )


def scoring_layers(tapped: Tapped, images: torch.Tensor) -> frozenset[str]:
    """The layers from whose map alone the class scores follow: they are the same on another image."""
    found = set()
    if tapped.scored is None:
        return frozenset()
    with torch.no_grad():
        expected = tapped.scores(images)
        for layer, activation in tapped.maps(images, tuple(tapped.layouts)).items():
            if not (tapped.layouts[layer].prefix or tapped.layouts[layer].path or tapped.calls[layer] > 1):
                off = (tapped.scores_after(layer, activation) - expected).abs().max()
                if off <= TOLERANCE * expected.abs().max():
                    found.add(layer)
    return frozenset(found)


def notes_on(who: str, tapped: Tapped, images: torch.Tensor) -> list[str]:
    """How layers were read, a line each."""
    with torch.no_grad():
        maps = tapped.maps(images, tuple(tapped.layouts))
    cells = {
        layer: f"{layer} {layout} {maps[layer].shape[1]}x{maps[layer].shape[1]}"
        for layer, layout in tapped.layouts.items()
    }
    notes = [f"{who}: layers read as {', '.join(cells.values())}"]
    negative = [layer for layer, found in maps.items() if (found < 0).any()]
    if negative:
        notes.append(
            f"{who}: layer {', '.join(negative)}: activations are negative, too; stimuli are "
            "local maxima above 0"
        )
    several = [layer for layer in tapped.layouts if tapped.calls[layer] > 1]
    if several:
        notes.append(
            f"{who}: layer {', '.join(several)}: runs several times in a forward pass; the last counts"
        )
    return notes


def _prefix(module: torch.nn.Module, layer: str) -> int | None:
    """Tokens before the map, where the layer or what holds it says so, as timm's do."""
    names = layer.split(".")
    for length in range(len(names), -1, -1):
        said = getattr(module.get_submodule(".".join(names[:length])), "num_prefix_tokens", None)
        if isinstance(said, int):
            return said
    return None


def _scored(output: Any) -> tuple | None:
    """Where class scores [B, C] lie in what the module returns: all of it, or its `logits`; None: nowhere."""
    for path, tensor in tensors(output):
        if tensor.ndim == 2 and path in ((), ("logits",)):
            return path
    return None
