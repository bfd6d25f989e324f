"""Combinations: for every part of a layer, the set of filters whose union detects it best on train."""

import dataclasses
import functools
import zlib
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.emergence.decode_boxes import BoxDecoder
from partsjax.emergence.genetic import Genetic, evolve, greedy
from partsjax.emergence.method import Method
from partsjax.emergence.ranked import PartDetections, Union, union
from partsjax.emergence.tables import Tables, tabulate
from partsjax.networks.devices import over_devices, processors
from partsjax.ops.average_precision import curve

SEARCHES = ("ga", "greedy")
RANKINGS = ("activation", "calibrated")
_FINALISTS = 5  # sets of the last population that are evaluated exactly


@dataclasses.dataclass(frozen=True)
class Search:
    """How a set is looked for.

    Attributes:
      search: "ga", the genetic algorithm (the paper's), or "greedy" (our choice).
      score: what a union's detections are ranked by, the "activation", or that "calibrated" to train
        precision (our choice: the activation).
      union_nms: NMS across the members' detections (our choice: none).
      genetic: settings of the genetic algorithm.
    """

    search: str = "ga"
    score: str = "activation"
    union_nms: bool = False
    genetic: Genetic = dataclasses.field(default_factory=Genetic)


@dataclasses.dataclass(frozen=True)
class Combination:
    """The best set found for one part: filters ascending; exact train AP, never below the best filter's."""

    filters: tuple[int, ...]
    ap_train: float


@dataclasses.dataclass(frozen=True)
class Target:
    """A part to find a set for.

    number: of the part within its class. name: unique; with the seed it makes the part's random numbers its
    own. best: its best single filter. detections: on train, ranked by `Search.score`.
    """

    number: int
    name: str
    best: int
    detections: PartDetections

    @functools.cached_property
    def tables(self) -> Tables:
        """The same for all searches."""
        return tabulate(self.detections)


def combine(
    targets: Sequence[Target], search: Search, method: Method, decoder: BoxDecoder, seed: int
) -> list[Combination]:
    """The best set for each of some parts of a layer.

    The search works on tabulated APs; the sets it ends with, and the best single filter, are then evaluated
    exactly, with NMS across members if asked for, and the best of those is taken; of equal ones the
    smallest. It runs on the processor, also where there is an accelerator, which its many small steps leave
    idle.

    Args:
      decoder: of the train crops.
    """
    with jax.default_device(processors()[0]):
        found = _search(targets, search, seed)
    chosen = []
    for target, sets in zip(targets, found, strict=True):
        exact = []
        for filters in sets:
            of_set = members_union(target.detections, filters, target.number, search, method, decoder)
            exact.append((train_ap(of_set, target.detections), -len(filters), filters))
        ap, _, filters = max(exact)
        chosen.append(Combination(filters, ap))
    return chosen


def members_union(
    detections: PartDetections, filters, part: int, search: Search, method: Method, decoder: BoxDecoder
) -> Union:
    """A set's detections: the plain union, or what NMS across members leaves of it."""
    found = union(detections, filters)
    return decoder.without_repeats(part, found, method.nms_iou) if search.union_nms else found


def train_ap(found: Union, detections: PartDetections) -> float:
    """Exact AP of a union's detections over all crops; NaN without ground truth."""
    everything = np.zeros(len(found.scores), np.int64), [detections.positives.sum()]
    return curve(found.scores, found.true, *everything).average_precision()


def _search(targets: Sequence[Target], search: Search, seed: int) -> list[list[tuple[int, ...]]]:
    """Per part the sets worth evaluating, the best single filter among them."""
    filters = targets[0].detections.scores.shape[0]
    found: list[dict[tuple[int, ...], None]] = [{(target.best,): None} for target in targets]
    tables = [target.tables for target in targets]
    key = jax.random.key(seed, impl="threefry2x32")
    waiting = []
    for group in _groups([t.levels.shape for t in tables]):
        stacked = jax.tree.map(lambda *arrays: np.stack(arrays), *(tables[p] for p in group))
        singles = np.array([targets[p].best for p in group], np.int32)
        singles[len(set(group)) :] = -1  # the last one again: nobody asks
        if search.search == "greedy":
            waiting.append((group, _greedy()(stacked, singles)))
            continue
        keys = jnp.stack([jax.random.fold_in(key, zlib.crc32(targets[p].name.encode())) for p in group])
        count = np.full(len(group), filters, np.int32)
        waiting.append((group, evolve_parts(search.genetic)(stacked, keys, count, singles)))
    for group, (sets, _) in waiting:
        for p, of_part in zip(dict.fromkeys(group), jax.device_get(sets), strict=False):
            found[p] |= dict.fromkeys(_worth(of_part))
    return [list(sets) for sets in found]


def _worth(found: np.ndarray) -> list[tuple[int, ...]]:
    """The sets worth evaluating of a result of `greedy` (int [F]) or of `evolve` (bool [B, F])."""
    if found.ndim == 1:
        return [_as_set(found[found >= 0])]
    sets: dict[tuple[int, ...], None] = {}
    for members in found:
        if members.any():
            sets[_as_set(np.flatnonzero(members))] = None
        if len(sets) == _FINALISTS:
            break
    return list(sets)


def _as_set(filters) -> tuple[int, ...]:
    return tuple(sorted(int(f) for f in filters))


def _groups(shapes: Sequence[tuple[int, ...]]) -> list[list[int]]:
    """Parts that go through the search at once, of one shape; the last may be repeated.

    One a device: its population fits a core's cache, and one number of parts means few compilations.
    """
    devices = len(processors())
    groups = []
    for shape in dict.fromkeys(shapes):
        alike = [p for p, s in enumerate(shapes) if s == shape]
        for start in range(0, len(alike), devices):
            group = alike[start : start + devices]
            groups.append(group + group[-1:] * (-len(group) % devices))
    return groups


def _one(search: Callable) -> Callable:
    """`search` for the one part of a device, all arguments with a leading axis of one.

    It is not made a batch: where it stops looking depends on its numbers, and a batch would have to look on,
    and to choose.
    """

    def part(*arguments):
        one = jax.tree.map(lambda array: array[0], arguments)
        return jax.tree.map(lambda array: array[None], search(*one))

    return part


@functools.cache
def _greedy():
    return over_devices(_one(greedy), split=2, devices=processors())


@functools.cache
def evolve_parts(settings: Genetic):
    """`evolve` for as many parts as there are devices, one on each; all arguments with a leading axis."""
    return over_devices(_one(functools.partial(evolve, settings=settings)), split=4, devices=processors())
