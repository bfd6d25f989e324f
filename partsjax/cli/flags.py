"""Flags shared by all commands."""

import dataclasses
import hashlib
import json
import math
import os
import runpy
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from absl import flags

from partsjax.cli import reader_flags
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError, nearest
from partsjax.networks.weights.normalisation import LRN_ORDERS, NORMALISATIONS, WeightOptions
from partsjax.reporting.file_names import file_name
from partsjax.runs.context import KEEP, Context, Notes
from partsjax.runs.memory import Memory, bytes_of

# JAX makes keys of 32 bits and drops the rest: larger seeds would be the same as smaller ones.
MOST_SEED = 2**31 - 1


class _Path(flags.ArgumentParser):
    """A path, in which `~` is the home folder: no shell expands it after `--name=`."""

    def parse(self, argument: str) -> str:
        if not argument:
            raise ValueError("is empty; give a path, or leave the flag out")
        if any("\ud800" <= character <= "\udfff" for character in argument):
            raise ValueError("holds bytes that are not UTF-8; rename the file or folder")
        try:
            Path(argument).expanduser()
        except RuntimeError:
            raise ValueError("no home folder is known; write the whole path, without ~") from None
        return os.path.expanduser(argument)


PATH = _Path()


class _Bytes(flags.ArgumentParser):
    """A size, as 8GB."""

    def parse(self, argument: str | int) -> int:
        try:
            return bytes_of(argument)
        except InputError:
            raise ValueError("give a size, as 8GB or 512MiB") from None


flags.adopt_module_key_flags(reader_flags)

_NET = flags.DEFINE_string(
    "net",
    "alexnet",
    "Network: alexnet (torchvision's), caffenet (the original: groups, LRN), vgg16, vgg19, "
    "efficientnet_lite0, package.module:function that returns a partsjax Network of your own, or, with "
    "--layers by its own names, a PyTorch module: torch:package.module:function that returns it, timm:NAME, "
    "torchvision:NAME, hf:NAME.",
)
_WEIGHTS = flags.DEFINE(
    PATH,
    "weights",
    "imagenet",
    "imagenet (alexnet, vgg16, efficientnet_lite0: installed with this package), random, torchvision "
    "(alexnet, vgg16, vgg19, with fully connected layers) or places365 (alexnet), both fetched once, "
    "W/checkpoint of a training run, or a file, whatever its ending: torch.save's, .safetensors, .npz, "
    "Keras's, Caffe's, MatConvNet's.",
)
_NORMALISATION = flags.DEFINE_enum(
    "normalisation",
    None,
    list(NORMALISATIONS),
    "What a weight file's input is, where the file does not say it or says it wrong: torchvision (RGB, "
    "ImageNet's mean and deviation), caffe (BGR less Caffe's mean), vgg (BGR less the VGG authors' mean), "
    "vgg_rgb (the same in RGB), 0..1 or -1..1 (RGB).",
)
_LRN = flags.DEFINE_enum(
    "lrn",
    None,
    list(LRN_ORDERS),
    "caffenet: where local response normalization stands, for a weight file that does not say so.",
)
_LAYERS = flags.DEFINE_list(
    "layers",
    [],
    "Layers, as conv4,conv5, or all; conv5_rotated0 is conv5 under a random rotation of its filters, of seed "
    "0. Default: AlexNet conv1 to conv5; VGG conv3_3,conv4_3,conv5_3; EfficientNet-Lite0 "
    "block2,block4,block9,block16,head.",
)
_DATASET = flags.DEFINE_string(
    "dataset",
    "shapeparts",
    "shapeparts (drawn from --seed, nothing to download), coco_parts (COCO JSON with parts), pascal_part "
    "(the original .mat masks and VOC2010), or package.module:function, a reader of your own.",
)
_DATA_DIR = flags.DEFINE(
    PATH, "data_dir", None, "Folder of the dataset, as docs/how_to/photographs.md lays it out."
)
_CLASSES = flags.DEFINE_list("classes", ["all"], "Object classes, as horse,dog, or all.")
_LIMIT = flags.DEFINE_integer(
    "limit", None, "At most this many objects per class and split, evenly spread.", lower_bound=1
)
_WORKDIR = flags.DEFINE(
    PATH,
    "workdir",
    None,
    "Folder for results and finished stages; the same command resumes from there. Default: a folder "
    "under runs/ named after the options.",
)
_SEED = flags.DEFINE_integer(
    "seed",
    0,
    "Seed of shapeparts, random weights, training, searches, intervals.",
    lower_bound=0,
    upper_bound=MOST_SEED,
)
_BATCH_SIZE = flags.DEFINE_integer(
    "batch_size",
    None,
    "Crops the network takes at once; default: what suits network and device. In training: examples per "
    "step, 32 by default.",
    lower_bound=1,
)
_MEMORY_BUDGET = flags.DEFINE(
    _Bytes(),
    "memory_budget",
    None,
    "Memory of the host that a run may take, as 8GB: layers are judged in as many pieces, and as few at once "
    "as it asks for. Default: half of what there is.",
)
_KEEP = flags.DEFINE_enum(
    "keep",
    "evidence",
    KEEP,
    "What stays in W/cache: evidence, from which the same command writes its results again without the "
    "network; all, also where filters fire, which is large; none, once the run has finished.",
)
_DTYPE = flags.DEFINE_enum("dtype", "float32", ["float32", "bfloat16"], "Arithmetic of the network.")
_SKIP_BAD = flags.DEFINE_bool(
    "skip_bad",
    False,
    "Continue without images that cannot be read and annotations that are wrong; they are counted in "
    "manifest.json.",
)
_ALLOW_DUPLICATES = flags.DEFINE_bool(
    "allow_duplicates",
    False,
    "Continue although the same photograph appears under several names. Where copies are in both train and "
    "val, held-out figures are not held out.",
)


