"""Colours of shapeparts: palettes drawn in OKLCH, where equal steps look equal.

OKLCH: lightness in [0, 1], chroma (0 is gray, 0.2 vivid), hue in degrees (30 red, 90 yellow, 145 green,
260 blue). Source of the space: Ottosson, "A perceptual color space for image processing", 2020.
"""

import numpy as np

Palette = dict[str, np.ndarray]  # role -> float32 [3], RGB in [0, 255]

_TO_CONES = np.array(
    [
        [1.0, 0.3963377774, 0.2158037573],
        [1.0, -0.1055613458, -0.0638541728],
        [1.0, -0.0894841775, -1.2914855480],
    ]
)
_TO_LINEAR = np.array(
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)


def rgb(lch: dict[str, tuple[float, float, float]]) -> Palette:
    """sRGB-encoded colors of (lightness, chroma, hue); what lies outside the gamut is clipped."""
    lightness, chroma, hue = np.array(list(lch.values())).T
    hue = np.radians(hue)
    cones = (np.stack([lightness, chroma * np.cos(hue), chroma * np.sin(hue)], axis=1) @ _TO_CONES.T) ** 3
    linear = np.clip(cones @ _TO_LINEAR.T, 0, 1)
    encoded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return dict(zip(lch, (255 * encoded).astype(np.float32), strict=True))


def backdrop_palette(rng: np.random.Generator) -> tuple[Palette, float]:
    """The scenery's palette, with "top" and "bottom" of the ground; and the ground's lightness."""
    u = rng.uniform
    hue, lightness = u(0, 360), u(0.5, 0.93) if u() < 0.8 else u(0.28, 0.45)
    chroma = u(0.015, 0.085)
    drift = u(-60, 60)
    colours = {
        "top": (lightness + u(-0.02, 0.06), chroma, hue),
        "bottom": (lightness - u(-0.02, 0.12), chroma, hue + drift),
        "figure": (lightness + (0.055 if lightness < 0.8 else -0.06), chroma * 1.2, hue + drift / 2),
        "sun": (min(lightness + 0.2, 0.96), 0.11, u(50, 100)),
        "cloud": (min(lightness + 0.12, 0.99), chroma * 0.4, hue),
    }
    for k in range(3):
        colours[f"hill{k}"] = (lightness - 0.05 - 0.06 * k, chroma * 1.3, hue + drift * (0.5 + 0.4 * k))
    return rgb(colours), lightness


def figure_palette(rng: np.random.Generator, kind: str, ground: float) -> Palette:
    """The palette of one figure; every role any figure uses is in it.

    Args:
      kind: object class, or "clutter".
      ground: lightness of the backdrop, which the figure's coat keeps away from.
    """
    u = rng.uniform
    machine = kind in ("robot", "digger")
    light = u(0.42, 0.88)
    if abs(light - ground) < 0.16:
        light = ground - u(0.17, 0.3) if ground > 0.6 else ground + u(0.17, 0.3)
    if kind == "quadruped" and u() < 0.65:
        hue, chroma = u(40, 85), u(0.02, 0.12)
    else:
        hue, chroma = u(0, 360), u(0.08, 0.17) if u() < 0.8 else u(0.0, 0.04)
    contrast = hue + (u(130, 230) if u() < 0.5 else u(30, 70) * (1 if u() < 0.5 else -1))
    second = light + (0.16 if light < 0.6 else -0.17)
    warm = u(45, 85)
    metal, bluish = u(0.5, 0.75), u(220, 290)
    steel = (u(0.003, 0.03), bluish)
    glass = u(0.72, 0.86) if u() < 0.6 else u(0.3, 0.4)
    return rgb(
        {
            "coat": (light, chroma, hue),
            "mark": (light + (0.24 if light < 0.5 else -0.26), chroma * 0.8, hue + u(-35, 35)),
            "coat2": (second, chroma, hue + u(-30, 30)),
            "far": (light * 0.8, chroma * 0.85, hue),
            "far2": (second * 0.8, chroma * 0.85, hue),
            "belly": (min(light + 0.17, 0.95), chroma * 0.45, hue),
            "wing": (light - 0.05, chroma * 1.1, contrast if u() < 0.5 else hue),
            "mane": (light - 0.2 if light > 0.5 else light + 0.25, chroma * 1.1, contrast),
            "skin": (0.76, 0.08, 15),
            "hoof": (u(0.24, 0.42), 0.03, warm),
            "horn": (u(0.7, 0.84), u(0.1, 0.17), warm),
            "horn_dark": (u(0.56, 0.66), 0.13, warm - 10),
            "accent": (u(0.6, 0.85), u(0.11, 0.19), contrast),
            "limb": (metal, *steel),
            "joint": (metal - 0.22, *steel),
            "panel": (u(0.3, 0.42) if light > 0.55 else u(0.75, 0.88), *steel),
            "tyre": (u(0.2, 0.3), 0.01, bluish),
            "glass": (glass, 0.05, bluish - 30),
            "shine": (glass + 0.12, 0.03, bluish - 30),
            "lamp": (0.87, 0.16, u(60, 100)),
            "lamp2": (0.72, 0.17, u(20, 35) if u() < 0.5 else u(140, 200)),
            "lens": (0.92, 0.1, u(80, 220)),
            "white": (0.97, 0.01, 90),
            "pupil": (0.2, 0.02, 260),
            "dark": (0.26, 0.025, bluish if machine else warm),
        }
    )
