"""The two animals of shapeparts: a quadruped and a bird, posed at random.

Both face right in their own units (a torso is about 1 long); `scene` turns, mirrors,
stretches and scales them. Joint angles reach far on purpose: a part must not be where it always is.
"""

import numpy as np

from partsjax.data.shapeparts.body import Body
from partsjax.data.shapeparts.forms import capsule, chain, curved, ellipse, leaf, polar, polygon

QUADRUPED_PARTS = ("head", "eye", "ear", "muzzle", "neck", "torso", "leg", "hoof", "tail")
BIRD_PARTS = ("head", "eye", "beak", "neck", "torso", "wing", "leg", "tail")


def quadruped(rng: np.random.Generator) -> Body:
    """A hoofed animal that stands, trots, rears up, grazes or looks about."""
    u, body = rng.uniform, Body()
    rearing = u() < 0.3
    pitch = u(35, 75) if rearing else u(-16, 16)
    length, depth = u(0.55, 1.05), u(0.15, 0.23)
    hip, shoulder = np.zeros(2), polar(pitch, length)
    hip_radius, shoulder_radius = depth * u(0.85, 1.1), depth * u(0.95, 1.2)
    leg = _LegBuild(u(0.45, 1.0), u(0.048, 0.08))

    def add_legs(far: bool):
        swing = u(-35, 35)
        for at, radius, front in ((hip, hip_radius, False), (shoulder, shoulder_radius, True)):
            thigh = -90 + (swing if front == far else -swing) + u(-15, 15)
            if rearing and front:
                thigh = -90 + pitch * 0.6 + u(0, 75)
            root = at + polar(-90, radius * 0.35) + polar(pitch, (-1 if front else 1) * radius * 0.3)
            bend = u(-75, 5) if front else u(0, 45)
            leg.add(body, root, thigh, bend, far)

    add_legs(far=True)
    tail_heading = pitch + 180 + u(-70, 75)
    joints = curved(
        hip + polar(pitch + 180, hip_radius * 0.8),
        tail_heading + np.linspace(0, u(-90, 90), 6),
        u(0.06, 0.19),
    )
    width = u(0.03, 0.055)
    tail = body.part("tail")
    body.add(chain(joints, np.linspace(width, width * u(0.6, 1.1), 7)), "coat", tail)
    if u() < 0.7:
        body.add(leaf(joints[-2], tail_heading + u(-60, 60), u(0.2, 0.4), u(0.12, 0.2)), "mane", tail)

    neck_heading = pitch + u(-45, 85)
    neck_length, neck_radius = u(0.25, 1.0), u(0.08, 0.12)
    nape = shoulder + polar(neck_heading, shoulder_radius * 0.6 + neck_length)
    head_heading = neck_heading - u(30, 100)
    if u() < 0.6:
        for at in np.linspace(0.1, 1.0, 6):
            root = shoulder + (nape - shoulder) * at + polar(neck_heading + 90, neck_radius * 0.5)
            body.add(leaf(root, neck_heading + u(70, 140), u(0.16, 0.26), 0.13), "mane")
    base = shoulder + polar(neck_heading, shoulder_radius * 0.6)
    body.add(capsule(base, nape, shoulder_radius * 0.6, neck_radius), "coat", body.part("neck"))
    torso = body.part("torso")
    body.add(capsule(hip, shoulder, hip_radius, shoulder_radius), "coat", torso)
    if u() < 0.5:
        belly = polar(pitch - 90, depth * 0.62)
        body.add(
            capsule(hip + belly + polar(pitch, 0.08), shoulder + belly - polar(pitch, 0.08), 0.06, 0.06),
            "belly",
            torso,
        )
    _quadruped_head(rng, body, nape, head_heading)
    add_legs(far=False)
    return body