_CONFIG = flags.DEFINE(
    PATH,
    "config",
    None,
    "A Python file whose dictionary `flags` sets other defaults, as configs/emergence_by_layer.py; the "
    "command line takes precedence.",
)
flags.DEFINE_bool("debug", False, "Below the line of an error, show where it was raised, and its causes.")


def read_config(path: str) -> dict[str, Any]:
    """What a config, a Python file, defines."""
    if not Path(path).is_file():
        raise InputError(f"--config={path}: no such file")
    try:
        return runpy.run_path(path)
    except Exception as error:
        raise InputError(f"{path}: does not run as Python: {error}") from error


def apply_config() -> None:
    """Makes the values of `--config` the defaults of the flags it names."""
    path = _CONFIG.value
    if path is None:
        return
    values = read_config(path).get("flags")
    if not isinstance(values, dict):
        raise InputError(f"{path}: has no dictionary `flags`, as {{'net': 'vgg16', 'classes': 'horse,dog'}}")
    for name, value in values.items():
        if name not in flags.FLAGS:
            raise InputError(f"{path}: there is no flag {name!r}; {nearest(name, _known_flags())}")
        try:
            flags.FLAGS.set_default(name, value)
        except flags.Error as error:
            raise InputError(f"{path}: {error}") from None


def _known_flags() -> list[str]:
    return sorted(flag.name for flag in flags.FLAGS.get_key_flags_for_module(sys.argv[0]))


def refuse_idle(names: Iterable[str], why: str) -> None:
    """Refuses flags of the command line that change nothing; why: the end of 'has no effect ...'.

    A config's flags are defaults, and may be of no use to a command that changes others.
    """
    for name in names:
        if flags.FLAGS[name].present:
            raise InputError(f"--{name}: has no effect {why}; leave it out")


def _check_values() -> None:
    """Refuses values that every parser lets through: not-a-numbers, and names given twice."""
    for name in flags.FLAGS:
        value = flags.FLAGS[name].value
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"--{name}={value}: give a finite number")
    for name, values in (("layers", _LAYERS.value), ("classes", _CLASSES.value)):
        check_names(name, values)


def check_names(flag: str, names: list[str]) -> None:
    """Refuses a list that names something twice, or `all` together with others."""
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"--{flag}: {name!r} is given twice; give each once")
    if "all" in names and len(names) > 1:
        raise InputError(f"--{flag}: all means every one; give it alone, or leave it out")


def job_options() -> dict:
    """The shared flags that decide a run's results.

    Raises:
      InputError: a value that cannot be meant, or a flag that changes nothing.
    """
    _check_values()
    return {
        "net": _NET.value,
        "weights": _WEIGHTS.value,
        "layers": tuple(_LAYERS.value),
        "dataset": _DATASET.value,
        "data_dir": _DATA_DIR.value,
        "classes": tuple(_CLASSES.value),
        "limit": _LIMIT.value,
        "seed": _SEED.value,
        "dtype": _DTYPE.value,
        "file": WeightOptions(normalisation=_NORMALISATION.value, lrn=_LRN.value),
        "reader": reader_flags.reader_options(_DATASET.value),
    }


def workdir(command: str, options) -> Path:
    """The run's folder; named after the options where none is given."""
    if _WORKDIR.value:
        return Path(_WORKDIR.value)
    text = json.dumps(dataclasses.asdict(options), sort_keys=True)
    name = file_name(command, _NET.value, _DATASET.value)
    return Path("runs") / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def surroundings(terminal: Terminal) -> Context:
    """Of a command that reports to a terminal."""
    return Context(
        progress=terminal.progress,
        notes=Notes(terminal.note),
        say=terminal.say,
        batch_size=_BATCH_SIZE.value,
        keep=_KEEP.value,
        memory=Memory(_MEMORY_BUDGET.value),
        skip_bad=_SKIP_BAD.value,
        allow_duplicates=_ALLOW_DUPLICATES.value,
        fetching=reader_flags.fetching(),
    )
