"""What a study is made from: a finished run, made again from its own files, and what is asked of it."""

import dataclasses
from pathlib import Path

import cattrs
import numpy as np

from partsjax.data.crops import Crops
from partsjax.errors import InputError, nearest, require_whole
from partsjax.networks.protocol import Network
from partsjax.runs import manifest, photographs, workdir
from partsjax.runs.context import Context, Notes
from partsjax.runs.emergence.files import read
from partsjax.runs.inputs import dataset_of, network_of
from partsjax.runs.network_stages import all_crops, images_of
from partsjax.runs.options import Options, with_layers
from partsjax.runs.unseen import unseen_digest


@dataclasses.dataclass(frozen=True)
class StudyRequest:
    """What is asked of a run.

    layers, classes: some of the run's; () for all. filters: of each layer, as "0,5-9"; "" for all.
    sample: so many pairs of class and filter in all, drawn at random; None: all.
    raters: of each item. batch: items that a rater does in one go. seed: of the sample, of what is drawn, and
    of the orders in which items are shown.
    """

    layers: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    filters: str = ""
    sample: int | None = None
    raters: int = 3
    batch: int = 20
    seed: int = 0

    def __post_init__(self):
        require_whole(0, seed=self.seed)
        require_whole(1, raters=self.raters)
        require_whole(5, batch=self.batch)
        if self.sample is not None:
            require_whole(1, sample=self.sample)


@dataclasses.dataclass(frozen=True)
class FinishedRun:
    """A run of emergence as its folder tells of it.

    options: as the run had them, or with `data_dir` and `weights` as they are now.
    layers, classes: those measured. network_digest, input_fingerprint: of what was measured.
    skip_bad: whether it went on without some images.
    """

    folder: Path
    options: Options
    layers: tuple[str, ...]
    classes: tuple[str, ...]
    network_digest: str
    input_fingerprint: str
    skip_bad: bool

    @property
    def title(self) -> str:
        """As "alexnet (imagenet) on coco_parts"; weights of a file by its name."""
        return f"{self.options.net} ({Path(self.options.weights).name}) on {self.options.dataset}"


def finished_run(folder: Path, data_dir: str | None = None, weights: str | None = None) -> FinishedRun:
    """Args:
      data_dir, weights: where these are now, if not where they were.

    Raises:
      InputError: it is no finished run of emergence, or one of another version, or its files have changed.
    """
    path = folder / "manifest.json"
    if not path.is_file():
        raise InputError(f"{path}: not found; run partsjax emergence to its end first, or name its folder")
    found = manifest.stands(folder)
    if found is None:
        raise InputError(f"{folder}: its files are not as its manifest says; run partsjax emergence again")
    try:
        summary = workdir.read_json(folder / "summary.json")
        options = cattrs.Converter(forbid_extra_keys=True).structure(found["options"], Options)
        run = FinishedRun(
            folder,
            options,
            tuple(found["layers"]),
            tuple(summary["classes"]),
            found["network_digest"],
            found["input_fingerprint"],
            bool(found["skipped"]),
        )
    except Exception as error:  # of many kinds
        raise InputError(
            f"{path}: no run of partsjax emergence, or one of another version of it; run it again, into "
            "another folder"
        ) from error
    moved = {name: value for name, value in (("data_dir", data_dir), ("weights", weights)) if value}
    return dataclasses.replace(run, options=dataclasses.replace(options, **moved))


def chosen_names(what: str, asked: tuple[str, ...], there: tuple[str, ...]) -> tuple[str, ...]:
    """Those asked for, in the run's order; () and ("all",) for all.

    Raises:
      InputError: the run lacks one.
    """
    if asked in ((), ("all",)):
        return there
    for name in asked:
        if name not in there:
            raise InputError(f"{what}: the run has no {name!r}; {nearest(name, there)}")
    return tuple(name for name in there if name in asked)


def network_again(run: FinishedRun, context: Context) -> Network:
    """The network that the run measured, with its layers.

    Raises:
      InputError: it cannot be made, or computes something else now.
    """
    try:
        given = network_of(run.options, _unheard(context))
    except InputError as error:
        raise InputError(f"{run.folder}: its network cannot be loaded: {error}") from error
    if given.digest != run.network_digest:
        raise InputError(
            f"{run.folder}: {run.options.net} with --weights={run.options.weights} is another network than "
            "was measured; name the same weights with --weights"
        )
    network, _ = with_layers(given, run.options.layers, run.options.method)
    return network


@dataclasses.dataclass(frozen=True)
class ClassCrops:
    """Crops of one class, those of train and then those of val.

    pairs: of each split. images: an int for each crop, the same for crops of the same photograph, whatever
    its names are.
    """

    pairs: tuple[Crops, Crops]
    images: tuple[int, ...]


def crops_again(
    run: FinishedRun, classes: tuple[str, ...], size: int, context: Context
) -> dict[str, ClassCrops]:
    """The crops of some classes of the run.

    Raises:
      InputError: the images are not there, or images or annotations are others than were measured.
    """
    context = dataclasses.replace(_unheard(context), skip_bad=run.skip_bad)
    elsewhere = "name where the run's images are with --data_dir"
    try:
        dataset = dataset_of(run.options, context)
        if lacking := [name for name in classes if name not in dataset.parts]:
            raise InputError(f"no {lacking[0]} any more")
        of_class = {
            name: pair for name, pair in all_crops(dataset, size, run.options).items() if name in classes
        }
        looks = photographs.looked_at(images_of(of_class), context)
    except InputError as error:
        raise InputError(f"{run.folder}: its images: {error}; {elsewhere}") from error
    digests = photographs.digests(looks)
    measured, found = read(run.folder), {}
    for name in classes:
        train, val = of_class[name]
        readable = measured.readable[name]
        counts = {v.part: v.num_train for v in measured.verdicts if v.object_class == name}
        same = len(val) == len(readable) and (
            unseen_digest(val, readable, digests) == measured.images.by_class[name]
        )
        positives = (train.select(_readable(train)) if run.skip_bad else train).truth.positives.tolist()
        if not same or dict(zip(train.parts, positives, strict=True)) != counts:
            raise InputError(
                f"{run.folder}: images or annotations of {name} are others than were measured; {elsewhere}"
            )
        photograph = [digests[one.images[i].image_id] for one in (train, val) for i in one.image_index]
        number = {digest: place for place, digest in enumerate(dict.fromkeys(photograph))}
        found[name] = ClassCrops((train, val), tuple(number[digest] for digest in photograph))
    return found


def _readable(crops: Crops) -> np.ndarray:
    """bool [N]: whose images can be read; boxes on others were not counted."""
    can = np.ones(len(crops.images), bool)
    for number, image in enumerate(crops.images):
        try:
            image.source.read()
        except InputError:
            can[number] = False
    return can[crops.image_index]


def _unheard(context: Context) -> Context:
    """With notes that nobody hears: the run has made them already."""
    return dataclasses.replace(context, notes=Notes())
