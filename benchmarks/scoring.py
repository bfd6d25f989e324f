"""All filters x parts of a layer and class, to APs: ours against NumPy and against COCO's evaluation.

    python -m benchmarks.scoring [--data_dir=DIR]

AlexNet's conv5, ImageNet weights, horses of DIR or shapeparts' first class. First from the same activations
to the same APs: ours, `numpy_scoring` on all cores, and the plain reference of the tests. Then from the same
detections to the same APs: ours, faster-coco-eval and pycocotools, whose detections and boxes are in their
objects before the clock starts. All take turns, and what is compiled was compiled before. Theirs match a
detection with the best box that is still free, ours with the best box; where a crop shows a part once that is
the same, so a crop's further boxes of a part are left out there. Their precision is asked for at every recall
that a part can reach, which makes their AP one over all points.
"""

import contextlib
import dataclasses
import io
import multiprocessing
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import numpy_scoring
from benchmarks.sections import Section, publish
from partsjax.data.crops import class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.emergence.criterion import judge
from partsjax.emergence.marked import Marked
from partsjax.emergence.method import Method
from partsjax.emergence.regression import Geometry, features, predict
from partsjax.emergence.scoring import score_layer
from partsjax.emergence.stimuli import Stimuli
from partsjax.networks import load_network
from partsjax.networks.devices import over_devices
from partsjax.ops import average_precision as ap
from partsjax.ops import boxes as bx
from partsjax.ops import local_maxima
from tests.plain import pipeline as plain

LAYER, FILTERS, ROUNDS, SLOW_ROUNDS = "conv5", 64, 7, 3


@dataclasses.dataclass(frozen=True)
class Case:
    """Activations float32 [N, H, W, F] and truth of (train, val) crops."""

    name: str
    maps: list[np.ndarray]
    truth: list
    field: tuple[float, float, float]
    size: int

    @property
    def geometry(self) -> numpy_scoring.Geometry:
        extent, stride, center = self.field
        return numpy_scoring.Geometry(extent, stride, center, self.maps[0].shape[2], self.size)


def case(data_dir: str | None) -> Case:
    network = load_network("alexnet", "imagenet")
    where = ("coco_parts", data_dir, ["horse"]) if data_dir else ("shapeparts", None, None)
    dataset = load_dataset(*where[:2], classes=where[2], progress=False)
    object_class = next(iter(dataset.parts))
    crops = [class_crops(dataset, object_class, split, network.input_size) for split in ("train", "val")]
    forward = jax.jit(lambda p, x: network.apply(p, network.preprocessing.normalise(x), (LAYER,))[LAYER])

    def maps(of) -> np.ndarray:
        made = batches(of, [np.arange(len(of))], 32, network.preprocessing.mean)
        found = [np.asarray(forward(network.params, b.pixels))[: len(b.index)] for b in made]
        return np.ascontiguousarray(np.concatenate(found)[..., :FILTERS])

    field = network.fields[LAYER]
    name = (
        f"AlexNet {LAYER}, {FILTERS} filters x {len(crops[0].parts)} parts of {object_class}, "
        f"{len(crops[0])} + {len(crops[1])} crops"
    )
    return Case(
        name,
        [maps(of) for of in crops],
        [of.truth for of in crops],
        (field.size, field.stride, field.center),
        network.input_size,
    )


def section(data_dir: str | None) -> Section:
    of = case(data_dir)
    numbers, texts = {}, []
    for name, measured in (("activations", _from_activations), ("detections", _from_detections)):
        text, seconds = measured(of)
        print(text, flush=True)
        texts.append(text)
        numbers[name] = seconds
    return Section("Scoring, against NumPy and COCO's evaluation", "\n\n".join(texts), numbers)


def _from_activations(of: Case) -> tuple[str, dict]:
    find = jax.jit(lambda m: local_maxima.strongest(m, Method.stimuli))
    geometry = Geometry.of(load_network("alexnet", "random").fields[LAYER], of.geometry.columns, of.size)

    def ours():
        found = [Stimuli(*(np.asarray(a) for a in find(m)), columns=m.shape[2]) for m in of.maps]
        return score_layer(found, of.truth, geometry, Method())[0]

    unpadded = [
        [
            [t.boxes[:, p, t.valid[p, :, n], n].T.astype(float) for p in range(t.valid.shape[0])]
            for n in range(t.valid.shape[2])
        ]
        for t in of.truth
    ]
    start = time.perf_counter()
    mine = ours()
    first = time.perf_counter() - start
    with _Elsewhere(of) as numpy:
        ways = {
            "partsjax": (lambda: _timed(ours), ROUNDS),
            "NumPy, vectorized, all cores": (numpy, ROUNDS),
            "plain NumPy": (
                lambda: _timed(lambda: plain.score_layer(*of.maps, of.field, *unpadded, of.size)),
                SLOW_ROUNDS,
            ),
        }
        seconds, results = _in_turn(ways)
    apart = {
        name: max(
            float(np.nanmean(np.abs(getattr(mine, ap) - getattr(result, ap))))
            for ap in ("ap_train", "ap_val")
        )
        for name, result in results.items()
    }
    if max(apart.values()) > 1e-4:
        raise AssertionError(f"APs differ: {apart}")
    text = (
        f"{of.name}, activations to AP:\n\n{_table(seconds)}\n\nOurs takes {first:.1f} s with compilation. "
        f"Mean differences of AP to ours: {_others(apart)}."
    )
    return text, seconds | {"first": first}


