"""The search for sets of filters: fitness evaluations per second, against sorting, and whole searches.

    python -m benchmarks.combination [--data_dir=DIR]

Real detections: AlexNet's conv5, ImageNet weights, on shapeparts' first class, and on the horses of DIR. Of
the part with most boxes, a population of 200 sets as in the first and the last generation of the genetic
algorithm is evaluated by `tables.evaluate` and, set by set, by the NumPy function that sorts a union as
integers. Then the genetic algorithm itself, a search on every device as in a run, against the same in NumPy
and by pygad (`numpy_genetic`). All take turns, round by round. Needs pygad.
"""

import dataclasses
import statistics
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import numpy_genetic
from benchmarks.sections import Section, publish
from partsjax.data.crops import Crops, class_crops
from partsjax.data.loading import load_dataset
from partsjax.data.pipeline import batches
from partsjax.emergence.combination import evolve_parts
from partsjax.emergence.genetic import Genetic, evolve
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import PartDetections, RankedLayer
from partsjax.emergence.regression import Geometry
from partsjax.emergence.scoring import score_layer
from partsjax.emergence.stimuli import Stimuli, StimulusReducer, concatenate, extractor
from partsjax.emergence.tables import evaluate, tabulate
from partsjax.networks import load_network

LAYER, ROUNDS, SEARCHES = "conv5", 7, 3  # rounds of evaluations, and of whole searches
SETTINGS = Genetic()


@dataclasses.dataclass(frozen=True)
class Case:
    """Detections of one part on the train crops, as ours and NumPy take them; best: the best filter."""

    name: str
    detections: PartDetections
    part: numpy_genetic.Part
    best: int


def case(data_dir: str | None = None) -> Case:
    """The part of a class with most train boxes."""
    network = load_network("alexnet", "imagenet")
    name = "coco_parts" if data_dir else "shapeparts"
    dataset = load_dataset(name, data_dir, classes=["horse"] if data_dir else None, progress=False)
    object_class = next(iter(dataset.parts))
    crops = [class_crops(dataset, object_class, s, network.input_size) for s in ("train", "val")]
    stimuli, truth = [stimuli_of(network, c) for c in crops], [c.truth for c in crops]
    geometry = Geometry.of(network.fields[LAYER], stimuli[0].columns, network.input_size)
    scores, found = score_layer(stimuli, truth, geometry, Method())
    part = int(truth[0].positives.argmax())
    positives = truth[0].valid[part].sum(axis=0)
    fired, of_part = stimuli[0].scores, found.train[:, part]
    return Case(
        f"{crops[0].parts[part]} of {object_class}",
        RankedLayer(fired).part(of_part, positives),
        numpy_genetic.Part(fired, of_part, int(positives.sum())),
        int(scores.ap_train[:, part].argmax()),
    )


def stimuli_of(network, crops: Crops) -> Stimuli:
    extract = extractor(network, [LAYER], StimulusReducer())
    pieces = []
    for batch in batches(crops, [np.arange(len(crops))], 32, network.preprocessing.mean):
        found = extract(batch.pixels)[LAYER]
        arrays = (np.asarray(a)[..., : len(batch.index)] for a in (found.cells, found.values))
        pieces.append(Stimuli(*arrays, found.columns))
    return concatenate(pieces)


def section(data_dir: str | None) -> Section:
    """Of drawn images and, where there are some, of photographs."""
    cases = [case(), *([case(data_dir)] if data_dir else [])]
    texts, numbers = zip(*map(_measured, cases), strict=True)
    return Section("The search for sets of filters, against sorting", "\n\n".join(texts), numbers)


