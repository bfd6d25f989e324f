"""Ablation in networks of all kinds, against the rest of the network run again with one map zeroed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from partsjax.discriminativeness.ablation import _parts, ablated_scores
from partsjax.networks.program import flat_program
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField

pytestmark = pytest.mark.slow

F, SIDE = 6, 7
RANDOM = np.random.default_rng(0)


def drawn(*shape):
    return jnp.asarray(RANDOM.normal(0.1, 0.4, shape), jnp.float32)


def conv(x, kernel, stride=1, pad=1, groups=1, dilation=1, layout="NHWC"):
    return jax.lax.conv_general_dilated(
        x, kernel, (stride, stride), [(pad, pad), (pad, pad + stride - 1)], rhs_dilation=(dilation, dilation),
        dimension_numbers=(layout, "OIHW" if layout == "NCHW" else "HWIO", layout),
        feature_group_count=groups,
    )  # fmt: skip


def normalised(x, scale=1.3, shift=0.2):
    """Batch normalisation in inference: zero does not stay zero."""
    return (x - 0.1) * scale / jnp.sqrt(0.5 + 1e-5) + shift


def dense(p, x):
    return jax.nn.relu(x.reshape(len(x), -1) @ p["fc"][: x[0].size]) @ p["scores"]


PARAMS = {
    "k1": drawn(3, 3, F, F), "k2": drawn(3, 3, F, F), "one": drawn(1, 1, F, F), "each": drawn(3, 3, 1, F),
    "two": drawn(3, 3, 1, 2 * F), "wide": drawn(3, 3, 2 * F, F), "grouped": drawn(3, 3, F // 3, 9),
    "nine": drawn(3, 3, 9, F), "oihw": drawn(F, F, 3, 3), "squeeze": drawn(F, 2), "excite": drawn(2, F),
    "fc": drawn(SIDE * SIDE * F, 5), "scores": drawn(5, 4),
}  # fmt: skip


def residual(p, x):
    """A basic block after the layer, and a second one, strided, with its projection."""
    for stride in (1, 2):
        y = conv(jax.nn.relu(normalised(conv(x, p["k1"], stride))), p["k2"])
        x = jax.nn.relu(normalised(y) + (x if stride == 1 else conv(x, p["one"], 2, 0)[:, :4, :4]))
    return x.mean((1, 2)) @ p["fc"][:F, :4]


def normalised_first(p, x):
    x = normalised(x)
    return dense(p, x + conv(jax.nn.relu(normalised(conv(jax.nn.relu(x), p["k1"]))), p["k2"]))


def shuffled(p, x):
    x = x.reshape(len(x), SIDE, SIDE, 2, F // 2).swapaxes(3, 4).reshape(x.shape)
    return dense(p, jax.nn.relu(conv(x, p["k1"])))


def side_by_side(p, x):
    return dense(p, jax.nn.relu(conv(jnp.concatenate([jax.nn.relu(x - 0.3), x], axis=-1), p["wide"])))


def pooled_jitted(p, x):
    @jax.jit
    def block(x):
        x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
        return jax.checkpoint(lambda x: jax.nn.silu(x))(x)

    return dense(p, block(x))


def branches(p, x):
    """Inception: convolutions of the maps, of their pooled maps, with holes; side by side."""
    pooled = jax.lax.reduce_window(x, 0.0, jax.lax.add, (1, 3, 3, 1), (1, 1, 1, 1), "SAME") / 9
    found = [conv(x, p["one"], pad=0), conv(pooled, p["k1"]), conv(x, p["k2"], pad=2, dilation=2)]
    return dense(p, jnp.concatenate([jax.nn.relu(y) for y in found], axis=-1)[..., ::3])


def depthwise(p, x):
    y = jnp.clip(normalised(conv(x, p["each"], groups=F)), 0, 6)
    return dense(p, jax.nn.relu(conv(y, p["one"], pad=0)))


def depthwise_doubled(p, x):
    return dense(p, jax.nn.relu(conv(jax.nn.relu(conv(x, p["two"], groups=F)), p["wide"])))


def grouped(p, x):
    return dense(p, jax.nn.relu(conv(jax.nn.relu(conv(x, p["grouped"], 2, groups=3)), p["nine"])))


def split_in_groups(p, x):
    halves = jnp.split(x, 2, axis=-1)
    y = jnp.concatenate([conv(h, p["k1"][:, :, :3]) for h in halves], axis=-1)
    return dense(p, jax.nn.relu(y)[:, ::2, ::2])


def channels_first(p, x):
    y = jax.nn.relu(conv(x.transpose(0, 3, 1, 2), p["oihw"], layout="NCHW"))
    return dense(p, y)


def channels_first_flat(p, x):
    return dense(p, jnp.pad(x.transpose(0, 3, 1, 2), ((0, 0),) * 2 + ((1, 0),) * 2)[:, :, 1:, 1:])


def squeeze_and_excite(p, x):
    weight = jax.nn.sigmoid(jax.nn.relu(x.mean((1, 2)) @ p["squeeze"]) @ p["excite"])
    return dense(p, x * weight[:, None, None])


def attention(p, x):
    cells = x.reshape(len(x), -1, F)
    seen = jax.nn.softmax(cells @ cells.swapaxes(1, 2))
    return dense(p, seen @ cells)


def normalised_across(p, x):
    return dense(p, x / (1 + jnp.square(x).sum(-1, keepdims=True)))


def mean_of_maps(p, x):
    return x.mean((1, 2))


def looped(p, x):
    return dense(p, jax.lax.fori_loop(0, 2, lambda i, x: jax.nn.relu(conv(x, p["k1"])), x))


def kernel_first(p, x):
    return jnp.einsum("dk,bk->bd", p["fc"].T, x.reshape(len(x), -1))


def of_flax(p, x):
    model = nnx.Sequential(
        nnx.Conv(F, 5, (3, 3), rngs=nnx.Rngs(0)), nnx.relu, lambda x: nnx.max_pool(x, (2, 2))
    )
    return dense(p, model(x))


def in_bfloat16(p, x):
    y = conv(x.astype(jnp.bfloat16), p["k1"].astype(jnp.bfloat16))
    return dense(p, jax.nn.relu(y).astype(jnp.float32))


# After -> how many linear equations are split into shares, and how many values have a map zeroed.
AFTERS = {
    residual: (1, 1), normalised_first: (1, 1), shuffled: (0, 1), side_by_side: (0, 2),
    pooled_jitted: (1, 0), branches: (3, 0),
    depthwise: (1, 0), depthwise_doubled: (1, 0), grouped: (1, 0), split_in_groups: (2, 0),
    channels_first: (1, 0), channels_first_flat: (1, 0), squeeze_and_excite: (1, 1), attention: (0, 2),
    normalised_across: (0, 2), mean_of_maps: (0, 1), looped: (0, 1), kernel_first: (1, 0), of_flax: (1, 0),
    in_bfloat16: (1, 0),
}  # fmt: skip


def network(after):
    field = {"layer": ReceptiveField(1, 1, 0)}
    return Network(
        "own", PARAMS, lambda p, x, layers: {"layer": x}, field, SIDE, Preprocessing((0,) * 3, (1,) * 3),
        ("layer",), "", after=lambda p, layer, a: after(p, a),
    )  # fmt: skip


FAST = (normalised_first, branches, depthwise, split_in_groups, squeeze_and_excite)


@pytest.mark.parametrize("after", [
    pytest.param(after, id=after.__name__, marks=() if after in FAST else pytest.mark.slow)
    for after in AFTERS
])  # fmt: skip
def test_ablation_is_running_again_and_runs_as_little_as_it_can(after):
    maps = jax.nn.relu(drawn(3, SIDE, SIDE, F))
    ablate = jax.jit(ablated_scores(network(after), "layer"))
    with jax.default_matmul_precision("highest"):
        scores, ablated = ablate(PARAMS, maps)
        without = jnp.concatenate([maps, *(maps.at[..., f].set(0) for f in range(F))])
        intact, *expected = jnp.split(after(PARAMS, without), F + 1)
    near = 1e-2 if after is in_bfloat16 else 1e-5
    np.testing.assert_allclose(scores, intact, rtol=near, atol=near * np.abs(intact).max())
    np.testing.assert_allclose(ablated, np.stack(expected, 1), rtol=near, atol=near * np.abs(intact).max())
    assert np.abs(ablated - scores[:, None]).max() > 0.05 * np.abs(intact).max()

    parts = _parts(flat_program(after, PARAMS, maps).jaxpr)
    assert (len(parts.linear), len(parts.zeroed)) == AFTERS[after]
