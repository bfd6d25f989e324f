"""What a device could do at best, measured on the spot: rates of matrix products and of memory."""

import statistics
import time
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp

from partsjax.networks.activations import activations, image_shape
from partsjax.networks.devices import shardings
from partsjax.networks.protocol import Network

# By name: type and precision, as jax.numpy.matmul takes it. Processors know one float32.
PRODUCTS = {
    "float32": (jnp.float32, "highest"),
    "TF32": (jnp.float32, "default"),
    "bfloat16": (jnp.bfloat16, "default"),
}


def seconds(function: Callable[[], object], rounds: int = 5) -> float:
    """Median of some rounds after one that is not counted, which compiles."""
    jax.block_until_ready(function())
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        jax.block_until_ready(function())
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def matrix_rate(side: int, product: str = "float32", rounds: int = 5) -> float:
    """FLOP/s of products of square matrices, one on every device at once."""
    dtype, precision = PRODUCTS[product]
    rows, everywhere = shardings()
    shape = (jax.device_count() * side, side)
    left = jax.device_put(jnp.ones(shape, dtype), rows)
    right = jax.device_put(jnp.full((side, side), 1 / side, dtype), everywhere)
    multiply = jax.jit(lambda a, b: jnp.matmul(a, b, precision=precision))
    return 2 * shape[0] * side**2 / seconds(lambda: multiply(left, right), rounds)


def bandwidth(values: int, rounds: int = 5, turns: int = 1) -> float:
    """Bytes/s of reading and writing an array of so many float32 values on every device, `turns` times."""
    by_device, _ = shardings()
    array = jax.device_put(jnp.zeros((jax.device_count(), values), jnp.float32), by_device)
    add = jax.jit(lambda a: jax.lax.fori_loop(0, turns, lambda _, b: b + 1, a))
    return 2 * turns * array.nbytes / seconds(lambda: add(array), rounds)


def network_flops(network: Network, layers: Sequence[str], batch: int = 8) -> float:
    """FLOPs a crop to some layers, as JAX counts them before compiling."""
    forward = jax.jit(lambda params, pixels: activations(network, params, pixels, tuple(layers)))
    params = jax.tree.map(lambda array: jax.ShapeDtypeStruct(array.shape, array.dtype), network.params)
    with jax.default_device(jax.devices("cpu")[0]):  # before compiling, only processors count
        lowered = forward.lower(params, image_shape(network.input_size, batch))
    return float(lowered.cost_analysis()["flops"]) / batch