class _LegBuild:
    """Legs of one animal: all of one length and thickness."""

    def __init__(self, length: float, radius: float):
        self.length, self.radius = length, radius

    def add(self, body: Body, root, thigh: float, bend: float, far: bool):
        knee = root + polar(thigh, self.length * 0.5)
        ankle = knee + polar(thigh + bend, self.length * 0.42)
        r = self.radius
        body.add(
            chain([root, knee, ankle], [r * 1.9, r * 1.1, r * 0.85]),
            "far" if far else "coat",
            body.part("leg"),
        )
        toe = polar(thigh + bend, r)
        across = polar(thigh + bend + 90, r)
        corners = [ankle - across * 1.0 + toe * 0.2, ankle + across * 1.0 + toe * 0.2]
        corners += [ankle + across * 1.6 + toe * 2.1, ankle - across * 1.5 + toe * 2.1]
        body.add(np.array(corners), "hoof", body.part("hoof"))


def _quadruped_head(rng: np.random.Generator, body: Body, nape, heading: float):
    u = rng.uniform
    skull_radius, reach = u(0.15, 0.2), u(0.18, 0.34)
    nose = nape + polar(heading, reach)
    ear_length, ear_width, ear_heading = u(0.16, 0.36), u(0.1, 0.17), heading + u(85, 150)
    for far in (True, False):
        ear = body.part("ear")
        lean = ear_heading + (-22 if far else 18)
        root = nape + polar(heading + (85 if far else 125), skull_radius * 0.75)
        body.add(leaf(root, lean, ear_length, ear_width), "far" if far else "coat", ear)
        if not far:
            body.add(leaf(root + polar(lean, 0.03), lean, ear_length * 0.7, ear_width * 0.55), "skin", ear)
        else:
            head = body.part("head")
            body.add(capsule(nape, nose, skull_radius, skull_radius * u(0.6, 0.8)), "coat", head)
            if u() < 0.35:
                body.add(
                    capsule(nape + polar(heading + 90, 0.07), nose + polar(heading + 90, 0.05), 0.035, 0.03),
                    "belly",
                    head,
                )
    muzzle = body.part("muzzle")
    tip = nose + polar(heading, skull_radius * 0.45)
    body.add(ellipse(tip, skull_radius * 0.6, skull_radius * 0.72, heading), "belly", muzzle)
    body.add(
        ellipse(tip + polar(heading + 55, skull_radius * 0.32), 0.028, 0.02, heading + 60), "dark", muzzle
    )
    smile = [tip + polar(heading + a, skull_radius * 0.42) for a in (-100, -60, -25)]
    body.add(chain(smile, [0.011] * 3), "dark", muzzle)
    body.eye(nape + polar(heading + u(30, 55), skull_radius * 0.5), u(0.052, 0.075), heading)


def bird(rng: np.random.Generator) -> Body:
    """A bird that perches, wades or flies; the neck may be a sparrow's or a heron's."""
    u, body = rng.uniform, Body()
    flying = u() < 0.45
    pitch = u(-15, 30) if flying else u(0, 65)
    girth = u(0.17, 0.25)
    rump, breast = np.zeros(2), polar(pitch, u(0.4, 0.65))
    wing_length = u(0.6, 1.0)
    root = breast * 0.65 + polar(pitch + 90, girth * 0.35)
    raised = pitch + u(35, 150) if u() < 0.75 else pitch - u(60, 120)
    if flying:
        _wing(rng, body, root + polar(pitch, 0.1), raised + u(-40, -10), wing_length, far=True)
    tail_heading = pitch + 180 + u(-45, 45)
    tail, fan, tail_length = body.part("tail"), u(6, 17), u(0.3, 0.85)
    for k in (-2, 2, -1, 1, 0):
        stem = rump + polar(pitch + 180, girth * 0.4)
        body.add(
            leaf(stem, tail_heading + k * fan, tail_length, u(0.13, 0.2)), "coat2" if k % 2 else "coat", tail
        )
    _bird_legs(rng, body, rump + (breast - rump) * 0.4 + polar(pitch - 90, girth * 0.7), pitch, flying)

    neck_heading, neck_length = pitch + u(-30, 80), u(0.2, 1.0)
    bend = u(-50, 50)
    joints = curved(
        breast + polar(neck_heading, girth * 0.6), neck_heading + np.linspace(-bend, bend, 5), neck_length / 5
    )
    thin = u(0.06, 0.1)
    body.add(chain(joints, np.linspace(max(girth * 0.5, thin), thin, 6)), "coat", body.part("neck"))
    torso = body.part("torso")
    body.add(capsule(rump, breast, girth * 0.7, girth), "coat", torso)
    if u() < 0.6:
        body.add(
            ellipse(breast * 0.75 + polar(pitch - 90, girth * 0.4), girth * 0.95, girth * 0.45, pitch - 4),
            "belly",
            torso,
        )
    _bird_head(rng, body, joints[-1], u(0.14, 0.2), neck_heading - u(15, 95))
    if flying:
        _wing(rng, body, root, raised, wing_length, far=False)
    else:
        _wing(
            rng,
            body,
            breast * 0.8 + polar(pitch + 90, girth * 0.2),
            pitch + 180 + u(-12, 22),
            wing_length * 0.75,
            far=False,
        )
    return body