def _measured(of: Case) -> tuple[str, dict[str, list[float]]]:
    tables = jax.device_put(tabulate(of.detections))
    filters, padded = len(of.detections.scores), tables.levels.shape[0]
    key = jax.random.key(0)

    def search(settings) -> tuple[np.ndarray, np.ndarray]:
        return jax.device_get(evolve(tables, key, filters, of.best, settings))

    devices = jax.device_count()
    many = jax.tree.map(lambda a: np.stack([np.asarray(a)] * devices), tables)
    keys = jax.random.split(key, devices)
    same = (np.full(devices, v, np.int32) for v in (filters, of.best))
    arguments = (many, keys, *same)
    searches = evolve_parts(SETTINGS)
    jax.block_until_ready(searches(*arguments))

    first, _ = search(dataclasses.replace(SETTINGS, generations=0))
    last, reached = search(SETTINGS)
    ours = jax.jit(evaluate)
    rows, worst, numbers = [], 0.0, {}
    for name, population in (("first", first), ("last", last)):
        sets, on_device = [np.flatnonzero(z) for z in population], jnp.asarray(population)
        bounds = jax.device_get(ours(tables, on_device))
        exact = np.array([of.part.ap(s) for s in sets])
        worst = max(worst, float(np.abs(exact - bounds.low).max()))
        fast, slow = numbers[name] = _in_turn(
            lambda z=on_device: jax.block_until_ready(ours(tables, z)),
            lambda s=sets: [of.part.ap(z) for z in s],
        )
        size = np.mean([len(s) for s in sets])
        rows.append(
            _row(f"{name} generation, {size:.1f} filters a set, against sorting", len(sets), fast, slow)
        )
    evaluations = SETTINGS.population * (SETTINGS.generations + 1)
    theirs = numpy_genetic.Settings(**dataclasses.asdict(SETTINGS))
    ends = [("partsjax", float(reached[0]), "")]
    for name, find in (("NumPy", numpy_genetic.search), ("pygad", numpy_genetic.pygad_search)):
        aps: list[float] = []

        def one(find=find, aps=aps) -> None:
            aps.append(find(of.part, of.best, theirs, 0)[1])

        fast, slow = numbers[name] = _in_turn(
            lambda: jax.block_until_ready(searches(*arguments)), one, SEARCHES
        )
        a_search = [seconds / devices for seconds in fast]
        rows.append(_row(f"whole search, against {name}", evaluations, a_search, slow))
        ends.append((name, aps[-1], f" ({statistics.median(slow):.1f} s)"))
        print(rows[-1], flush=True)
    shape = of.detections.scores.shape
    text = (
        f"AlexNet {LAYER}, {of.name}: {shape[0]} filters, {int(of.detections.positives.sum())} boxes on "
        f"{len(of.detections.positives)} crops, populations of {SETTINGS.population}; tables of {padded} x "
        f"{tables.levels.shape[1]}. Median of {ROUNDS} rounds ({SEARCHES} of searches), range of the "
        "ratios.\n\n"
        "| | ours, sets/s | theirs, sets/s | ratio |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        f"{devices} searches ({SETTINGS.population} x {SETTINGS.generations}) at once, one a device, take "
        f"{statistics.median(fast):.2f} s; NumPy's and pygad's run on one core, with the same function that "
        f"sorts (NumPy's evaluates a set that comes twice once). Train AP reached: "
        f"{', '.join(f'{who} {ap:.4f}{took}' for who, ap, took in ends)}. The lower bound that sets are "
        f"ranked by is at most {worst:.1e} from the sorted AP here."
    )
    return text, numbers


def _in_turn(ours: Callable, theirs: Callable, rounds: int = ROUNDS) -> tuple[list[float], list[float]]:
    """Seconds that each takes, round by round."""
    seconds = [], []
    for _ in range(rounds):
        for run, spent in zip((ours, theirs), seconds, strict=True):
            start = time.perf_counter()
            run()
            spent.append(time.perf_counter() - start)
    return seconds


def _row(name: str, sets: int, fast: list[float], slow: list[float]) -> str:
    ratios = [s / f for f, s in zip(fast, slow, strict=True)]
    return (
        f"| {name} | {sets / statistics.median(fast):,.0f} | {sets / statistics.median(slow):,.0f} | "
        f"{statistics.median(ratios):.0f}x ({min(ratios):.0f}–{max(ratios):.0f}) |"
    )


if __name__ == "__main__":
    publish("combination", section)
