"""Asking what class scores rest on: drops on unseen crops, class by class, together with what emerges."""

import dataclasses
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import numpy as np

from partsjax.data.crops import Crops, class_crops, fingerprints
from partsjax.data.dataset import Dataset
from partsjax.data.spread import spread
from partsjax.discriminativeness.filters import DEVIATIONS, Cutoff
from partsjax.discriminativeness.findings import class_findings, layer_findings
from partsjax.discriminativeness.part_relations import DetectedParts
from partsjax.emergence.combination import Search
from partsjax.emergence.method import Method
from partsjax.emergence.stimuli import suitable_batch
from partsjax.errors import InputError, require_whole
from partsjax.networks.class_map import ClassMap
from partsjax.networks.protocol import Network
from partsjax.progress import bars, silent
from partsjax.runs import photographs, stages
from partsjax.runs.context import Context, library_context
from partsjax.runs.discriminativeness.class_scores import chosen_layer, require_named_scores, scores_for
from partsjax.runs.discriminativeness.drop_stage import DropStage
from partsjax.runs.discriminativeness.drop_steps import Steps
from partsjax.runs.discriminativeness.result import Discriminativeness, DiscriminativenessFacts
from partsjax.runs.discriminativeness.same import require_same_class, require_same_network
from partsjax.runs.emergence import Emergence, measuring, read
from partsjax.runs.network_stages import images_of
from partsjax.runs.unseen import unseen_digest


def discriminate(  # noqa: PLR0913 (options of a public call, by keyword)
    network: Network,
    dataset: Dataset,
    *,
    emergence: Emergence | str | Path | None = None,
    layer: str | None = None,
    class_map: ClassMap | None = None,
    deviations: float = DEVIATIONS,
    after_softmax: bool = False,
    blackouts: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    cache: str | Path | None = None,
    progress: bool = True,
) -> Discriminativeness:
    """Which filters and parts do class scores rest on, and are they the ones that emerge?

    On the unseen crops of each class, the score of the right class is measured without each filter of a layer
    (its map set to zero) and without each part (its pixels in the mean color), the latter against boxes of
    its size at random places inside the object that leave it alone (all our choice; definitions in
    `partsjax.discriminativeness`).

    Args:
      network: with class scores, `after`, for the classes of `dataset`, named in `classes`; or for ImageNet's
        classes, their synsets: the score of a class of `dataset` is then log-sum-exp over its kinds.
      dataset: of `load_dataset`, or made in memory.
      emergence: of the same network, data, `limit` and `seed`, as `measure` returns it, or the folder of a
        run of it. None: it is measured in the one layer first, without nulls.
      layer: a name of `network.fields`; None: the last.
      class_map: of classes of `dataset`, the network's classes that are kinds of them (ImageNet's by synset
        or first name), {"dog": ["n02085620", "Pekinese"]}; those of VOC and COCO are known.
      deviations: standard deviations over the layer's mean drop from which a filter is discriminative.
      after_softmax: whether filters are so by the drop of the probability, not of the score.
      blackouts: crops of each part that are blacked out, spread evenly over those that show it; None: all.
      limit: at most this many objects per class and split.
      seed: of controls and of the bootstrap.
      cache: a folder that keeps finished stages, so that the same call goes on from there.
      progress: whether a bar shows how far it is.

    Raises:
      InputError: something that can be fixed, in one line.
    """
    chosen = chosen_layer(network, layer or "")
    require_named_scores(network)
    given, where = emergence, ""
    if emergence is not None:
        if not isinstance(emergence, Emergence):
            given, where = read(emergence), str(emergence)
        require_same_network(given, where or "emergence", network, chosen, dataset.parts)
    scored = scores_for(network, chosen, dataset.parts, class_map)

    def measured(context: Context) -> Emergence:
        if given is not None:
            return given
        in_layer = measuring.EmergenceRequest((chosen,), Method(), (Search(),), (), limit, seed)
        return measuring.answer_emergence(network, dataset, in_layer, context.step(f"emergence of {chosen}"))

    asked = DiscriminativenessRequest(
        chosen, Cutoff(deviations, after_softmax), blackouts, limit, seed, where
    )
    with library_context(cache, bars() if progress else silent) as context:
        context.notes.add(*network.notes, *dataset.notes)
        return answer_discriminativeness(scored, dataset, asked, measured, context)