class _Elsewhere:
    """`numpy_scoring` in a process of its own, without JAX's threads, where it can fork."""

    def __init__(self, of: Case):
        spawn = multiprocessing.get_context("spawn")
        self._here, there = spawn.Pipe()
        truths = [(t.boxes, t.valid) for t in of.truth]
        self._process = spawn.Process(target=_serve, args=(there, of.maps, truths, of.geometry))

    def __enter__(self):
        self._process.start()
        return self

    def __call__(self):
        self._here.send(True)
        return self._here.recv()

    def __exit__(self, *_):
        self._here.send(False)
        self._process.join()


def _serve(connection, maps, truths, geometry) -> None:
    while connection.recv():
        connection.send(_timed(lambda: numpy_scoring.score_maps(maps, truths, geometry)))


def _timed(function: Callable):
    start = time.perf_counter()
    found = function()
    return time.perf_counter() - start, found


def _in_turn(ways: dict) -> tuple[dict[str, list[float]], dict]:
    """Seconds by way and round, and what each found; every way runs once uncounted."""
    results = {name: way()[1] for name, (way, _) in ways.items()}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(max(rounds for _, rounds in ways.values())):
        for name, (way, rounds) in ways.items():
            if number < rounds:
                seconds[name].append(way()[0])
    return seconds, results


def _table(seconds: dict[str, list[float]]) -> str:
    """Ours first; ratios within a round."""
    ours = seconds["partsjax"]
    lines = ["| | seconds (median) | its time / ours (range) |", "|---|---|---|"]
    for name, of in seconds.items():
        ratios = [b / a for a, b in zip(ours, of, strict=False)]
        shown = (
            f"{statistics.median(ratios):.1f}x ({min(ratios):.1f} to {max(ratios):.1f})"
            if of != ours
            else "1"
        )
        lines.append(f"| {name} | {statistics.median(of):.3f} | {shown} |")
    return "\n".join(lines)


def _from_detections(of: Case) -> tuple[str, dict]:
    detections = _detections(of)
    _, alive, _, _, valid = detections
    compiled = over_devices(_aps, split=3)
    ways = {"partsjax": (lambda: _timed(lambda: np.asarray(compiled(*detections))), ROUNDS)}
    for name in ("faster-coco-eval", "pycocotools"):
        ways[name] = (_coco(name, detections), SLOW_ROUNDS)
    seconds, results = _in_turn(ways)
    clear = ~_on_the_edge(detections)
    apart = {
        name: float(np.nanmax(np.abs(results["partsjax"] - result)[clear]))
        for name, result in results.items()
    }
    if max(apart.values()) > 1e-4:
        raise AssertionError(f"APs differ: {apart}")
    text = (
        f"The same filters and parts, {int(alive.sum()):,} detections on {valid.shape[2]} held-out crops "
        f"after NMS, at most one box of a part a crop, detections to AP:\n\n{_table(seconds)}\n\n"
        f"Largest differences of AP to ours: {_others(apart)}; of {clear.size} APs {(~clear).sum()} left out "
        f"because an IoU is so close to {Method.correct_iou} that rounding decides."
    )
    return text, seconds


def _on_the_edge(detections) -> np.ndarray:
    """Where some detection overlaps its box by the threshold but for rounding: bool [F, P]."""
    boxes, alive, _, truth, valid = detections
    (x1, y1, x2, y2), of = (np.asarray(s, float) for s in boxes), [np.asarray(s, float) for s in truth]
    width = np.minimum(x2, of[2]) - np.maximum(x1, of[0])
    height = np.minimum(y2, of[3]) - np.maximum(y1, of[1])
    both = width.clip(0) * height.clip(0)
    either = (x2 - x1) * (y2 - y1) + (of[2] - of[0]) * (of[3] - of[1]) - both
    close = np.abs(both - Method.correct_iou * either) < 1e-6 * either
    return (close & alive & valid).any(axis=(2, 3))


