"""The two machines of shapeparts: a robot and a digger, posed at random. Units as the animals'."""

import numpy as np

from partsjax.data.shapeparts.body import Body
from partsjax.data.shapeparts.forms import capsule, chain, ellipse, polar, polygon, rounded_box, star

ROBOT_PARTS = ("head", "eye", "antenna", "torso", "arm", "hand", "leg", "foot")
DIGGER_PARTS = ("body", "cab", "window", "wheel", "headlight", "exhaust", "boom", "bucket")


def robot(rng: np.random.Generator) -> Body:
    """A robot that dances: every limb at its own angle, the torso bent against the head."""
    u, body = rng.uniform, Body()
    width, height, lean = u(0.34, 0.62), u(0.36, 0.7), u(-25, 25)
    up, right = polar(90 + lean, 1.0), polar(lean, 1.0)
    arm_length, leg_length, thick = u(0.45, 1.2), u(0.3, 1.2), u(0.048, 0.08)
    sway, lift = u(-50, 50), u(-60, 60)

    def add_arm(side):
        root = up * (height * 0.36) + right * (side * width * 0.5)
        raised = lift + side * sway + u(-20, 20)
        upper = lean + (raised if side > 0 else 180 - raised)
        elbow = root + polar(upper, arm_length * 0.5)
        fore = upper + side * u(-30, 95)
        wrist = elbow + polar(fore, arm_length * 0.45)
        arm = body.part("arm")
        body.add(chain([root, elbow, wrist], [thick, thick * 0.9, thick * 0.8]), "limb", arm)
        body.add(ellipse(elbow, thick * 1.15, thick * 1.15), "joint", arm)
        _hand(rng, body, wrist, fore, thick * 2.3)

    def add_leg(side):
        root = -up * (height * 0.45) + right * (side * width * 0.28)
        thigh = lean - 90 + sway * 0.7 + side * u(-5, 65)
        knee = root + polar(thigh, leg_length * 0.5)
        shin = thigh + side * u(-70, 20)
        ankle = knee + polar(shin, leg_length * 0.45)
        leg = body.part("leg")
        body.add(chain([root, knee, ankle], [thick * 1.3, thick * 1.1, thick]), "limb", leg)
        body.add(ellipse(knee, thick * 1.3, thick * 1.3), "joint", leg)
        sole = ankle + polar(shin, 0.05) + polar(shin + 90, 0.06 * side)
        body.add(rounded_box(sole, 0.32, 0.15, shin + 90, 4.0), "accent", body.part("foot"))

    neck = up * (height * 0.5)
    tilt = lean + u(-35, 35)
    head_width, head_height = u(0.34, 0.56), u(0.28, 0.42)
    centre = neck + polar(90 + tilt, head_height * 0.5 + u(0.04, 0.4))
    add_leg(-1)
    add_leg(1)
    behind = -1 if u() < 0.5 else 1
    add_arm(behind)
    body.add(capsule(neck * 0.8, centre, thick * 1.2, thick), "joint")
    torso = body.part("torso")
    body.add(rounded_box((0, 0), width, height, lean, u(3, 8)), "coat", torso)
    _chest(rng, body, torso, width, height, lean)
    _robot_head(rng, body, centre, head_width, head_height, tilt)
    add_arm(-behind)
    return body


def _hand(rng: np.random.Generator, body: Body, wrist, heading: float, size: float):
    """A palm and two claws that open."""
    hand, open_by = body.part("hand"), rng.uniform(18, 50)
    claws = []
    for side in (-1, 1):
        knuckle = wrist + polar(heading + side * (open_by + 30), size * 0.75)
        claws += chain(
            [wrist, knuckle, knuckle + polar(heading - side * 12, size * 0.65)],
            [size * 0.3, size * 0.24, size * 0.14],
        )
    body.add(claws, "accent", hand)
    body.add(ellipse(wrist, size * 0.42, size * 0.42), "accent", hand)


