"""The stage that blacks out: for every part its held-out crops shown twice more, kept part by part."""

import collections
import dataclasses
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence

import jax
import numpy as np

from partsjax.data.crops import Crops, Truth
from partsjax.data.pipeline import batches
from partsjax.emergence.fitted_set import FittedSet
from partsjax.emergence.ground import Ground
from partsjax.emergence.judged import Judged
from partsjax.emergence.own_evidence import OwnEvidence, alone_and_hidden, own_evidence, part_pixels
from partsjax.emergence.place_prior import truth_of_part
from partsjax.emergence.regression import Geometry
from partsjax.emergence.stimuli import Stimuli, concatenate, require_finite
from partsjax.runs import stages
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.records import packed
from partsjax.runs.stimulus_stage import truth_digest

_WAYS = 2  # with the part alone, and with the part hidden
_IN_FLIGHT = 2  # blacked-out batches the device works on while the host reads the next


@dataclasses.dataclass(frozen=True)
class _Part:
    """A part with a set in some layer.

    number: of the part within its class; sets: by layer. shows: bool [N], which of the class's readable
    held-out crops show it; crops: these; truth: of the part alone in them.
    """

    object_class: str
    number: int
    sets: Mapping[str, FittedSet]
    ground: Ground
    shows: np.ndarray
    crops: Crops
    truth: Truth

    @classmethod
    def of(cls, ground: Ground, number: int, sets: Mapping[str, FittedSet]) -> "_Part":
        shows = ground.positives(number) > 0
        crops = ground.val.select(shows)
        return cls(crops.object_class, number, sets, ground, shows, crops, truth_of_part(crops.truth, number))

    @property
    def name(self) -> str:
        return self.crops.parts[self.number]


def with_own_evidence(
    judged: Mapping[tuple[str, str], Judged],
    trained: NetworkStages,
    asked: EmergenceRequest,
    context: Context,
) -> dict[tuple[str, str], Judged]:
    """What a run has found, by (layer, class), with the own evidence of every part's set in its verdicts."""
    parts = list(_parts(judged, trained, asked))
    found: dict[tuple[str, str, int], OwnEvidence] = {}
    total = sum(_WAYS * len(part.crops) for part in parts)
    with context.progress({"blacked-out crops": total}) as advance, context.clock("own evidence"):
        for part in parts:
            said = f"{part.object_class} {part.name}: own evidence"
            hits = _hits(
                part,
                trained,
                asked,
                context,
                lambda count, said=said: advance("blacked-out crops", count, said),
            )
            for layer, of_ways in hits.items():
                rates = (part.ground.mean(of_way, part.shows) for of_way in of_ways)
                found[layer, part.object_class, part.number] = own_evidence(*rates)

    def beside(layer: str, object_class: str, of: Judged) -> Judged:
        verdicts = tuple(
            dataclasses.replace(v, own_evidence=found.get((layer, object_class, number), OwnEvidence()))
            for number, v in enumerate(of.evidence.verdicts)
        )
        return dataclasses.replace(of, evidence=dataclasses.replace(of.evidence, verdicts=verdicts))

    return {names: beside(*names, of) for names, of in judged.items()}


def _parts(
    judged: Mapping[tuple[str, str], Judged], trained: NetworkStages, asked: EmergenceRequest
) -> Iterator[_Part]:
    """Judged parts that have a set in some layer."""
    for object_class, pair in trained.by_class.items():
        ground = Ground(*(one.readable_crops() for one in pair), asked.method, asked.seed)
        evidence = {layer: judged[layer, object_class].evidence for layer in asked.layers}
        for number in range(len(ground.val.parts)):
            sets = {
                layer: of.sets[number]
                for layer, of in evidence.items()
                if of.verdicts[number].judged and of.sets[number]
            }
            if sets:
                yield _Part.of(ground, number, sets)


def _hits(
    part: _Part,
    trained: NetworkStages,
    asked: EmergenceRequest,
    context: Context,
    advance: Callable[[int], None],
) -> dict[str, np.ndarray]:
    """By layer, in which crops the set hits the part alone, and the part hidden: bool [2, N].

    Kept in `context.cache`; advance: blacked-out crops done.
    """
    entry = _entry(part, trained, asked, context)
    kept = entry.found()
    if kept is not None:
        advance(_WAYS * len(part.crops))
        return dict(zip(part.sets, kept["hits"], strict=True))
    network, found = trained.network, {layer: [[] for _ in range(_WAYS)] for layer in part.sets}
    with context.memory.held(
        min(trained.held, context.memory.room), f"blacked-out crops of {part.object_class}"
    ):
        for way, count, of_batch in _blacked_out_batches(part, trained, context):
            for layer, fitted in part.sets.items():
                of_layer = of_batch[layer]
                require_finite(network, layer, of_layer, np.ones(count, bool))
                found[layer][way].append(_of_filters(of_layer, fitted.filters))
            advance(count)
    hits = {}
    for layer, fitted in part.sets.items():
        of_ways = [concatenate(pieces) for pieces in found[layer]]
        geometry = Geometry.of(network.fields[layer], of_ways[0].columns, network.input_size)
        hits[layer] = np.stack([fitted.hits(of, part.truth, geometry, asked.method) for of in of_ways])
    entry.save({"hits": np.stack(list(hits.values()))})
    return hits


def _blacked_out_batches(
    part: _Part, trained: NetworkStages, context: Context
) -> Iterator[tuple[int, int, dict[str, Stimuli]]]:
    """Batches of blacked-out crops: which way, of how many, and by layer the stimuli of all filters."""
    waiting = collections.deque()

    def received():
        way, count, of_batch = waiting.popleft()
        return way, count, jax.tree.map(lambda array: np.asarray(array)[..., :count], of_batch)

    devices = jax.device_count()
    batch_size, mean = -(-trained.batch_size // devices) * devices, trained.network.preprocessing.mean
    shards = [np.arange(len(part.crops))]
    for batch in batches(part.crops, shards, batch_size, mean, threads=context.threads):
        count = len(batch.index)
        pixels = np.zeros(batch.pixels.shape[:3], bool)
        pixels[:count] = part_pixels(part.truth.select(batch.index), part.crops.size)
        for way, shown in enumerate(alone_and_hidden(batch.pixels, pixels, mean)):
            waiting.append((way, count, trained.extract(shown)))
            if len(waiting) > _IN_FLIGHT:
                yield received()
    while waiting:
        yield received()


def _of_filters(stimuli: Stimuli, filters: Sequence[int]) -> Stimuli:
    rows = list(filters)
    return dataclasses.replace(stimuli, cells=stimuli.cells[rows], values=stimuli.values[rows])


def _entry(part: _Part, trained: NetworkStages, asked: EmergenceRequest, context: Context) -> stages.Entry:
    _, val = trained.by_class[part.object_class]
    key = stages.key(
        __name__,
        stage="own evidence",
        stimuli={layer: val.keys[layer] for layer in part.sets},
        sets={layer: _digest(fitted) for layer, fitted in part.sets.items()},
        shows=np.flatnonzero(part.shows).tolist(),
        truth=truth_digest(part.truth),
        fields={layer: dataclasses.astuple(trained.network.fields[layer]) for layer in part.sets},
        size=trained.network.input_size,
        method=dataclasses.asdict(asked.method),
    )
    return (context.cache / "own_evidence" / part.object_class).entry(part.name, key)


def _digest(fitted: FittedSet) -> str:
    digest = hashlib.sha256()
    for array in packed(fitted).values():
        digest.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
    return digest.hexdigest()