def _others(apart: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.0e}" for name, value in apart.items() if name != "partsjax")


def _detections(of: Case):
    """On held-out crops: boxes [F, P, K, N], which are there, scores [F, K, N]; one box a part and crop."""
    geometry = Geometry.of(load_network("alexnet", "random").fields[LAYER], of.geometry.columns, of.size)
    found = [
        Stimuli(*(np.asarray(a) for a in local_maxima.strongest(m, Method.stimuli)), columns=m.shape[2])
        for m in of.maps
    ]
    fitted, _ = score_layer(found, of.truth, geometry, Method())
    cells, values = found[1].cells, found[1].values
    phi = features(cells, values, fitted.scale, geometry)
    boxes = predict(fitted.weights, phi, *geometry.centers(cells), of.size)
    exists = fitted.weights.any(axis=(2, 3))[..., None, None]
    alive = bx.nms(boxes, np.broadcast_to((values[:, 4] > 0)[:, None] & exists, boxes.x1.shape), 0.5, axis=2)
    truth = of.truth[1]
    return (
        bx.Boxes(*map(np.asarray, boxes)),
        np.asarray(alive),
        values[:, 4],
        bx.Boxes(*truth.boxes[:, :, :1]),
        truth.valid[:, :1],
    )


def _aps(boxes, alive, scores, truth, valid):
    """AP [F, P] of what NMS left."""
    method = Method(nms_iou=1.0)
    none, parts = jnp.zeros_like(valid), jnp.ones(len(valid), jnp.int32)
    marked = Marked(truth, valid, none, most=parts, hard=0 * parts, real=parts > 0)

    def one(of_filter):
        boxes, alive, scores = jax.tree.map(lambda a: a[None], of_filter)
        judged = judge(boxes, alive, marked, method)
        flat = (*judged.alive.shape[:2], -1)
        ranking = ap.rank(scores.reshape(1, -1))
        return ap.average_precision(
            ranking, judged.alive.reshape(flat), judged.true.reshape(flat), valid.sum(axis=(1, 2))
        )[0]

    return jax.lax.map(one, (boxes, alive, scores), batch_size=8)


def _coco(name: str, detections) -> Callable:
    """COCO's code, part by part, its categories being the filters: `() -> (seconds, AP [F, P])`."""
    if name == "pycocotools":
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval as Evaluation
    else:
        from faster_coco_eval import COCO
        from faster_coco_eval import COCOeval_faster as Evaluation
    boxes, alive, scores, truth, valid = detections
    filters, parts, _, crops = alive.shape
    prepared = {}
    for p in range(parts):
        shown = np.flatnonzero(valid[p, 0])
        corners = np.stack([np.asarray(side)[p, 0, shown] for side in truth], axis=1).astype(float)
        sizes = corners[:, 2:] - corners[:, :2]
        marked = [
            {"image_id": int(n), "category_id": f, "bbox": [*map(float, c[:2]), *map(float, s)], "iscrowd": 0}
            | {"area": float(s.prod()), "id": f * len(shown) + i + 1}
            for f in range(filters)
            for i, (n, c, s) in enumerate(zip(shown, corners, sizes, strict=True))
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            known = COCO()
            known.dataset = {
                "images": [{"id": n} for n in range(crops)],
                "categories": [{"id": f, "name": str(f)} for f in range(filters)],
                "annotations": marked,
            }
            known.createIndex()
            f, k, n = np.nonzero(alive[:, p])
            x1, y1, x2, y2 = (side[f, p, k, n].astype(float) for side in boxes)
            rows = np.stack([n, x1, y1, x2 - x1, y2 - y1, scores[f, k, n], f], axis=1)
            if len(shown) and len(rows):
                prepared[p] = known, known.loadRes(rows), len(shown)

    def evaluate():
        found = np.where(valid.any(axis=(1, 2)), np.zeros((filters, parts)), np.nan)
        seconds = 0.0
        for p, (known, detected, positives) in prepared.items():
            with contextlib.redirect_stdout(io.StringIO()):
                start = time.perf_counter()
                evaluation = Evaluation(known, detected, "bbox")
                evaluation.params.iouThrs = np.array([Method.correct_iou])
                evaluation.params.recThrs = np.arange(1, positives + 1) / positives
                evaluation.params.areaRng, evaluation.params.areaRngLbl = [[0, 1e10]], ["all"]
                evaluation.params.maxDets = [Method.stimuli]
                evaluation.evaluate()
                evaluation.accumulate()
                found[:, p] = evaluation.eval["precision"][0, :, :, 0, 0].mean(axis=0)
                seconds += time.perf_counter() - start
        return seconds, found

    return evaluate


if __name__ == "__main__":
    publish("scoring", section)
