"""From a finished run to a study: one folder with a database and pictures."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from partsjax.data.views import view
from partsjax.errors import InputError
from partsjax.judging.choosing import filters_asked, sample
from partsjax.judging.gold import known_items
from partsjax.judging.highlight import highlighted
from partsjax.judging.items import Item, Picture, Study
from partsjax.judging.pictures import PictureFolder
from partsjax.judging.store import DATABASE, IMAGES, VERSION, Store, create
from partsjax.networks.activations import shapes
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context
from partsjax.runs.judging.drawing import draw_filters
from partsjax.runs.judging.firing import Unit, all_top_crops
from partsjax.runs.judging.source import (
    ClassCrops,
    FinishedRun,
    StudyRequest,
    chosen_names,
    crops_again,
    network_again,
)
from partsjax.runs.workdir import make_folder, plain_errors

GOLD_SHARE = REPEAT_SHARE = 0.1  # of a batch (our choice)
_SCENES = 40  # crops that gold items are drawn on


@dataclasses.dataclass(frozen=True)
class Prepared:
    """A study and its folder; new: it was not there before."""

    folder: Path
    study: Study
    new: bool


def prepare_study(run: FinishedRun, folder: Path, asked: StudyRequest, context: Context) -> Prepared:
    """Makes the study of a run's filters; where it is there already, nothing.

    For each layer, class and filter: the ten crops of both splits with the highest activation, from different
    images, each as it is and with the activated region brought out (our choice: both splits, since nothing
    was fitted to find a filter's crops). Fewer where it fires on fewer; on under five it is silent, and not
    shown. With them come gold items and items to practice on.

    The same run and request make the same files, to the byte, on the same device.

    Raises:
      InputError: the folder holds something else, a name or filter that the run lacks, images or weights that
        are not there or not the same.
    """
    layers = chosen_names("layers", asked.layers, run.layers)
    classes = chosen_names("classes", asked.classes, run.classes)
    with context.clock("weights"):
        network = network_again(run, context)
    filters = _filters(network, layers, classes, asked)
    digest = _digest(
        VERSION,
        [run.network_digest, run.input_fingerprint],
        [[*unit, those.tolist()] for unit, those in filters.items()],
        [asked.seed, asked.raters, asked.batch, GOLD_SHARE, REPEAT_SHARE],
    )
    if (there := _study_there(folder, digest)) is not None:
        return Prepared(folder, there, new=False)
    crops = crops_again(run, classes, network.input_size, context)
    context = dataclasses.replace(context, skip_bad=run.skip_bad)
    with _whole(folder) as place:
        images = PictureFolder(place / IMAGES)
        top = all_top_crops(network, crops, filters, context)
        pictures = draw_filters(network, crops, filters, top, images, context)
        if not any(pictures.values()):
            raise InputError(f"{run.folder}: no filter that was asked for fires on enough images to be shown")
        fill = network.preprocessing.mean
        study = Study(
            version=VERSION,
            digest=digest,
            title=run.title,
            network=run.options.net,
            network_digest=run.network_digest,
            layers=layers,
            classes=classes,
            seed=asked.seed,
            batch_size=asked.batch,
            gold_share=GOLD_SHARE,
            repeat_share=REPEAT_SHARE,
            raters_per_item=asked.raters,
            silent=tuple(
                (name, layer, int(filter_))
                for (layer, name), of in top.items()
                for filter_ in filters[layer, name][of.silent]
            ),
            items=(
                *_of_filters(digest, pictures),
                *_known(digest, _scenes(crops, asked.seed, fill, images.side), asked.seed, images),
            ),
        )
        create(place / DATABASE, study)
    return Prepared(folder, study, new=True)


def _filters(
    network: Network, layers: Sequence[str], classes: Sequence[str], asked: StudyRequest
) -> dict[Unit, np.ndarray]:
    """By layer and class, the filters asked about."""
    maps = shapes(network, layers)
    units = [(layer, name) for layer in layers for name in classes]
    named = [filters_asked(asked.filters, maps[layer].shape[3], layer) for layer, _ in units]
    return dict(zip(units, sample(named, asked.sample, asked.seed), strict=True))


def _study_there(folder: Path, digest: str) -> Study | None:
    """The study in a folder, if it is the one asked for; None where nothing is.

    Raises:
      InputError: another study is there, or something else, or some of its pictures are gone.
    """
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return None
    if not (folder / DATABASE).is_file():
        raise InputError(f"{folder}: is there and holds no study; name a new folder with --study")
    with Store(folder / DATABASE) as store:
        there = store.study()
    if there.digest != digest:
        raise InputError(
            f"{folder}: holds a study of another run, or one that was asked for with other flags; name "
            "another folder with --study"
        )
    names = {name for item in there.items for one in item.pictures for name in (one.plain, one.highlighted)}
    if lost := sorted(name for name in names if not (folder / IMAGES / name).is_file()):
        raise InputError(
            f"{folder / IMAGES}: lacks {len(lost)} of {len(names)} pictures, {lost[0]} first; prepare the "
            "same study in a new folder, with --study, and copy its images here"
        )
    return there


def _of_filters(digest: str, pictures: Mapping[Unit, Mapping[int, tuple[Picture, ...]]]) -> Iterator[Item]:
    for (layer, name), of_unit in pictures.items():
        for filter_, shown in of_unit.items():
            yield Item(
                item=_digest(digest, layer, name, filter_, _files(shown))[:16],
                purpose="filter",
                object_class=name,
                layer=layer,
                filter=filter_,
                truth=None,
                accepted=(),
                explanation="",
                pictures=shown,
            )


def _known(digest: str, scenes: Sequence[np.ndarray], seed: int, images: PictureFolder) -> Iterator[Item]:
    for number, known in enumerate(known_items(scenes, images.side, seed)):
        shown = tuple(
            Picture(images.keep(plain), images.keep(highlighted(plain, inside)))
            for plain, inside in known.pictures
        )
        yield Item(
            item=_digest(digest, known.purpose, number, _files(shown))[:16],
            purpose=known.purpose,
            object_class="",
            layer="",
            filter=-1,
            truth=known.truth,
            accepted=known.accepted,
            explanation=known.explanation,
            pictures=shown,
        )


def _scenes(crops: Mapping[str, ClassCrops], seed: int, fill, side: int) -> list[np.ndarray]:
    """Pictures of some of the crops."""
    there = [(split, n) for of_class in crops.values() for split in of_class.pairs for n in range(len(split))]
    order = np.random.default_rng([seed, 3]).permutation(len(there))
    scenes: list[np.ndarray] = []
    for split, n in (there[i] for i in order):
        with contextlib.suppress(InputError):  # an image that cannot be read, as the run left it out
            pixels = split.images[split.image_index[n]].source.read()
            scenes.append(view(pixels, split.object_boxes[n], split.size, side, fill))
        if len(scenes) == _SCENES:
            break
    return scenes


def _files(pictures: Sequence[Picture]) -> list[list[str]]:
    return [[one.plain, one.highlighted] for one in pictures]


def _digest(*content) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


@contextlib.contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Yields a new folder beside `folder`, which is empty or not there, that becomes it at the end."""
    with plain_errors(folder):
        make_folder(folder.parent)
        place = Path(tempfile.mkdtemp(prefix=f".unfinished-{folder.name}-", dir=folder.parent))
        try:
            place.chmod(0o777 & ~_mask())
            yield place
            place.rename(folder)
        finally:
            shutil.rmtree(place, ignore_errors=True)


def _mask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
