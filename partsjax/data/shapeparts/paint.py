"""Painting a shapeparts scene: outlines, patterns, shading, shadows and the ground behind.

The id buffer is colored by a table and averaged down, which gives smooth edges; what varies within
a shape (pattern, light) is computed at the image's own resolution and added to that.
"""

import math

import numpy as np
from PIL import Image, ImageFilter

from partsjax.data.shapeparts import palette as palettes
from partsjax.data.shapeparts.raster import SAMPLES, at_centres
from partsjax.data.shapeparts.scene import FIGURES, Key, Scene

_OUTLINED = 128  # added to the id of a sample on an outline
_PATTERNED = {"coat", "far", "belly"}
_UNLIT = {"pupil", "shine", "lamp"}


def paint(key: Key, scene: Scene, ids: np.ndarray) -> np.ndarray:
    """uint8 [H, W, 3]: the image of a scene.

    Args:
      ids: uint8, from `raster.identify`.
    """
    if key.style == "planted":
        return _paint_flat(key, scene, ids)
    rng = key.random("colours")
    scenery, ground = palettes.backdrop_palette(rng)
    looks = [scenery] + [palettes.figure_palette(rng, kind, ground) for kind in scene.looks[1:]]
    colours = np.zeros((256, 3), np.float32)
    for number, shape in enumerate(scene.shapes):
        colours[number + 1] = looks[shape.look][shape.role]
    colours[_OUTLINED:] = colours[:_OUTLINED] * rng.uniform(0.22, 0.5)

    if rng.random() < 0.85:
        ids = _outline(ids, scene.num_backdrop, thickness=int(rng.integers(2, 5)))
    owner = at_centres(ids) & (_OUTLINED - 1)
    # One more channel than colors have: how much of a pixel no shape covers.
    table = np.zeros((256, 4), np.uint8)
    table[:, :3], table[0, 3] = np.clip(np.rint(colours), 0, 255), 255
    samples = table.view(np.uint32)[:, 0][ids]
    # RGBX, since Pillow would take an RGBA image's fourth channel for opacity.
    image = Image.frombuffer("RGBX", samples.shape[::-1], samples, "raw", "RGBX", 0, 1)
    reduced = np.asarray(image.reduce(SAMPLES)).transpose(2, 0, 1)
    picture = reduced[:3].astype(np.float32, order="C")  # [3, H, W]: NumPy is quickest on long rows
    empty = reduced[3] * np.float32(1 / 255)
    behind = empty
    if scene.num_backdrop:
        levels = [255 * (number <= scene.num_backdrop) for number in range(256)]
        behind = np.asarray(Image.fromarray(ids).point(levels).reduce(SAMPLES)) * np.float32(1 / 255)
    picture += _ground(rng, scene, scenery) * empty
    _add_patterns(rng, scene, looks, owner, picture)
    light = _light(rng, scene, owner)
    light *= 1 - _shadow(rng, behind) * behind
    picture *= light
    picture += rng.standard_normal(owner.shape, np.float32) * np.float32(rng.uniform(0.5, 4.0))
    picture += np.float32(0.5)
    return np.ascontiguousarray(np.clip(picture, 0, 255, out=picture).astype(np.uint8).transpose(1, 2, 0))


def _paint_flat(key: Key, scene: Scene, ids: np.ndarray) -> np.ndarray:
    """The planted style: a color of its own for each planted part, grays for all else, no blending."""
    rng = key.random("colours")
    table = np.full((256, 3), rng.integers(90, 166), np.uint8)
    planted = FIGURES[key.object_class].planted
    for number, shape in enumerate(scene.shapes):
        name = scene.instances[shape.instance][1] if shape.instance >= 0 else ""
        table[number + 1] = planted.get(name, rng.integers(0, 256))
    return table[at_centres(ids)]


def _outline(ids: np.ndarray, num_backdrop: int, thickness: int) -> np.ndarray:
    """Marks the rim of every shape, `thickness` samples wide, where it lies on a lower one."""
    rim = np.zeros(ids.shape, bool)
    t = thickness
    rim[:, t:] |= ids[:, t:] > ids[:, :-t]
    rim[:, :-t] |= ids[:, :-t] > ids[:, t:]
    rim[t:] |= ids[t:] > ids[:-t]
    rim[:-t] |= ids[:-t] > ids[t:]
    rim &= ids > num_backdrop
    return ids | (rim.view(np.uint8) * np.uint8(_OUTLINED))


def _light(rng: np.random.Generator, scene: Scene, owner: np.ndarray) -> np.ndarray:
    """Brightness [H, W] round 1: every shape lit as the ellipsoid of its outline's spread would be.

    With C the covariance of the outline's vertices and l the direction of light, a pixel at d from their
    mean gets 1 + strength · lᵀC⁻¹d / max over the outline of the same.
    """
    angle, strength = rng.uniform(50, 130), rng.uniform(0.06, 0.2)
    light = np.array([math.cos(math.radians(angle)), -math.sin(math.radians(angle))])
    slope = np.zeros((3, 256), np.float32)
    for number, shape in enumerate(scene.shapes):
        if number < scene.num_backdrop or shape.role in _UNLIT:
            continue
        points = shape.polygons[0] if len(shape.polygons) == 1 else np.concatenate(shape.polygons)
        middle = points.mean(axis=0)
        offset = points - middle
        (a, b), (_, d) = offset.T @ offset
        normal = np.array([d * light[0] - b * light[1], a * light[1] - b * light[0]])
        normal *= strength / max(np.abs(offset @ normal).max(), 1e-9)
        slope[:, number + 1] = *normal, 1 - normal @ middle
    slope[2, : scene.num_backdrop + 1] = 1
    for number, shape in enumerate(scene.shapes):
        if shape.role in _UNLIT:
            slope[2, number + 1] = 1
    height, width = owner.shape
    x, y = np.arange(width, dtype=np.float32) + 0.5, np.arange(height, dtype=np.float32)[:, None] + 0.5
    return np.clip(slope[0][owner] * x + slope[1][owner] * y + slope[2][owner], 0.6, 1.3)


