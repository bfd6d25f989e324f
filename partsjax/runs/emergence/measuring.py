"""Measuring emergence: stimuli of a network and of its nulls, then verdicts on every part."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from partsjax.data.dataset import Dataset
from partsjax.emergence.combination import Search
from partsjax.emergence.drift import drift_note
from partsjax.emergence.judged import Judged
from partsjax.emergence.method import Method
from partsjax.emergence.nulls import Null, chosen_nulls
from partsjax.emergence.place_prior import PlacePrior, require_priors
from partsjax.errors import InputError, require_whole
from partsjax.networks.protocol import Network
from partsjax.progress import bars, silent
from partsjax.runs import photographs, stages
from partsjax.runs.context import Context, library_context
from partsjax.runs.emergence.asked import EmergenceRequest, descriptions_of
from partsjax.runs.emergence.iou import require_iou_room
from partsjax.runs.emergence.iou_sanity import with_iou_sanity
from partsjax.runs.emergence.judging import judged_classes
from partsjax.runs.emergence.map_stages import MapsRead, read_maps
from partsjax.runs.emergence.null_runs import NullRun, null_runs
from partsjax.runs.emergence.own_evidence import with_own_evidence
from partsjax.runs.emergence.readouts import require_room, with_readouts
from partsjax.runs.emergence.result import Emergence, EmergenceFacts
from partsjax.runs.memory import Memory
from partsjax.runs.network_stages import DatasetCrops, NetworkStages, all_crops, images_of
from partsjax.runs.options import with_layers
from partsjax.runs.unseen import Images, unseen_digest

if TYPE_CHECKING:
    import pandas as pd  # takes long


def measure(  # noqa: PLR0913 (options of a public call, by keyword)
    network: Network,
    dataset: Dataset,
    *,
    layers: Sequence[str] | str | None = None,
    method: Method = Method(),  # noqa: B008  (frozen)
    search: Search = Search(),  # noqa: B008
    nulls: Sequence[str | Null] | str | Null = ("random", "shuffled"),
    null_seeds: int = 1,
    priors: Sequence[PlacePrior] | PlacePrior = (),
    readouts: bool = False,
    own_evidence: bool = False,
    sanity: bool = False,
    limit: int | None = None,
    frame: str = "object",
    iou: bool = False,
    descriptions: "str | Path | pd.DataFrame | None" = None,
    seed: int = 0,
    cache: str | Path | None = None,
    batch_size: int | None = None,
    memory_budget: str | int | None = None,
    skip_bad: bool = False,
    allow_duplicates: bool = False,
    progress: bool = True,
) -> Emergence:
    """Which parts of a dataset have detectors among a network's filters, and is it more than chance?

    Crops every object, runs the network, fits for each (filter, part) a regression from where and how the
    filter fires to the part's box, and measures average precision on train and on unseen images; then
    looks for the best set of filters of every part, and compares it with the place prior and the nulls
    (paper, section 3; intervals, place priors and nulls are our choice).

    Args:
      network: of `load_network` or `make_network`.
      dataset: of `load_dataset`, or made in memory.
      layers: names of `network.fields`, also rotated (`rotated`), as "conv5_rotated0", or "all"; None: the
        network's default.
      method: how filters are scored, with all thresholds.
      search: how sets of filters are looked for.
      nulls: names ("random", "permuted", "shuffled", "unfounded"), "all", or `Null` objects; () for none.
      null_seeds: how many seeds every null is run with, from `seed` on.
      priors: place priors to compare parts with, besides our own.
      readouts: also fit linear readouts of all filters of a layer, so that a part that no filter detects is
        known to be there or not: two more passes of the network over train, one over val, shared with
        `iou`.
      own_evidence: also show the network crops in which all but a part, or the part, is blacked out: does
        a set of filters see the part, or what is around it? Two more passes over the held-out crops that
        show the part, for every part.
      sanity: also take held-out scores where labels are wrong, half of a part's boxes missing, or as many
        added at random: `Emergence.sanity`.
      limit: at most this many objects per class and split.
      frame: what the network is shown: "object", every object in a crop of its own, or "image", whole images
        squashed to its input, each once for every class in it, with the parts of all objects of the class.
      iou: also measure Network Dissection's criterion, the IoU of the pixels on which a filter is active with
        those of a part: the same passes.
      descriptions: what someone else says of filters, to be held against the truth (`Emergence.described`): a
        CSV file, or a frame, with columns `layer`; `unit`, `filter` or `neuron`, counted from 0; and `text`,
        `description` or `label`. Filters are tested by themselves on the parts that their descriptions name.
      seed: of searches, of the bootstrap, and of the nulls.
      cache: a folder that keeps finished stages, so that the same call, or a call that shares them, is quick.
      batch_size: crops the network takes at once; None: what suits network and device.
      memory_budget: of the host's memory, in bytes or as "8GB": large layers are judged in as many pieces,
        and as few at once, as that needs. None: half of what there is.
      skip_bad: go on without images that cannot be read; `Emergence.skipped` names them.
      allow_duplicates: go on although the same photograph is there under several names.
      progress: whether a bar shows how far it is.

    Returns:
      Verdicts on every part, scores of every filter, the sets found: as tables, files and a report.

    Raises:
      InputError: something that can be fixed, in one line: a layer or null that is not there, images that
        cannot be used or appear twice, a network that gives NaN, a memory budget that no way of judging fits.
    """
    if not isinstance(network, Network):
        raise InputError(
            f"network: not a Network but {network!r:.60}; give pj.load_network(...) or make_network"
        )
    if not isinstance(dataset, Dataset):
        raise InputError(f"dataset: not a Dataset but {dataset!r:.60}; give pj.load_dataset(...)")
    if batch_size is not None:
        require_whole(1, batch_size=batch_size)
    nulls, priors = chosen_nulls(_listed(nulls, str | Null)), _listed(priors, PlacePrior)
    for prior in priors:
        if not isinstance(prior, PlacePrior):
            raise InputError(f"priors: not a PlacePrior but {prior!r:.60}; give pj.PlacePrior(...)")
    require_priors(priors, [null.name for null in nulls])
    given, (network, layers) = network, with_layers(network, _listed(layers, str), method)
    asked = EmergenceRequest(
        layers,
        method,
        (search,),
        nulls,
        limit,
        seed,
        priors,
        null_seeds,
        frame,
        iou,
        readouts,
        own_evidence,
        sanity,
        descriptions_of(network, layers, descriptions),
    )
    memory = Memory(memory_budget)
    more = {
        "batch_size": batch_size,
        "memory": memory,
        "skip_bad": skip_bad,
        "allow_duplicates": allow_duplicates,
    }
    with library_context(cache, bars() if progress else silent, **more) as context:
        context.notes.add(*network.notes, *dataset.notes)
        found = answer_emergence(network, dataset, asked, context)
    return dataclasses.replace(found, about=dataclasses.replace(found.about, network_digest=given.digest))


def _listed(given, kind) -> tuple:
    """One thing of a kind, several, or nothing, as a tuple."""
    return (given,) if isinstance(given, kind) else tuple(given or ())


def answer_emergence(
    network: Network, dataset: Dataset, asked: EmergenceRequest, context: Context
) -> Emergence:
    """Measures; stages that are in the cache are taken from there."""
    runs = null_runs(network, asked.nulls, asked.seed, asked.null_seeds, context)
    with context.clock("fingerprints"):
        crops = _looked_at(dataset, network.input_size, asked, context)
        shared = asked.layers, asked.method, crops, context
        trained = NetworkStages("stimuli", network, *shared)
        nulls = {
            run: trained
            if run.network is network
            else NetworkStages(f"stimuli-{run.name}", run.network, *shared)
            for run in runs
        }
    if asked.iou:
        require_iou_room(trained, asked.layers, context.memory)
    if asked.readouts:
        parts = max(map(len, dataset.parts.values()))
        require_room(network, asked.layers, parts, context.memory)
    found = judged_classes(trained, nulls, asked, context)
    read = read_maps(trained, None, asked, context)
    of_nulls = _read_of_nulls(nulls, trained, asked, context)
    if asked.readouts:
        found = with_readouts(found, read.readouts, {name: of.readouts for name, of in of_nulls.items()})
    if asked.own_evidence:
        found = with_own_evidence(found, trained, asked, context)
    if asked.iou and asked.sanity:
        found = with_iou_sanity(found, read.iou, trained, asked, context)
    if len(trained):
        _note_silent_layers(found, network, asked.layers, context)
    verdicts = [v for of_class in found.values() for v in of_class.evidence.verdicts]
    if note := drift_note({f"{v.object_class} {v.part}": v.drifts for v in verdicts}):
        context.notes.add(note)
    unseen = {name: pair[1] for name, pair in trained.by_class.items()}
    readable = {name: one.readable()[0] for name, one in unseen.items()}
    keys = [stage.keys[asked.layers[0]] for pair in trained.by_class.values() for stage in pair]
    return Emergence(
        about=EmergenceFacts(
            net=network.name,
            weights="",
            dataset=dataset.name,
            classes=tuple(dataset.parts),
            layers=asked.layers,
            nulls=tuple(dict.fromkeys(run.null.name for run in runs)),
            method=asked.method,
            search=asked.searches[0],
            limit=asked.limit,
            seed=asked.seed,
            input_size=network.input_size,
            batch_size=trained.batch_size,
            network_digest=network.digest,
            input_fingerprint=stages.key(stimuli=keys),
            nominal=tuple(layer for layer in asked.layers if network.fields[layer].nominal),
            frame=asked.frame,
            mean_color=tuple(map(float, network.preprocessing.mean)),
        ),
        judged=found,
        iou=read.iou,
        null_iou={name: of.iou for name, of in of_nulls.items() if of.iou},
        descriptions=asked.descriptions,
        images=Images(
            asked.seed,
            {name: unseen_digest(one.crops, readable[name], crops.digests) for name, one in unseen.items()},
        ),
        readable=readable,
        ids={name: one.crops.select(readable[name]).ids for name, one in unseen.items()},
        crops={name: one.crops for name, one in unseen.items()},
        notes=tuple(context.notes),
        skipped=tuple(
            sorted({line for pair in trained.by_class.values() for one in pair for line in one.readable()[1]})
        ),
    )


def _read_of_nulls(
    nulls: Mapping[NullRun, NetworkStages], trained: NetworkStages, asked: EmergenceRequest, context: Context
) -> dict[str, MapsRead]:
    """By null that has a network of its own, with the first of its seeds."""
    found: dict[str, MapsRead] = {}
    for run, of in nulls.items():
        if of is not trained and run.null.name not in found:
            found[run.null.name] = read_maps(of, run, asked, context)
    return found


def _looked_at(dataset: Dataset, size: int, asked: EmergenceRequest, context: Context) -> DatasetCrops:
    by_class = all_crops(dataset, size, asked)
    if not any(len(one) for pair in by_class.values() for one in pair):
        raise InputError(f"{dataset.name}: no object of a class with parts; give images that show some")
    looks = photographs.looked_at(images_of(by_class), context)
    photographs.note_oddities(looks, context.notes, allow_duplicates=context.allow_duplicates)
    return DatasetCrops(by_class, photographs.digests(looks))


def _note_silent_layers(
    judged: Mapping[tuple[str, str], Judged], network: Network, layers: Sequence[str], context: Context
) -> None:
    for layer in layers:
        found = [of_class for (name, _), of_class in judged.items() if name == layer]
        fires = any((f.top_activations.scores > 0).any() or (f.scores.num_pairs > 0).any() for f in found)
        if not fires:
            context.notes.add(
                f"layer {layer} of {network.name} never fires: no filter has an activation over 0 on any "
                "crop; check its weights, and that it is taken after a ReLU"
            )