def _chest(rng: np.random.Generator, body: Body, torso: int, width: float, height: float, lean: float):
    panel = polar(90 + lean, height * 0.1)
    body.add(rounded_box(panel, width * 0.66, height * 0.46, lean, 5.0), "panel", torso)
    if rng.random() < 0.5:
        for k, role in enumerate(("lamp", "accent", "lamp2")):
            at = panel + polar(lean, (k - 1) * width * 0.19)
            body.add(ellipse(at, width * 0.075, width * 0.075), role, torso)
    else:
        body.add(ellipse(panel, height * 0.17, height * 0.17), "white", torso)
        body.add(
            chain([panel, panel + polar(rng.uniform(0, 180) + lean, height * 0.14)], [0.015, 0.01]),
            "accent",
            torso,
        )
    for k in range(3):
        at = polar(90 + lean, -height * (0.24 + 0.08 * k))
        body.add(
            capsule(at - polar(lean, width * 0.2), at + polar(lean, width * 0.2), 0.012, 0.012), "dark", torso
        )


def _robot_head(rng: np.random.Generator, body: Body, centre, width: float, height: float, tilt: float):
    u = rng.uniform
    up, right = polar(90 + tilt, 1.0), polar(tilt, 1.0)
    for at in (0.0,) if u() < 0.5 else (-0.3, 0.3):
        antenna = body.part("antenna")
        root = centre + up * (height * 0.45) + right * (at * width)
        tip = root + polar(90 + tilt + u(-25, 25) - 60 * at, u(0.16, 0.4))
        body.add(capsule(root, tip, 0.022, 0.016), "joint", antenna)
        body.add(ellipse(tip, 0.06, 0.06), "lamp", antenna)
    for side in (-1, 1):
        body.add(rounded_box(centre + right * (side * width * 0.52), 0.09, height * 0.42, tilt, 4.0), "joint")
    head = body.part("head")
    body.add(rounded_box(centre, width, height, tilt, u(2.6, 8)), "coat", head)
    if u() < 0.6:
        body.add(
            rounded_box(centre + up * (height * 0.1), width * 0.84, height * 0.5, tilt, 4.0), "panel", head
        )
    mouth = centre - up * (height * 0.29)
    body.add(rounded_box(mouth, width * u(0.3, 0.55), height * 0.13, tilt, 4.0), "dark", head)
    radius = u(0.055, 0.085)
    for side in (-1, 1):
        body.eye(
            centre + up * (height * 0.1) + right * (side * width * u(0.2, 0.26)),
            radius,
            tilt + u(-60, 60),
            "lens",
        )


