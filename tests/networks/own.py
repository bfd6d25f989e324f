"""Networks of somebody's own, right and wrong in every way, on images of 64 pixels."""

import jax
import numpy as np

from partsjax.networks import ReceptiveField, make_network

SIZE, LAYER = 64, "conv2"
FIELD = ReceptiveField(size=9, stride=4, center=4)
"""Of two unpadded convolutions of stride 2, 5x5 and 3x3: 14x14 cells."""


def params(seed: int = 0) -> dict[str, np.ndarray]:
    random = np.random.default_rng(seed)
    return {
        "first": random.normal(0, 0.2, (5, 5, 3, 8)).astype(np.float32),
        "second": random.normal(0, 0.15, (3, 3, 8, 16)).astype(np.float32),
    }


def conv(x, kernel):
    return jax.lax.conv_general_dilated(
        x, kernel, (2, 2), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def body(params, images):
    """[B, 14, 14, 16]"""
    return jax.nn.relu(conv(jax.nn.relu(conv(images, params["first"])), params["second"]))


def made(of_body=lambda x: x, *, weights=None, fields=None, name="own", **options):
    """The network whose activation is a function of the body's."""

    def apply(params, images, layers):
        return {LAYER: of_body(body(params, images))}

    return named(apply, name, weights=weights, fields=fields, **options)


def named(apply, name="own", *, weights=None, fields=None, **options):
    known = {LAYER: FIELD} if fields is None else fields
    weights = params() if weights is None else weights
    return make_network(name, apply, weights, input_size=SIZE, layers=(LAYER,), fields=known, **options)
