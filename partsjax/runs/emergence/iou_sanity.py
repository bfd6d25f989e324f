"""The stage of IoU with wrong labels: one more pass of the network over the unseen crops of each class."""

import dataclasses
import math
from collections.abc import Callable, Mapping

import jax
import numpy as np

from partsjax.data.pipeline import batches
from partsjax.emergence.ground import Ground
from partsjax.emergence.iou import FilterIou, MislabeledIou, best_filters, mislabeled_pixels, upsampling
from partsjax.emergence.judged import Judged
from partsjax.emergence.sanity import Sanity
from partsjax.emergence.stimuli import extractor
from partsjax.networks.activations import shapes
from partsjax.runs import stages
from partsjax.runs.context import Context
from partsjax.runs.emergence.asked import EmergenceRequest
from partsjax.runs.emergence.iou import IouStage
from partsjax.runs.network_stages import NetworkStages
from partsjax.runs.stimulus_stage import truth_digest


def with_iou_sanity(
    judged: Mapping[tuple[str, str], Judged],
    iou: Mapping[tuple[str, str], FilterIou],
    trained: NetworkStages,
    asked: EmergenceRequest,
    context: Context,
) -> dict[tuple[str, str], Judged]:
    """What a run has found, by (layer, class), with the IoU of each part's best filter by IoU in `sanity`."""
    stage, found = _Stage(trained, asked, context), dict(judged)
    total = sum(len(val.crops) for _, val in trained.by_class.values())
    with context.progress({"crops": total}) as advance, context.clock("sanity of IoU"):
        for of in trained.by_class:
            those = {layer: iou[layer, of] for layer in asked.layers}
            said = f"{of}: wrong labels"
            values = stage.values(of, those, lambda count, said=said: advance("crops", count, said))
            for layer, of_layer in zip(asked.layers, values, strict=True):
                found[layer, of] = _beside(judged[layer, of], those[layer], of_layer)
    return found


def _beside(judged: Judged, iou: FilterIou, values: np.ndarray) -> Judged:
    verdicts, best = [], best_filters(iou)
    for part, verdict in enumerate(judged.evidence.verdicts):
        of_part = Sanity(float(iou.val[best[part], part]), *values[:, part].tolist())
        sanity = {**verdict.sanity, "iou_val": of_part} if verdict.sanity else {}
        verdicts.append(dataclasses.replace(verdict, sanity=sanity))
    evidence = dataclasses.replace(judged.evidence, verdicts=tuple(verdicts))
    return dataclasses.replace(judged, evidence=evidence)


@dataclasses.dataclass(frozen=True)
class MapReducer:
    """The reducer to the map itself, filters first: float32 [F, H, W, B]."""

    def __call__(self, activation: jax.Array) -> jax.Array:
        return activation.transpose(3, 1, 2, 0)


class _Stage:
    """Kept in `context.cache`, by class."""

    def __init__(self, of: NetworkStages, asked: EmergenceRequest, context: Context):
        self._of, self._asked, self._context = of, asked, context
        self._cache, maps = context.cache / "iou-sanity", shapes(of.network, asked.layers)
        self._iou = IouStage(of, maps, context.cache / "iou")
        fields, size = of.network.fields, of.network.input_size
        self._map_bytes = 4 * sum(math.prod(of.shape[1:]) for of in maps.values())  # of a crop
        self._across = {layer: upsampling(fields[layer], of.shape[1], size) for layer, of in maps.items()}

    def values(
        self, object_class: str, iou: Mapping[str, FilterIou], advance: Callable[[int], None]
    ) -> np.ndarray:
        """float64 [layers, 2, P], as `MislabeledIou.result`; advance: crops done."""
        readable = (one.readable_crops() for one in self._of.by_class[object_class])
        ground = Ground(*readable, self._asked.method, self._asked.seed, sanity=True)
        entry = self._cache.entry(object_class, self._key(ground))
        if (kept := entry.found()) is not None:
            advance(len(ground.val))
            return kept["values"]
        need = min(self._of.batch_size * self._map_bytes, self._context.memory.room)
        with self._context.memory.held(need, f"IoU of {object_class} with wrong labels"):
            values = self._computed(ground, iou, advance)
        entry.save({"values": values})
        return values

    def _computed(
        self, ground: Ground, iou: Mapping[str, FilterIou], advance: Callable[[int], None]
    ) -> np.ndarray:
        extract = extractor(self._of.network, self._asked.layers, MapReducer())
        layers = {layer: MislabeledIou(iou[layer], self._across[layer]) for layer in self._asked.layers}
        devices, fill = jax.device_count(), self._of.network.preprocessing.mean
        batch_size = -(-self._of.batch_size // devices) * devices
        shards = [np.arange(len(ground.val))] if len(ground.val) else []
        for batch in batches(ground.val, shards, batch_size, fill, threads=self._context.threads):
            maps = {layer: np.asarray(of) for layer, of in extract(batch.pixels).items()}
            for place, number in enumerate(batch.index):
                shown = mislabeled_pixels(ground, number)
                for layer, of_layer in layers.items():
                    of_layer.add(maps[layer][of_layer.best, ..., place], shown)
            advance(len(batch.index))
        return np.stack([of.result() for of in layers.values()])

    def _key(self, ground: Ground) -> str:
        """An IoU's entry is named after all that it depends on."""
        return stages.key(
            __name__,
            stage="sanity of IoU",
            iou=[self._iou.entry(layer, ground).path.name for layer in self._asked.layers],
            truth=truth_digest(ground.val.truth),
            seed=ground.seed,
        )
