"""ResNet-18 (He et al. 2016) in plain JAX: a network of one's own, its fields found beyond the image."""

import jax
import jax.numpy as jnp

import partsjax as pj

STAGES = {"layer1": (64, 1), "layer2": (128, 2), "layer3": (256, 2), "layer4": (512, 2)}  # filters, stride


def conv(params, name, x, filters, size, stride=1, pad=None):
    shape = size, size, x.shape[-1], filters
    kernel = jnp.zeros(shape) if name not in params else params[name]
    pad = (size // 2,) * 2 if pad is None else pad
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), (pad, pad), dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def apply(params, images, layers):
    x, found = jax.nn.relu(conv(params, "conv1", images, 64, 7, 2)), {}
    pads = ((0, 0), (1, 1), (1, 1), (0, 0))
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), pads)
    for stage, (filters, stride) in STAGES.items():
        for block, step in ((f"{stage}.0", stride), (f"{stage}.1", 1)):
            y = jax.nn.relu(conv(params, f"{block}.conv1", x, filters, 3, step))
            y = conv(params, f"{block}.conv2", y, filters, 3)
            x = x if step == 1 else conv(params, f"{block}.downsample", x, filters, 1, step)
            x = jax.nn.relu(x + y)
        found[stage] = x
    return {layer: found[layer] for layer in layers}


def test_resnet18s_four_stages():
    network = pj.make_network("resnet18", apply, {}, input_size=224, layers=tuple(STAGES))
    fields = [(field.size, field.stride, field.center, field.nominal) for field in network.fields.values()]
    assert fields == [(43, 4, 0, False), (99, 8, 0, False), (211, 16, 0, False), (435, 32, 0, False)]
    assert network.notes == ()
