"""The public calls for PyTorch modules; torch is imported when they are called."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from partsjax.errors import InputError, nearest, needing, require_whole
from partsjax.networks.architectures import IMAGENET
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField

if TYPE_CHECKING:
    import pandas as pd  # takes long

_SIZE = 224


def from_torch(  # noqa: PLR0913 (options of a public call, by keyword)
    module,
    layers: Sequence[str] | str,
    *,
    name: str | None = None,
    input_size: int | None = None,
    preprocessing: Preprocessing | None = None,
    classes: Sequence[str] = (),
    layout: Mapping[str, str] | str | None = None,
    fields: Mapping[str, ReceptiveField] | None = None,
    route: str = "auto",
) -> Network:
    """A `Network` from a PyTorch module.

    The module is copied and put into eval mode. Its layers are read as maps [B, H, H, F] whatever their
    layout: [B, F, H, H], [B, H, H, F], tokens [B, prefix + H * H, F] without those before the map (CLS,
    registers), in a tensor or within a tuple, list, dictionary or dataclass. How each was read stands in
    `Network.notes`. Activations are taken as they are: a stimulus is a local maximum above 0.

    Class scores are what the module returns, [B, C]; they can be asked for from layers that nothing bypasses.
    The untrained network draws all parameters anew by its layers' `reset_parameters`.

    Args:
      module: a torch.nn.Module of images [B, 3, S, S].
      layers: the layers to measure, by the module's own names: "layer4", "blocks.11.mlp.act".
      name: shown in tables; the name of the module's class by default.
      input_size: S in pixels; by default what a timm module says, or 224.
      preprocessing: normalization of the input; by default what a timm module says, or torchvision's.
      classes: names of the C scores, in order.
      layout: "NCHW", "NHWC", "NCL", "tokens", or "5+tokens", of all layers or by layer; where it is not
        given it is found by changing parts of an image.
      fields: receptive fields already known; others are found, as in `make_network`.
      route: "torchax" (translated into JAX: compiled with the rest, on JAX's device, weights that can be
        permuted), "torch" (run by torch, called back from JAX), or "auto": torchax where it is installed and
        agrees with torch to 1e-4 of a layer's largest activation on two random images.

    Raises:
      InputError: torch is not installed, a layer does not exist, does not run or gives no map, the module
        fails, stays in training mode, or answers to an image by the others in its batch, or the route fails.
    """
    with needing("from_torch", "torch"):
        from partsjax.networks.pytorch.building import Wanted, built
        from partsjax.networks.pytorch.routes import ROUTES
    if route not in ROUTES:
        raise InputError(f"route={route!r}; {nearest(str(route), ROUTES)}")
    name = name or type(module).__name__.lower()
    layers = (layers,) if isinstance(layers, str) else tuple(dict.fromkeys(layers))
    said = pretrained_cfg(module)
    size = input_size or said.get("input_size", (3, _SIZE, _SIZE))[-1]
    require_whole(1, input_size=size)
    layout = dict.fromkeys(layers, layout) if isinstance(layout, str) else dict(layout or {})
    wanted = Wanted(
        name=name,
        layers=layers,
        input_size=int(size),
        preprocessing=preprocessing or normalization(said.get("mean"), said.get("std")),
        classes=tuple(classes),
        layout=layout,
        fields=dict(fields or {}),
        route=route,
    )
    return built(module, wanted)


def layers(module, input_size: int | None = None) -> "pd.DataFrame":
    """The layers of a PyTorch module that `from_torch` can be asked for, in the module's own order.

    Args:
      module: a torch.nn.Module of images [B, 3, S, S].
      input_size: S in pixels; by default what a timm module says, or 224.

    Returns:
      A row for each layer that runs on an image: `layer`, its name; `module`, its class; `shape`, of what it
      returns for one image; `layout`, how that can be read as a map, by its shape alone; empty: it cannot.

    Raises:
      InputError: torch is not installed, or the module fails.
    """
    with needing("layers", "torch"):
        from partsjax.networks.pytorch.listing import layer_table
    return layer_table(module, input_size or pretrained_cfg(module).get("input_size", (3, _SIZE, _SIZE))[-1])


def normalization(mean: Sequence[float] | None, std: Sequence[float] | None) -> Preprocessing:
    """From a mean and deviation of pixels in [0, 1]; torchvision's where there are none."""
    if mean is None or std is None:
        return IMAGENET
    return Preprocessing(*(tuple(255.0 * float(value) for value in values) for values in (mean, std)))


def pretrained_cfg(module) -> Mapping:
    """What a timm module says of its input; empty for others."""
    said = getattr(module, "pretrained_cfg", None)
    said = said.to_dict() if hasattr(said, "to_dict") else said
    return said if isinstance(said, Mapping) else {}
