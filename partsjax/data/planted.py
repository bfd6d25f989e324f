"""Networks whose answer is known: planted detectors, whole and in halves, and blind filters.

A planted network's filters are detectors of the flat-coloured parts of shapeparts in its planted style,
by construction; the whole pipeline must find AP 1.0 for them on both splits. A blind network never
looks at the image: what it scores, place alone can score. Both are real networks under the protocol,
and both are our own test of the method.
"""

import dataclasses
import hashlib

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.data.shapeparts.scene import FIGURES
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField

SIZE = 224
STRIDE = 8
REACH = 48  # pixels the smoothing reaches each way
_CELLS = SIZE // STRIDE
FIELDS = {
    "colour": ReceptiveField(size=1, stride=1, center=0),
    "blob": ReceptiveField(size=2 * REACH + 1, stride=STRIDE, center=STRIDE // 2),
}
_PREPROCESSING = Preprocessing(mean=(127.5,) * 3, std=(127.5,) * 3)
_MATCH = 0.6  # a color must be this near a filter's own to excite it; the nearest other is at 0.5
_IN_SEVERAL = ("hand", "wheel")  # planted parts with two instances, which must not melt into one peak
_ALONE, _SEVERAL = 22.0, 13.0  # standard deviation of the smoothing, pixels: one instance, or several
_MIDDLE = np.zeros((_CELLS, _CELLS), np.float32)
_MIDDLE[_CELLS // 2, _CELLS // 2] = 1


@dataclasses.dataclass(frozen=True)
class Planted:
    """A network and what is planted in it: (object class, part) -> filter of the layer "blob"."""

    network: Network
    filters: dict[tuple[str, str], int]


def planted_network() -> Planted:
    """Detectors of every planted part of shapeparts, and two distractors (bright and dark regions).

    Two layers, F = 8 filters each. "colour": a 1x1 convolution and a ReLU. With x the pixel in [0, 1]^3
    and c a part's color, a corner of that cube, its filter is

        relu((d·x - 0.6) / 0.4),   d = c/|c|₁ - (1 - c)/|1 - c|₁.

    It is 1 on c and 0 on every gray and every other corner, and so, being the ReLU of an affine map, on
    every blend of those: blended edges excite nothing. "blob": each map convolved with a separable
    Gaussian window of its own and a stride of 8, all non-negative, so that the ReLU changes nothing. Such a
    window over one compact part has one peak, whose height and flanks tell place and size.

    Input 224 x 224; `fields` are exact.
    """
    parts = [(c, part, colour) for c, figure in FIGURES.items() for part, colour in figure.planted.items()]
    kernels, biases, spreads = [[1.0] * 3, [-1.0] * 3], [-1.5, -1.5], [_ALONE, _ALONE]
    for _, part, colour in parts:
        corner = np.array(colour) / 255
        kernels.append((corner / corner.sum() - (1 - corner) / (1 - corner).sum()) / (1 - _MATCH))
        biases.append(-_MATCH / (1 - _MATCH))
        spreads.append(_SEVERAL if part in _IN_SEVERAL else _ALONE)
    kernel, bias = np.array(kernels).T, np.array(biases)
    # Pixels reach the network as x' = 2x - 1, so the same affine map of x' has half the slope.
    bias, kernel = bias + kernel.sum(axis=0) / 2, kernel / 2
    params = {
        "kernel": jnp.asarray(kernel, jnp.float32),
        "bias": jnp.asarray(bias, jnp.float32),
        "window": jnp.asarray(np.stack([_smoothing(s) for s in spreads], axis=-1), jnp.float32),
    }
    filters = {(c, part): number + 2 for number, (c, part, _) in enumerate(parts)}
    return Planted(_network("planted", params, _apply_planted, FIELDS), filters)


def _smoothing(spread: float) -> np.ndarray:
    """A strided convolution along one axis as the matrix it is, float64 [28, 224]; it is quicker so.

    Row i is a Gaussian about pixel 4 + 8 i, cut off `REACH` pixels away; what lies outside the crop is 0.
    """
    offset = np.arange(SIZE) - (FIELDS["blob"].center + STRIDE * np.arange(_CELLS)[:, None])
    window = np.where(np.abs(offset) <= REACH, np.exp(-0.5 * (offset / spread) ** 2), 0)
    return window / np.exp(-0.5 * (np.arange(-REACH, REACH + 1) / spread) ** 2).sum()


def _apply_planted(params, images, layers):
    """[B, 224, 224, 3] -> "colour" [B, 224, 224, F], "blob" [B, 28, 28, F]."""
    matched = jnp.matmul(images, params["kernel"], precision="highest") + params["bias"]
    found = {"colour": jax.nn.relu(matched)}
    if "blob" in layers:
        rows = jnp.einsum("byxf,iyf->bixf", found["colour"], params["window"], precision="highest")
        found["blob"] = jnp.einsum("bixf,jxf->bijf", rows, params["window"], precision="highest")
    return {layer: found[layer] for layer in layers}


def whether_network() -> Network:
    """`planted_network` that knows whether a part is there, and not where.

    Each filter of "blob" fires at one place, the middle, as strongly as the planted one does anywhere.
    """

    def moved(blob):
        return blob.max(axis=(1, 2), keepdims=True) * _MIDDLE[..., None]

    return _changed("whether", moved)


def where_network() -> Network:
    """`planted_network` that knows where a part would be, and not whether it is there.

    Each filter of "blob" fires where the planted one does, but equally on every crop; in the middle, where
    that one is silent.
    """

    def leveled(blob):
        highest = blob.max(axis=(1, 2), keepdims=True)
        level = jnp.where(blob == highest, 1, blob / jnp.maximum(highest, 1e-12))
        return jnp.where(highest > 0, level, _MIDDLE[..., None])

    return _changed("where", leveled)


def _changed(name: str, change) -> Network:
    """The planted network with its maps of "blob" changed, [B, 28, 28, F] -> the same shape."""

    def apply(params, images, layers):
        return {layer: change(_apply_planted(params, images, (layer,))[layer]) for layer in layers}

    return _network(name, planted_network().network.params, apply, {"blob": FIELDS["blob"]})


def blind_network(seed: int = 0, filters: int = 16) -> Network:
    """Filters that never look: each shows the same map on every image, one bump at a place of its own.

    The one layer, "blob", has the geometry of `planted_network`'s. A filter has one stimulus on every
    crop, at one place and of one strength; a regressor turns it into one box, the same on every crop.
    So it is a place prior, and an AP above that of the best place prior is a fault. (Several bumps to
    a filter would be several boxes a crop, ordered by strength, which can beat the prior of one box.)

    Args:
      seed: of the places.
      filters: F, how many.
    """
    places = np.random.default_rng(seed).uniform(0.1 * _CELLS, 0.9 * _CELLS, (2, filters))
    cell = np.arange(_CELLS)[:, None] + 0.5
    down, across = (np.exp(-0.5 * ((cell - place) / 1.5) ** 2) for place in places)
    maps = np.maximum(down[:, None] * across[None] - 0.05, 0).astype(np.float32)

    def apply(params, images, layers):
        seen = jnp.broadcast_to(params["maps"], (images.shape[0], *params["maps"].shape))
        return dict.fromkeys(layers, seen)

    return _network("blind", {"maps": jnp.asarray(maps)}, apply, {"blob": FIELDS["blob"]})


def _network(name: str, params, apply, fields) -> Network:
    digest = hashlib.sha256(f"{name} {fields} {_PREPROCESSING}".encode())
    for key in sorted(params):
        digest.update(f"{key} {params[key].shape}".encode())
        digest.update(np.asarray(params[key]).tobytes())
    return Network(
        name=name,
        params=params,
        apply=apply,
        fields=fields,
        input_size=SIZE,
        preprocessing=_PREPROCESSING,
        default_layers=("blob",),
        digest=digest.hexdigest(),
    )