def digger(rng: np.random.Generator) -> Body:
    """A wheeled digger whose boom reaches low, far or over the roof."""
    u, body = rng.uniform, Body()
    length, height = u(0.7, 1.15), u(0.24, 0.36)
    cab_width, cab_height, cab_x = u(0.36, 0.48), u(0.36, 0.6), u(-0.28, 0.12) * length
    roof = -height * 0.5 - cab_height
    in_front = u() < 0.5
    if not in_front:
        _boom(rng, body, length)
    exhaust, x = body.part("exhaust"), cab_x + cab_width * 0.5 + u(0.05, 0.12)
    top = -height * 0.4 - u(0.2, 0.42)
    body.add(capsule((x, -height * 0.3), (x, top), 0.04, 0.04), "joint", exhaust)
    body.add(polygon((x, top), [(-0.055, 0.03), (0.055, 0.03), (0.09, -0.08), (0.0, -0.06)]), "dark", exhaust)
    cab = body.part("cab")
    middle = (cab_x, roof + cab_height * 0.55)
    body.add(rounded_box(middle, cab_width, cab_height * 1.1, 0.0, 7.0), "coat", cab)
    body.add(rounded_box((cab_x, roof - 0.005), cab_width * 1.16, 0.075, 0.0, 5.0), "accent", cab)
    panes = 1 if u() < 0.5 else 2
    for k in range(panes):
        width = cab_width * 0.78 / panes
        at = np.array([cab_x + (k - (panes - 1) / 2) * width * 1.06, roof + cab_height * 0.42])
        window = body.part("window")
        body.add(rounded_box(at, width * 0.94, cab_height * 0.58, 0.0, 7.0), "glass", window)
        body.add(
            polygon(
                at, np.array([(-0.25, 0.24), (-0.05, 0.24), (0.3, -0.24), (0.1, -0.24)]) * (width, cab_height)
            ),
            "shine",
            window,
        )
    hull = body.part("body")
    body.add(rounded_box((0, 0), length, height, 0.0, 7.0), "coat", hull)
    body.add(rounded_box((0, height * 0.2), length * 0.97, height * 0.16, 0.0, 8.0), "accent", hull)
    for k in range(3):
        at = np.array([-length * 0.42 + 0.055 * k, -height * 0.18])
        body.add(capsule(at, np.add(at, (0, height * 0.2)), 0.013, 0.013), "dark", hull)
    lamp = np.array([length * 0.46, -height * u(0.05, 0.3)])
    headlight = body.part("headlight")
    body.add(ellipse(lamp, 0.075, 0.075), "joint", headlight)
    body.add(ellipse(lamp, 0.05, 0.05), "lamp", headlight)
    small, large = u(0.17, 0.24), u(0.2, 0.32)
    spokes, phase = int(rng.integers(4, 8)), u(0, 90)
    for x, radius in ((-length * 0.33, large), (length * 0.36, small)):
        _wheel(body, np.array([x, height * 0.5 + 0.04 + (0.24 - radius) * 0.5]), radius, spokes, phase)
    if in_front:
        _boom(rng, body, length)
    return body


def _wheel(body: Body, centre, radius: float, spokes: int, phase: float):
    wheel = body.part("wheel")
    body.add(
        [ellipse(centre, radius, radius), star(centre, radius * 1.1, radius * 0.92, 14, phase)], "tyre", wheel
    )
    body.add(ellipse(centre, radius * 0.66, radius * 0.66), "white", wheel)
    body.add(star(centre, radius * 0.64, radius * 0.2, spokes, phase), "accent", wheel)
    body.add(ellipse(centre, radius * 0.2, radius * 0.2), "dark", wheel)


def _boom(rng: np.random.Generator, body: Body, length: float):
    """Two beams, a piston and a bucket with teeth."""
    u = rng.uniform
    root = np.array([length * u(0.1, 0.36), -0.08])
    lift = u(10, 125)
    elbow = root + polar(lift, u(0.4, 1.05))
    drop = lift - u(60, 160)
    wrist = elbow + polar(drop, u(0.35, 0.85))
    boom = body.part("boom")
    body.add(chain([root, elbow, wrist], [0.1, 0.075, 0.05]), "accent", boom)
    body.add(capsule(root + polar(lift + 60, 0.1), elbow + (wrist - elbow) * 0.35, 0.03, 0.02), "joint", boom)
    for at in (root, elbow):
        body.add(ellipse(at, 0.04, 0.04), "dark", boom)
    size, turn = u(0.22, 0.36), drop - u(20, 110)
    scoop = [(-0.5, -0.35), (0.1, -0.55), (0.62, -0.1), (0.7, 0.4), (0.45, 0.62), (-0.35, 0.5), (-0.62, 0.1)]
    teeth = [(0.45, 0.6), (0.72, 0.38), (0.95, 0.52), (0.76, 0.62), (0.86, 0.8), (0.6, 0.7), (0.62, 0.9)]
    at = wrist + polar(drop, size * 0.35)
    bucket = body.part("bucket")
    body.add(polygon(at, np.array(teeth) * size, turn), "white", bucket)
    body.add(polygon(at, np.array(scoop) * size, turn), "panel", bucket)
    body.add(ellipse(wrist, 0.04, 0.04), "dark", bucket)
