"""Stages that are made of a network's maps in two passes over crops; those that lack something share them."""

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from partsjax.emergence.ground import Ground
from partsjax.emergence.iou import FilterIou
from partsjax.emergence.readout.judging import ReadoutScores
from partsjax.networks.activations import shapes
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest
from partsjax.runs.emergence.iou import IouStage
from partsjax.runs.emergence.map_passes import LayerPasses, MapPasses, Maps
from partsjax.runs.emergence.null_runs import NullRun
from partsjax.runs.emergence.readouts import ReadoutStage
from partsjax.runs.memory import Memory
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.records import packed, unpacked
from partsjax.runs.stages import Entry


class MapStage(Protocol):
    """A stage of one network. said: to people; record: the type of its results."""

    said: str
    record: type

    def entry(self, layer: str, ground: Ground) -> Entry:
        """Where a result is kept."""

    def need(self, layer: str, ground: Ground) -> int:
        """Bytes of the host that its passes hold."""

    def begin(self, layer: str, ground: Ground) -> LayerPasses:
        """Its passes, before the first batch."""


class Lacking(NamedTuple):
    """A result that is not kept. need: bytes of the host."""

    stage: MapStage
    layer: str
    entry: Entry
    need: int


@dataclasses.dataclass(frozen=True)
class MapsRead:
    """What was made of a network's maps, by (layer, class), in order; empty: not asked for."""

    readouts: Mapping[tuple[str, str], ReadoutScores]
    iou: Mapping[tuple[str, str], FilterIou]


def read_maps(of: NetworkStages, run: NullRun | None, asked: EmergenceRequest, context: Context) -> MapsRead:
    """Readouts and IoU of a network whose crops were run, as far as they are asked for.

    run: of the null whose network it is; None: of none. Results are kept by layer and class.

    Raises:
      InputError: the memory budget is too small.
    """
    if not (asked.readouts or asked.iou):
        return MapsRead({}, {})
    maps, suffix = shapes(of.network, asked.layers), "" if run is None else f"-{run.name}"
    stages: list[MapStage] = []
    if asked.readouts:
        stages.append(ReadoutStage(of, maps, context.cache / f"readouts{suffix}", context.memory))
    if asked.iou:
        stages.append(IouStage(of, maps, context.cache / f"iou{suffix}"))
    with context.clock(" and ".join(stage.said for stage in stages)):
        grounds = {}
        for object_class, pair in of.by_class.items():
            readable = (one.readable_crops() for one in pair)
            sanity = asked.sanity and run is None
            ground = Ground(*readable, asked.method, asked.seed, sanity=sanity)
            grounds[object_class] = ground if run is None else run.null.truth_of(ground, run.seed)
        found = _read(stages, of, maps, grounds, context)
    return MapsRead(
        *(
            {(layer, of): found[stage, layer, of] for stage, layer, of in found if stage.record is record}
            for record in (ReadoutScores, FilterIou)
        )
    )


def _read(
    stages: Sequence[MapStage],
    of: NetworkStages,
    maps: Maps,
    grounds: Mapping[str, Ground],
    context: Context,
) -> dict[tuple[MapStage, str, str], Any]:
    """By stage, layer and class, in this order."""
    found: dict[tuple[MapStage, str, str], Any] = {}
    groups: list[tuple[str, list[Lacking]]] = []
    for object_class, ground in grounds.items():
        lacking = []
        for layer, stage in itertools.product(maps, stages):
            entry = stage.entry(layer, ground)
            if (kept := entry.found()) is None:
                lacking.append(Lacking(stage, layer, entry, stage.need(layer, ground)))
            else:
                found[stage, layer, object_class] = unpacked(stage.record, kept)
        groups += [(object_class, those) for those in fitting(lacking, context.memory)]
    passes = MapPasses(of, maps, context) if groups else None
    crops = sum(2 * len(grounds[name].train) + len(grounds[name].val) for name, _ in groups)
    with context.progress({"crops": crops}) as advance:
        for object_class, those in groups:
            ground = grounds[object_class]
            what = f"{object_class}: {' and '.join(dict.fromkeys(one.stage.said for one in those))}"
            with context.memory.held(sum(one.need for one in those), what):
                begun = [one.stage.begin(one.layer, ground) for one in those]
                made = passes.run(
                    begun, ground.train, ground.val, lambda count, what=what: advance("crops", count, what)
                )
                for one, result in zip(those, made, strict=True):
                    one.entry.save(packed(result))
                    found[one.stage, one.layer, object_class] = result
    return {names: found[names] for names in itertools.product(stages, maps, grounds)}


def fitting(lacking: Sequence[Lacking], memory: Memory) -> list[list[Lacking]]:
    """The same in groups, in order, each of as many as there is room for together, and of one at least."""
    groups, left = [], 0
    for one in lacking:
        if not groups or one.need > left:
            groups.append([])
            left = memory.room
        groups[-1].append(one)
        left -= one.need
    return groups
