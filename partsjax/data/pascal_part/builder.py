"""PASCAL-Part as two tfds datasets: prepared once as array_record, then read at random by any run.

TensorFlow is never imported. Annotations and photographs are apart, row by row in the same order, so
that reading every annotation reads no pixels. Annotations keep PASCAL-Part's raw part names: every
part list is made from one prepared copy.
"""

import contextlib
import functools
import io
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import absl.logging
import numpy as np
import tensorflow_datasets as tfds

from partsjax.data.faults import listed
from partsjax.data.pascal_part.annotation import MatAnnotation, read_annotation
from partsjax.data.pascal_part.source import PascalSource
from partsjax.data.sources import FileImage
from partsjax.errors import InputError
from partsjax.locks import locked
from partsjax.progress import UnitProgress

_VERSION = "1.0.0"
_KINDS = ("photographs", "annotations")


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Writes each split of a `PascalSource` in the order of its image list."""

    VERSION = tfds.core.Version(_VERSION)
    # Where tfds would look for checksums of downloads. There are none, and tfds 4.9.10 needs a package
    # it does not declare (importlib_resources) to work this path out.
    code_path = None
    FEATURES: Callable[[], dict[str, Any]]

    def __init__(self, *, source: PascalSource, progress: UnitProgress | None, **options):
        self._source = source
        self._progress = progress
        self._done = 0
        super().__init__(**options)

    def _info(self) -> tfds.core.DatasetInfo:
        return tfds.core.DatasetInfo(
            builder=self,
            description="PASCAL-Part on VOC2010's photographs, as it was published.",
            features=tfds.features.FeaturesDict(type(self).FEATURES()),
            # Rows of both datasets meet by number.
            disable_shuffling=True,
            metadata=tfds.core.MetadataDict(unannotated=sum(map(len, self._source.unannotated.values()))),
        )

    def _split_generators(self, dl_manager):
        # tfds refuses a split without examples.
        return {s: self._generate_examples(ids) for s, ids in self._source.image_ids.items() if ids}

    def _generate_examples(self, image_ids):
        total = sum(map(len, self._source.image_ids.values()))
        for row, image_id in enumerate(image_ids):
            yield row, {"image_id": image_id, **self._example(image_id)}
            self._done += 1
            if self._progress:
                what = f"preparing PASCAL-Part's {self.name.split('_')[-1]}"
                self._progress(self._done, total, what, "images")

    def _example(self, image_id: str) -> dict[str, Any]:
        raise NotImplementedError


class PascalPartPhotographs(_Builder, skip_registration=True):
    """`image_id`, and `image` as encoded in the source."""

    name = "pascal_part_photographs"

    @staticmethod
    def FEATURES():
        return {"image_id": tfds.features.Text(), "image": tfds.features.Image(encoding_format="jpeg")}

    def _example(self, image_id):
        # A damaged photograph is copied as it is: reading it raises, and a run may skip it.
        return {"image": io.BytesIO(FileImage(self._source.photograph(image_id)).encoded())}


class PascalPartAnnotations(_Builder, skip_registration=True):
    """`image_id`, `objects` and `parts`, each part with the row of its object.

    Boxes are int32 (x1, y1, x2, y2), half-open pixels, all zero where no pixel is marked; a mask is
    `schema.Part.mask`.
    """

    name = "pascal_part_annotations"

    @staticmethod
    def FEATURES():
        box = tfds.features.Tensor(shape=(4,), dtype=np.int32)
        text = tfds.features.Text()
        return {
            "image_id": text,
            "objects": tfds.features.Sequence({"class": text, "box": box}),
            "parts": tfds.features.Sequence({"object": np.int32, "name": text, "box": box, "mask": text}),
        }

    def _example(self, image_id):
        path = self._source.annotation(image_id)
        try:
            annotation = read_annotation(path)
            self._check_size(path, annotation, image_id)
        except InputError as error:
            # All are read before any is refused, and a run that asks for it continues without.
            self.info.metadata.setdefault("damaged", {})[image_id] = str(error)
            annotation = MatAnnotation(None, ())
        objects, parts = [], []
        for index, found in enumerate(annotation.objects):
            objects.append({"class": found.object_class, "box": _numbers(found.box)})
            parts += [
                {"object": index, "name": part.name, "box": _numbers(part.box), "mask": part.mask}
                for part in found.parts
            ]
        return {"objects": objects, "parts": parts}

    def _check_size(self, path: Path, annotation: MatAnnotation, image_id: str) -> None:
        photograph = FileImage(self._source.photograph(image_id))
        try:
            size = photograph.size()
        except InputError:
            return  # reported when the photograph is read
        if annotation.size in (None, size):
            return
        try:
            FileImage(photograph.path, annotation.size).size()
        except InputError as error:
            raise InputError(
                f"{path}: masks are {annotation.size[0]}x{annotation.size[1]} px but {photograph.label} is "
                f"{size[0]}x{size[1]}; use VOC2010's original photograph"
            ) from error
        self.info.metadata.setdefault("turned", {})[image_id] = annotation.size


def prepared_copies(prepared_dir: str | os.PathLike) -> list[Path]:
    """The finished copies of PASCAL-Part under a folder, whichever sources they were made from."""
    return sorted(copy for copy in Path(prepared_dir).glob("pascal_part_*") if _finished(copy))


def copy_name(source: PascalSource) -> str:
    """What the folder of a source's prepared copy is called."""
    return f"pascal_part_{source.fingerprint}"


