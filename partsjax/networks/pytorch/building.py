"""A PyTorch module, checked and made into a `Network`."""

import copy
import dataclasses
import difflib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from partsjax.errors import InputError, nearest
from partsjax.foreign import one_line
from partsjax.networks.make import make_network
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.networks.pytorch.layouts import layout_of, probes, tensors
from partsjax.networks.pytorch.permuting import permuted_module
from partsjax.networks.pytorch.reinitialized import reinitialized
from partsjax.networks.pytorch.routes import route_of
from partsjax.networks.pytorch.tapping import Entrance, Tapped, watch

_TOLERANCE = 1e-4  # of the largest activation: how far another image in the batch may change an image's


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is said of a module, as `from_torch` takes it."""

    name: str
    layers: tuple[str, ...]
    input_size: int
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    layout: Mapping[str, str]
    fields: Mapping[str, ReceptiveField]
    route: str


def built(module: torch.nn.Module, wanted: Wanted) -> Network:
    """The network; see `from_torch`."""
    who = f"network {wanted.name}"
    module = frozen(who, module)
    tapped = _tapped(who, module, wanted)
    images = probes(wanted.input_size, seed=1)[:2].to(tapped.entrance.device)
    _require_independence(who, tapped, images)
    return _network(tapped, wanted, wanted.fields)


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


def _tapped(who: str, module: torch.nn.Module, wanted: Wanted) -> Tapped:
    require_layers(who, module, wanted.layers)
    unknown = [layer for layer in wanted.layout if layer not in wanted.layers]
    if unknown:
        raise InputError(f"{who}: layout of {unknown[0]!r}; {nearest(unknown[0], wanted.layers)}")
    dtype, device = entrance(module)
    images = probes(wanted.input_size).to(device, dtype).permute(0, 3, 1, 2).contiguous()
    calls, order = Counter(), {}

    def count(layer, _output):
        calls[layer] += 1
        order[layer] = calls.total()

    output = ran(who, module, images, wanted.layers, count)
    unseen = [layer for layer in wanted.layers if layer not in calls]
    if unseen:
        raise InputError(f"{who}: layer {unseen[0]} does not run in the forward pass; name another")
    left, layouts = Counter(calls), {}

    def read(layer, output):
        left[layer] -= 1
        if left[layer] == 0:
            prefix = _prefix(module, layer)
            layouts[layer] = layout_of(layer, output, wanted.layout.get(layer), prefix)

    ran(who, module, images, wanted.layers, read)
    return Tapped(
        module=module,
        layouts={layer: layouts[layer] for layer in sorted(wanted.layers, key=order.__getitem__)},
        calls=dict(calls),
        scored=_scored(output),
        entrance=Entrance(wanted.input_size, dtype, device),
    )


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


def _require_independence(who: str, tapped: Tapped, images: torch.Tensor) -> None:
    layers = tuple(tapped.layouts)
    with torch.no_grad():
        one, other = (tapped.maps(batch, layers) for batch in (images, images[[0, 0]]))
    for layer in layers:
        largest = one[layer][0].abs().max().item()
        if not (one[layer][0] - other[layer][0]).abs().max().item() <= _TOLERANCE * largest:
            raise InputError(
                f"{who}: layer {layer}: the activation of an image depends on the others in its batch, or on "
                "chance; batch normalization needs running statistics, dropout eval mode"
            )


def _following(tapped: Tapped, images: torch.Tensor) -> frozenset[str]:
    """The layers from whose map alone the class scores follow: they are the same on another image."""
    found = set()
    if tapped.scored is None:
        return frozenset()
    with torch.no_grad():
        expected = tapped.scores(images)
        for layer, activation in tapped.maps(images, tuple(tapped.layouts)).items():
            if not (tapped.layouts[layer].prefix or tapped.layouts[layer].path or tapped.calls[layer] > 1):
                off = (tapped.scores_after(layer, activation) - expected).abs().max()
                if off <= _TOLERANCE * expected.abs().max():
                    found.add(layer)
    return frozenset(found)


def _network(tapped: Tapped, wanted: Wanted, fields: Mapping[str, ReceptiveField]) -> Network:
    who, layers = f"network {wanted.name}", tuple(tapped.layouts)
    images = probes(wanted.input_size, seed=1)[:2].to(tapped.entrance.device)
    route = route_of(tapped, images, wanted.route)
    following = _following(tapped, images)
    scores = layers[-1] in following

    def after(params, layer, activation):
        if layer not in following:
            raise InputError(f"{who}: class scores do not follow from the map of layer {layer} alone")
        return route.after(params, layer, activation)

    network = make_network(
        wanted.name,
        route.apply,
        route.params,
        input_size=wanted.input_size,
        layers=layers,
        fields=fields,
        preprocessing=wanted.preprocessing,
        after=after if scores else None,
        classes=wanted.classes if scores else (),
    )

    def untrained(seed: int) -> Network:
        module, notes = reinitialized(wanted.name, tapped.module, seed)
        other = dataclasses.replace(tapped, module=module)
        found = _network(other, dataclasses.replace(wanted, classes=()), network.fields)
        return dataclasses.replace(found, notes=(*found.notes, *notes))

    def permuted(seed: int) -> Network:
        module = permuted_module(wanted.name, tapped.module, seed)
        name = f"{wanted.name} with permuted weights"
        other = dataclasses.replace(wanted, name=name, classes=(), route="torch")
        found = _network(dataclasses.replace(tapped, module=module, scored=None), other, network.fields)
        return dataclasses.replace(found, untrained=None, permuted=None)

    notes = [f"{who}: {route.why}", *_read(who, tapped, images), *network.notes]
    if tapped.scored is not None and not scores:
        notes.append(
            f"{who}: class scores do not follow from the map of its last layer {layers[-1]} alone; left out"
        )
    return dataclasses.replace(
        network,
        untrained=untrained,
        permuted=None if route.shows_weights else permuted,
        notes=tuple(notes),
    )


def _read(who: str, tapped: Tapped, images: torch.Tensor) -> list[str]:
    """How layers were read, a line each."""
    with torch.no_grad():
        maps = tapped.maps(images, tuple(tapped.layouts))
    cells = {
        layer: f"{layer} {layout} {found.shape[1]}x{found.shape[1]}"
        for (layer, layout), found in zip(
            tapped.layouts.items(), (maps[layer] for layer in tapped.layouts), strict=True
        )
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