def _shadow(rng: np.random.Generator, behind: np.ndarray) -> np.ndarray:
    """Strength [H, W] of the soft shadow that all figures throw on the backdrop, as cut paper does."""
    covered = Image.fromarray(((1 - behind) * 255).astype(np.uint8))
    blurred = np.asarray(covered.filter(ImageFilter.BoxBlur(float(rng.uniform(2, 6))))).astype(np.float32)
    dx, dy = (int(v) for v in rng.integers((-7, 2), (8, 9)))
    moved = np.zeros_like(blurred)
    height, width = blurred.shape
    moved[dy:, max(dx, 0) : width + min(dx, 0)] = blurred[: height - dy, max(-dx, 0) : width + min(-dx, 0)]
    return moved * np.float32(rng.uniform(0.1, 0.4) / 255)


def _ground(rng: np.random.Generator, scene: Scene, palette: palettes.Palette) -> np.ndarray:
    """The ground [3, H, W]: a gradient with a wallpaper, clouds of noise or nothing on it."""
    width, height = scene.size
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    top, bottom, figure = (palette[k][:, None, None] for k in ("top", "bottom", "figure"))
    mix = y / height + (x / width - 0.5) * np.float32(rng.uniform(-0.6, 0.6))
    ground = top + (bottom - top) * np.clip(mix, 0, 1)
    kind = rng.integers(6)
    if kind < 4:
        kind = ("stripes", "spots", "checks", "patches")[kind]
        field = _pattern(rng, kind, x, y, rng.uniform(0, 180), rng.uniform(14, 46))
        ground += (figure - (top + bottom) / 2) * (field * np.float32(rng.uniform(0.5, 1.0)))
    elif kind == 4:
        ground *= 1 + _noise(rng, x.size, y.size, rng.uniform(22, 60)) * np.float32(0.07)
    return ground


def _add_patterns(
    rng: np.random.Generator, scene: Scene, looks, owner: np.ndarray, picture: np.ndarray
) -> None:
    """Stripes, spots or patches on the coats: in place."""
    for look in range(1, len(looks)):
        chance, kind = rng.random(), rng.integers(3)
        turn, period = scene.turns[look] + rng.uniform(-25, 25), rng.uniform(9, 26)
        state = rng.integers(2**32)
        if chance < (0.4 if scene.looks[look] in ("robot", "digger", "clutter") else 0.3):
            continue
        difference = np.zeros((3, 256), np.float32)
        numbers = [n + 1 for n, s in enumerate(scene.shapes) if s.look == look and s.role in _PATTERNED]
        if not numbers:
            continue
        for n in numbers:
            role = scene.shapes[n - 1].role
            difference[:, n] = (looks[look]["mark"] - looks[look]["coat"]) * (
                0.35 if role == "belly" else 0.85
            )
        patterned = np.zeros(256, bool)
        patterned[numbers] = True
        rows, columns = (np.flatnonzero(patterned[owner].any(axis=axis)) for axis in (1, 0))
        if not rows.size:
            continue
        window = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        x = np.arange(columns[0], columns[-1] + 1, dtype=np.float32)
        y = np.arange(rows[0], rows[-1] + 1, dtype=np.float32)[:, None]
        local = np.random.Generator(np.random.Philox(int(state)))
        field = _pattern(local, ("stripes", "spots", "patches")[kind], x, y, turn, period)
        picture[:, window[0], window[1]] += difference[:, owner[window]] * field


def _pattern(rng: np.random.Generator, kind: str, x, y, degrees: float, period: float) -> np.ndarray:
    """A field [H, W] in [0, 1], mostly 0 or 1 with soft edges about a pixel wide; period in pixels."""
    if kind == "patches":
        field = _noise(rng, x.size, y.size, period * 1.4) * 6
    else:
        scale = 2 * math.pi / period
        cos, sin = (np.float32(f(math.radians(degrees)) * scale) for f in (math.cos, math.sin))
        along = x * cos - y * sin
        if kind == "stripes":
            wobble = np.sin((x * sin + y * cos) * np.float32(0.31)) * np.float32(rng.uniform(0, 1.6))
            field = np.sin(along + wobble) * np.float32(0.3 * period) + np.float32(rng.uniform(-2, 0.5))
        else:
            across = x * sin + y * cos
            field = np.sin(along) * np.sin(across) * np.float32(0.3 * period)
            if kind == "spots":
                field -= np.float32(0.1 * period)
    return np.clip(field + np.float32(0.5), 0, 1)


def _noise(rng: np.random.Generator, width: int, height: int, period: float) -> np.ndarray:
    """Smooth noise [H, W], mean about 0, spread about 0.5; its blotches are `period` pixels apart."""
    shape = max(int(height / period) + 2, 2), max(int(width / period) + 2, 2)
    grid = Image.fromarray(rng.standard_normal(shape, np.float32))
    return np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC))