def prepare_copy(
    source: PascalSource,
    prepared_dir: str | os.PathLike,
    progress: UnitProgress | None = None,
    *,
    skip_bad: bool = False,
) -> Path:
    """The prepared copy of a source, made now if there is none.

    Another process that asks for the same copy waits for this one. A copy cut off halfway is never
    taken for a whole one: each dataset is renamed into place when complete, and what a killed
    process left is removed. While it prepares, tfds' messages on stdout are withheld; its progress
    bars are turned off for good. An annotation that is damaged, or whose masks are of another size than the
    photograph, has no objects in the copy.

    Raises:
      InputError: there are such annotations and `skip_bad` is not set (of a copy that is made now), or a
        folder cannot be written.
    """
    copy = Path(prepared_dir) / copy_name(source)
    if _finished(copy):
        return copy
    with locked(copy, "name another folder in the environment, as TFDS_DATA_DIR=DIR"), _quiet():
        # Annotations first: a fault in one shows before gigabytes of photographs are copied.
        for builder_class in (PascalPartAnnotations, PascalPartPhotographs):
            folder = copy / builder_class.name
            for leftover in folder.glob("incomplete.*"):
                shutil.rmtree(leftover)
            if not (folder / _VERSION).exists():
                builder = builder_class(
                    source=source, progress=progress, data_dir=copy, file_format="array_record"
                )
                builder.download_and_prepare()
            if builder_class is PascalPartAnnotations:
                refuse_damaged(copy, skip_bad)
    return copy


def refuse_damaged(copy: str | os.PathLike, skip_bad: bool) -> None:
    """Raises `InputError` where annotations of a copy could not be read and are not to be left out."""
    found = damaged_images(copy)
    if found and not skip_bad:
        raise InputError(f"{together(found)} (or --skip_bad to go on without)")


def damaged_images(copy: str | os.PathLike) -> dict[str, str]:
    """What was wrong with annotations that could not be read into a prepared copy, by image id."""
    return dict(_opened(os.fspath(copy), "annotations", os.getpid()).info.metadata.get("damaged", {}))


def turned_images(copy: str | os.PathLike) -> dict[str, tuple[int, int]]:
    """(width, height) of masks made on a photograph turned as its EXIF says, by image id; not of others."""
    found = _opened(os.fspath(copy), "annotations", os.getpid()).info.metadata.get("turned", {})
    return {image_id: tuple(size) for image_id, size in found.items()}


def together(found: Mapping[str, str]) -> str:
    """One line on all damaged annotations: the first in full, the first five by name."""
    first = next(iter(found.values()))
    return first if len(found) == 1 else f"{first} ({len(found)} such annotations: {listed(list(found))})"


@functools.lru_cache(maxsize=16)
def _opened(copy: str, kind: str, process: int) -> tfds.core.DatasetBuilder:
    with _damage_told(copy):
        found = tfds.builder_from_directory(Path(copy) / f"pascal_part_{kind}" / _VERSION)
        if kind == "annotations":
            int(found.info.metadata["unannotated"])  # tfds reads it when it is first asked for
        return found


def rows(copy: str | os.PathLike, kind: str, split: str):
    """Random access to the rows of a prepared copy: a sequence of dicts, safe to index from many threads.

    Args:
      copy: as `prepare` returns it.
      kind: `photographs` (`image` stays encoded) or `annotations`.
      split: `train` or `val`.
    """
    # Keyed by process: an open file must not be shared with a fork.
    return _rows(os.fspath(copy), kind, split, os.getpid())


@functools.lru_cache(maxsize=16)
def _rows(copy: str, kind: str, split: str, process: int):
    builder = _opened(copy, kind, process)
    if split not in builder.info.splits:
        return ()
    decoders = {"image": tfds.decode.SkipDecoding()} if kind == "photographs" else None
    with _damage_told(copy):
        return builder.as_data_source(split, decoders=decoders)


def unannotated(copy: str | os.PathLike) -> int:
    """How many listed images of a prepared copy had no annotation."""
    return int(_opened(os.fspath(copy), "annotations", os.getpid()).info.metadata["unannotated"])


@contextlib.contextmanager
def _damage_told(copy: str | os.PathLike) -> Iterator[None]:
    """What tfds raises on damaged files, and that is almost anything, as one line."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(
            f"{copy}: damaged ({' '.join(str(error).split())[:120]}); delete the folder and run again to "
            "prepare it anew"
        ) from error


def _finished(copy: Path) -> bool:
    return all((copy / f"pascal_part_{kind}" / _VERSION).is_dir() for kind in _KINDS)


def _numbers(box) -> np.ndarray:
    return np.asarray(box or (0, 0, 0, 0), np.int32)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    tfds.disable_progress_bar()
    verbosity = absl.logging.get_verbosity()
    absl.logging.set_verbosity(min(verbosity, absl.logging.WARNING))
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        absl.logging.set_verbosity(verbosity)