def _wing(rng: np.random.Generator, body: Body, root, heading: float, length: float, far: bool):
    """A fan of feathers, the longest in front, under a short arm."""
    wing, spread = body.part("wing"), rng.uniform(9, 19)
    for k in range(5, -1, -1):
        role = ("far" if k % 2 else "far2") if far else ("coat2" if k % 2 else "wing")
        at = root + polar(heading, length * 0.06 * (5 - k))
        body.add(leaf(at, heading + k * spread, length * (1 - 0.1 * k), length * 0.3), role, wing)
    body.add(
        leaf(root - polar(heading, 0.04), heading + spread, length * 0.6, length * 0.34),
        "far" if far else "wing",
        wing,
    )


def _bird_legs(rng: np.random.Generator, body: Body, root, pitch: float, flying: bool):
    u = rng.uniform
    length = u(0.22, 0.95)
    for side in (-1, 1):
        thigh = pitch + 180 + u(10, 50) if flying else -90 + side * u(5, 30)
        at = root + polar(pitch, side * 0.06)
        knee = at + polar(thigh, length * 0.5)
        shin = thigh + u(-35, 10)
        foot = knee + polar(shin, length * 0.5)
        leg = body.part("leg")
        toes = [capsule(foot, foot + polar(shin + a, 0.13), 0.02, 0.012) for a in (40, 85, 130)]
        body.add([*chain([at, knee, foot], [0.05, 0.026, 0.024]), *toes], "horn", leg)


def _bird_head(rng: np.random.Generator, body: Body, centre, radius: float, heading: float):
    u = rng.uniform
    if u() < 0.45:
        for k in range(3):
            body.add(
                leaf(
                    centre + polar(heading + 100, radius * 0.7),
                    heading + 95 + 24 * k,
                    radius * u(0.9, 1.6),
                    0.07,
                ),
                "mane",
            )
    length, open_by = u(0.16, 0.48), u(0, 18)
    beak, base = body.part("beak"), centre + polar(heading, radius * 0.75)
    for side, role in ((-1, "horn_dark"), (1, "horn")):
        points = [
            (0, -0.012 * side),
            (length * (0.9 if side < 0 else 1), -0.01 * side),
            (length * 0.5, -side * radius * 0.34),
            (0, -side * radius * 0.48),
        ]
        body.add(polygon(base, points, heading + side * open_by), role, beak)
    head = body.part("head")
    body.add(ellipse(centre, radius * u(1, 1.15), radius, heading), "coat", head)
    if u() < 0.5:
        body.add(
            ellipse(centre + polar(heading + 92, radius * 0.6), radius * 0.62, radius * 0.3, heading),
            "mane",
            head,
        )
    body.eye(centre + polar(heading + 28, radius * 0.38), u(0.052, 0.07), heading)