@dataclasses.dataclass(frozen=True)
class DiscriminativenessRequest:
    """What is asked of a network's scores on a dataset.

    layer: whose filters are taken out. blackouts: crops of each part, None: all. limit: objects per class.
    seed: of controls and of the bootstrap. emergence: the folder it was read from, "" where in memory.
    """

    layer: str
    cutoff: Cutoff
    blackouts: int | None
    limit: int | None
    seed: int
    emergence: str

    def __post_init__(self):
        require_whole(0, seed=self.seed)
        optional = {"limit": self.limit, "blackouts": self.blackouts}
        require_whole(1, **{name: value for name, value in optional.items() if value is not None})


def answer_discriminativeness(
    network: Network,
    dataset: Dataset,
    asked: DiscriminativenessRequest,
    measured: Callable[[Context], Emergence],
    context: Context,
) -> Discriminativeness:
    """Takes filters and parts away; stages that are in the cache are taken from there.

    measured: gives the emergence of the same network, layer and images.
    """
    with context.clock("fingerprints"):
        crops = {
            name: class_crops(dataset, name, "val", network.input_size, limit=asked.limit)
            for name in dataset.parts
        }
        _require_crops(crops)
        # What is to be said of the photographs, emergence says.
        unseen = images_of({name: (one,) for name, one in crops.items()})
        digests = photographs.digests(photographs.looked_at(unseen, context))
    with context.clock("emergence"):
        found = measured(context)
    for name, one in crops.items():
        if found.readable[name].all():  # otherwise it shows once the crops are read
            digest = unseen_digest(one, np.ones(len(one), bool), digests)
            require_same_class(found, asked.emergence or "emergence", name, digest, asked.seed)
    context.notes.add(*found.notes)
    steps, cache = Steps(network, asked.layer), context.cache / "drops"
    drops = {
        name: DropStage(
            cache, steps, one, fingerprints(one, digests), _blacked_out(one, asked.blackouts), asked.seed
        )
        for name, one in crops.items()
    }
    batch_size = _batch_size(network, context)
    units = {
        "crops": sum(len(stage.crops) for stage in drops.values()),
        "blackouts": sum(stage.blackouts for stage in drops.values()),
    }
    lost, readable, of_class, skipped = {}, {}, [], set()
    with context.progress(units) as advance:
        for name, stage in drops.items():
            with context.clock("drops"):
                stage.compute(batch_size, context.threads, context.skip_bad, advance)
            with context.clock("findings"):
                readable[name], bad = stage.readable()
                skipped.update(bad)
                digest = unseen_digest(stage.crops, readable[name], digests)
                require_same_class(found, asked.emergence or "emergence", name, digest, asked.seed)
                lost[name] = stage.load()
                images = stage.crops.image_index[readable[name]]
                evidence = found.judged[asked.layer, name].evidence
                detected = DetectedParts(evidence.verdicts, evidence.resamples, evidence.excess_resamples)
                of_class.append(class_findings(lost[name], images, detected, asked.cutoff, asked.seed))
    with context.clock("findings"):
        findings = layer_findings(of_class, asked.seed)
    return Discriminativeness(
        about=DiscriminativenessFacts(
            net=network.name,
            weights="",
            dataset=dataset.name,
            emergence=asked.emergence,
            seed=asked.seed,
            batch_size=batch_size,
            network_digest=network.digest,
            input_fingerprint=stages.key(drops=[stage.keys for stage in drops.values()]),
        ),
        findings=findings,
        drops=lost,
        crops=crops,
        readable=readable,
        network=network,
        notes=tuple(context.notes),
        skipped=tuple(sorted(skipped)),
    )


def _batch_size(network: Network, context: Context) -> int:
    """Of crops; every device has its share."""
    devices, size = jax.device_count(), context.batch_size or suitable_batch(network)
    return -(-size // devices) * devices


def _require_crops(crops: Mapping[str, Crops]) -> None:
    for name, one in crops.items():
        if not len(one):
            raise InputError(f"{name}: no unseen image (val) shows one; leave it out with --classes")


def _blacked_out(crops: Crops, limit: int | None) -> np.ndarray:
    """Which parts of which crops are blacked out: bool [N, P], at most `limit` crops per part."""
    has = crops.truth.valid.any(axis=1)  # [P, N]
    chosen = np.zeros_like(has)
    for of_part, shown in zip(chosen, map(np.flatnonzero, has), strict=True):
        of_part[shown[spread(len(shown), limit)]] = True
    return chosen.T
