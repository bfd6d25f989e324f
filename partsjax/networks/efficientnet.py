"""EfficientNet-Lite0, a classifier of 2020 made of inverted residual blocks, on ImageNet's 1,000 classes.

Tan & Le 2019, "EfficientNet", table 1, in the variant "Lite" (2020): no squeeze and excitation, ReLU6 for
swish, stem and head of fixed width. A block widens its map (1x1), convolves every channel for itself
(depthwise, k x k) and narrows it again (1x1, without a ReLU: Sandler et al. 2018, "MobileNetV2"); where the
shape allows, its input is added. Batch normalization is folded into the convolutions. Padding is TensorFlow's
"SAME": at a stride of 2 the pixel that is left over lies at the far border.
"""

import dataclasses
from collections.abc import Iterator, Mapping

import jax
import jax.numpy as jnp

from partsjax.errors import InputError
from partsjax.networks.assembly import weights_digest
from partsjax.networks.efficientnet_table import (
    BLOCKS,
    DEFAULT_LAYERS,
    HEAD,
    LAYERS,
    LINEAR,
    SCORES,
    STEM,
    Block,
    random_weights,
)
from partsjax.networks.imagenet_classes import imagenet_synsets
from partsjax.networks.make import make_network
from partsjax.networks.protocol import Network, Preprocessing
from partsjax.networks.weights.efficientnet import read_efficientnet
from partsjax.ops.precision import matmul_precision

INPUT_SIZE = 224
_INPUT = Preprocessing(mean=(127.0,) * 3, std=(128.0,) * 3)


def efficientnet_lite0(weights: str = "imagenet", seed: int = 0, dtype: str = "float32") -> Network:
    """EfficientNet-Lite0 as the pipeline sees it, in the way of a user's own function.

    Its layers are `stem`, `block1` to `block16` and `head`, after a ReLU6; a block's are its depthwise
    convolution's (our choice: within a block only the widened maps are rectified, and these are the last).
    `block1_linear` to `block16_linear` are what blocks give, residuals added: without a ReLU, of both signs.

    Args:
      weights: "imagenet" (installed, whole), "random" (`random_weights` from `seed`, without class scores),
        or a file with the tensors of the former, under its names.
      dtype: of the computation; weights are kept in float32.

    Raises:
      InputError: a file that does not fit.
    """
    params = random_weights(seed) if weights == "random" else read_efficientnet(weights)
    classes = len(params.get(f"{SCORES}/bias", ()))
    synsets = imagenet_synsets()

    def apply(params, images, layers):
        return _activations(params, images.astype(dtype), layers)

    def after(params, layer, activation):
        return scores_from(params, layer, activation.astype(dtype))

    network = make_network(
        "efficientnet_lite0",
        apply,
        {name: jnp.asarray(value) for name, value in params.items()},
        input_size=INPUT_SIZE,
        layers=LAYERS,
        default_layers=DEFAULT_LAYERS,
        preprocessing=_INPUT,
        after=after if classes else None,
        classes=synsets if classes == len(synsets) else (),
        digest=weights_digest(f"{BLOCKS!r} {_INPUT!r} {dtype}", params),
    )
    return dataclasses.replace(network, untrained=lambda seed: efficientnet_lite0("random", seed, dtype))


def scores_from(params: Mapping[str, jax.Array], layer: str, x: jax.Array) -> jax.Array:
    """The class scores, float32 [B, C], from a layer's activation [B, H, H, F].

    Raises:
      InputError: they do not follow from it alone, as those units of a block whose input is added.
    """
    if layer != HEAD:
        *_, (_, x) = _maps(params, *_after(params, layer, x))
    kernel, bias = params[f"{SCORES}/kernel"], params[f"{SCORES}/bias"]
    pooled = x.mean((1, 2), dtype=jnp.float32)
    return jnp.matmul(pooled, kernel, precision=jax.lax.Precision.HIGHEST) + bias


def _activations(
    params: Mapping[str, jax.Array], images: jax.Array, layers: tuple[str, ...]
) -> dict[str, jax.Array]:
    """Activations of layers, computed no further than the deepest of them."""
    x = _relu6(_convolved(params, STEM, images, stride=2))
    found = {STEM: x}
    maps = _maps(params, BLOCKS, x)
    while not {*layers} <= {*found}:
        layer, x = next(maps)
        found[layer] = x
    return {layer: found[layer] for layer in layers}


def _maps(
    params: Mapping[str, jax.Array], blocks: tuple[Block, ...], x: jax.Array
) -> Iterator[tuple[str, jax.Array]]:
    """The layers from some blocks on, one by one, with their activations; x: the map that comes in."""
    for block in blocks:
        units = x
        if block.widens:
            units = _relu6(_convolved(params, f"{block.name}/expand", units))
        units = _relu6(_convolved(params, f"{block.name}/depthwise", units, block.stride, groups=block.wide))
        yield block.name, units
        narrow = _convolved(params, f"{block.name}/project", units)
        x = narrow + x if block.adds else narrow
        yield block.linear, x
    yield HEAD, _relu6(_convolved(params, HEAD, x))


def _after(params: Mapping[str, jax.Array], layer: str, x: jax.Array) -> tuple[tuple[Block, ...], jax.Array]:
    """The blocks that come after a layer, and the map that comes into them."""
    if layer == STEM:
        return BLOCKS, x
    place = [block.name for block in BLOCKS].index(layer.removesuffix(LINEAR))
    block, rest = BLOCKS[place], BLOCKS[place + 1 :]
    if layer == block.linear:
        return rest, x
    if block.adds:
        free = ", ".join([STEM, *(block.name for block in BLOCKS if not block.adds), HEAD])
        raise InputError(
            f"class scores do not follow from {layer} alone: the block's input is added to what it gives; "
            f"ask for {block.linear}, or one of {free}"
        )
    return rest, _convolved(params, f"{block.name}/project", x)


def _convolved(
    params: Mapping[str, jax.Array], name: str, x: jax.Array, stride: int = 1, groups: int = 1
) -> jax.Array:
    found = jax.lax.conv_general_dilated(
        x,
        params[f"{name}/kernel"].astype(x.dtype),
        (stride, stride),
        "SAME",
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
        precision=matmul_precision(x.dtype),
    )
    return found + params[f"{name}/bias"].astype(x.dtype)


def _relu6(x: jax.Array) -> jax.Array:
    return jnp.clip(x, 0, 6)
