"""Regression: from where and how a filter fires to the part's box, one linear map per (filter, part)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.networks.protocol import ReceptiveField
from partsjax.ops import boxes as bx

FEATURES = 12  # cx/S, cy/S, nine activations, 1


class Geometry(NamedTuple):
    """What turns cells into pixels, as numbers a compiled kernel takes: one kernel serves all layers.

    center, stride, extent: of the receptive field, in pixels; columns: of the activation map, in
    cells; size: side of the crop, in pixels.
    """

    center: float
    stride: float
    extent: float
    columns: int
    size: float

    @classmethod
    def of(cls, field: ReceptiveField, columns: int, size: int) -> "Geometry":
        """Of a layer whose maps are `columns` cells wide, on crops of `size` pixels."""
        numbers = (field.center, field.stride, field.size)
        return cls(*map(np.float32, numbers), np.int32(columns), np.float32(size))

    def centers(self, cells: jax.Array) -> tuple[jax.Array, jax.Array]:
        """Receptive-field centers (cx, cy) in crop pixels: c0 + 0.5 + stride · i."""
        cx = self.center + 0.5 + self.stride * (cells % self.columns)
        cy = self.center + 0.5 + self.stride * (cells // self.columns)
        return cx.astype(jnp.float32), cy.astype(jnp.float32)


class Regressors(NamedTuple):
    """One linear map per filter and part, or none.

    weights: float32 [F, P, 4, 12], rows (dx, dy, width, height) over the features.
    pairs: int32 [F, P], the stimuli it was fitted on.
    exists: bool [F, P]; where false the weights are 0.
    """

    weights: jax.Array
    pairs: jax.Array
    exists: jax.Array


def features(cells: jax.Array, values: jax.Array, scale: jax.Array, geometry: Geometry) -> jax.Array:
    """φ of every stimulus: (cx/S, cy/S, the 3x3 activations over the filter's largest, 1).

    Args:
      cells: int32 [F, K, N]; values: float32 [F, 9, K, N].
      scale: float32 [F], the filter's largest stimulus on the class's train crops.

    Returns:
      float32 [F, 12, K, N].
    """
    cx, cy = geometry.centers(cells)
    place = jnp.stack([cx, cy], axis=1) / geometry.size
    return jnp.concatenate([place, values / scale[:, None, None, None], jnp.ones_like(place[:, :1])], axis=1)


class Pairs(NamedTuple):
    """The ground-truth box each stimulus is paired with.

    paired: bool [F, P, K, N]; targets: float32 [F, P, 4, K, N]: (Gx - cx, Gy - cy, Gw, Gh).
    """

    paired: jax.Array
    targets: jax.Array


def pair(cx, cy, real, truth: bx.Boxes, usable, most) -> Pairs:
    """Pairs a stimulus with the box of the part that contains its center.

    If several do, with the one whose center is nearest; of equally near ones with the
    first. A box contains its left and top border and not its right and bottom one (half-open).

    Args:
      cx, cy: float32 [F, K, N], centers; real: bool [F, K, N], which stimuli exist.
      truth: arrays [P, G, N] in crop pixels; usable: bool [P, G, N]; most: int, from this box on none is.
    """
    cx, cy, real = cx[:, None], cy[:, None], real[:, None]  # [F, 1, K, N]

    def compare(g, best):
        distance, target = best
        one = truth.map(lambda v: jax.lax.dynamic_index_in_dim(v, g, 1)[None])  # [1, P, 1, N]
        exists = jax.lax.dynamic_index_in_dim(usable, g, 1)[None]
        inside = (cx >= one.x1) & (cx < one.x2) & (cy >= one.y1) & (cy < one.y2) & exists
        dx, dy = (one.x1 + one.x2) / 2 - cx, (one.y1 + one.y2) / 2 - cy
        here = jnp.where(inside, dx * dx + dy * dy, jnp.inf)
        nearer = here < distance
        new = (dx, dy, one.x2 - one.x1, one.y2 - one.y1)
        return jnp.where(nearer, here, distance), tuple(
            jnp.where(nearer, n, t) for n, t in zip(new, target, strict=True)
        )

    shape = jnp.broadcast_shapes(cx.shape, (1, truth.x1.shape[0], 1, 1))
    nothing = jnp.zeros(shape, jnp.float32)
    start = (jnp.full(shape, jnp.inf, jnp.float32), (nothing,) * 4)
    distance, target = jax.lax.fori_loop(0, most, compare, start)
    return Pairs((distance < jnp.inf) & real, jnp.stack(target, axis=2))


class Products(NamedTuple):
    """What the normal equations of all parts share, float64.

    phi: [F, 12, M]; pairwise: [F, 78, M], products of two features, each once; weight: [F, M].
    """

    phi: jax.Array
    pairwise: jax.Array
    weight: jax.Array

    @classmethod
    def of(cls, phi: jax.Array, weight: jax.Array) -> "Products":
        """Of float32 [F, 12, M] features and [F, M] weights; call it under `jax.enable_x64`."""
        phi, weight = phi.astype(jnp.float64), weight.astype(jnp.float64)
        rows, columns = np.triu_indices(FEATURES)
        return cls(phi, phi[:, rows] * phi[:, columns], weight)


def fit(products: Products, pairs: Pairs, ridge: float, min_pairs: int) -> Regressors:
    """Weighted least squares for all filters and parts at once.

    With Φ the features, w the activations and T the targets of a (filter, part)'s pairs:
    (Φᵀ diag(w) Φ + ridge · trace/12 · I) W = Φᵀ diag(w) T (the paper; the ridge is ours). The sums and the
    solution are float64: neighboring activations are nearly collinear and the ridge is tiny.
    Call it under `jax.enable_x64`.

    Args:
      products: of the M stimuli; pairs: of the same, [F, P, M] and [F, P, 4, M].

    Returns:
      `Regressors`; none where there are fewer than `min_pairs` pairs.
    """
    paired = pairs.paired.astype(jnp.float64) * products.weight[:, None]  # [F, P, M]
    count = pairs.paired.sum(axis=-1)
    # The matrix is symmetric: each product is summed once, by one matrix product per filter.
    rows, columns = np.triu_indices(FEATURES)
    product_of = np.zeros((FEATURES, FEATURES), np.int32)
    product_of[rows, columns] = product_of[columns, rows] = np.arange(len(rows))
    normal = jnp.einsum("fpm,ftm->fpt", paired, products.pairwise, precision="highest")[..., product_of]
    weighted = paired[:, :, None] * pairs.targets
    right = jnp.einsum("fpcm,fim->fpic", weighted, products.phi, precision="highest")
    exists = count >= min_pairs
    identity = jnp.eye(FEATURES, dtype=jnp.float64)
    damping = ridge * jnp.trace(normal, axis1=-2, axis2=-1) / FEATURES
    normal = normal + damping[..., None, None] * identity
    # The ridge keeps the matrix positive definite: Cholesky.
    factor = jax.scipy.linalg.cho_factor(jnp.where(exists[..., None, None], normal, identity), lower=True)
    solution = jax.scipy.linalg.cho_solve(factor, right)
    weights = jnp.where(exists[..., None, None], solution, 0).swapaxes(-1, -2)
    return Regressors(weights.astype(jnp.float32), count.astype(jnp.int32), exists)


def predict(weights: jax.Array, phi: jax.Array, cx: jax.Array, cy: jax.Array, size) -> bx.Boxes:
    """Part boxes from stimuli: at least one pixel wide and high, clipped to the crop.

    Args:
      weights: float32 [F, P, 4, 12]; phi: float32 [F, 12, K, N]; cx, cy: float32 [F, K, N].

    Returns:
      Boxes of float32 [F, P, K, N] arrays.
    """
    dx, dy, width, height = (
        jnp.einsum("fpi,fikn->fpkn", weights[:, :, c], phi, precision="highest") for c in range(4)
    )
    width, height = jnp.maximum(width, 1), jnp.maximum(height, 1)
    return bx.from_centers(cx[:, None] + dx, cy[:, None] + dy, width, height).clip(size)
