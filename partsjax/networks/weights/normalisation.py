"""What input a file's weights expect: the known normalizations, and a note on which one is assumed."""

import dataclasses
import pathlib
import re

import numpy as np

from partsjax.errors import InputError, nearest
from partsjax.networks.architectures import (
    CAFFE_IMAGENET,
    IMAGENET,
    VGG_IMAGENET,
    Architecture,
)
from partsjax.networks.layers import LRN
from partsjax.networks.protocol import Preprocessing
from partsjax.networks.weights.tensors import WeightFile

NORMALISATIONS = {
    "torchvision": (IMAGENET, False),
    "caffe": (CAFFE_IMAGENET, True),
    "vgg": (VGG_IMAGENET, True),
    "vgg_rgb": (VGG_IMAGENET, False),
    "0..1": (Preprocessing((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)), False),
    "-1..1": (Preprocessing((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)), False),
}
"""Name -> mean and std, and whether a file of no fixed order of channels (torch's, Keras's) then takes
blue, green, red."""
LRN_ORDERS = ("before_pool", "after_pool")
NAMED_WEIGHTS = ("imagenet", "random", "torchvision", "places365")
"""Weights that are no path, whatever lies in the folder."""

_TOO_SMALL = 0.1
"""Root mean square of the norms of the first convolution's filters below which inputs of standard
deviation 1 would hardly move them. It is 1.3 to 2.2 for torchvision's, .3 to 1.4 for fresh ones; with the
division by the standard deviation moved into them, .005 to .04."""
_FROM_CAFFE = re.compile(r"caffe|00b39a1b|d01eb7cb|amdegroot", re.IGNORECASE)
"""In the names of published files under torch's names that expect Caffe's input: the numbers are of
jcjohnson's VGG16 and VGG19, the name of torchvision's own VGG16_Weights.IMAGENET1K_FEATURES."""


@dataclasses.dataclass(frozen=True)
class WeightOptions:
    """What the user says about a file: a name of NORMALISATIONS, one of LRN_ORDERS; None: nothing.

    Raises:
      InputError: there is no such normalization or order.
    """

    normalisation: str | None = None
    lrn: str | None = None

    def __post_init__(self):
        for name, value, choices in (
            ("normalisation", self.normalisation, NORMALISATIONS),
            ("lrn", self.lrn, LRN_ORDERS),
        ):
            if value is not None and value not in choices:
                raise InputError(f"--{name}={value}: {nearest(value, choices)}")

    def of(self, weights: str) -> "WeightOptions":
        """These options where `weights` is a file; none where it is weights that say it themselves."""
        is_file = weights not in NAMED_WEIGHTS and pathlib.Path(weights).expanduser().is_file()
        return self if is_file else WeightOptions()

    def asdict(self) -> dict[str, str | None]:
        """As arguments of `load_network`."""
        return dataclasses.asdict(self)

    def given(self) -> list[str]:
        """The options given, as on the command line."""
        values = (("normalisation", self.normalisation), ("lrn", self.lrn))
        return [f"--{name}={value}" for name, value in values if value is not None]


def as_stated(
    file: WeightFile, architecture: Architecture, first: np.ndarray, options: WeightOptions
) -> tuple[Architecture, bool, tuple[str, ...]]:
    """What input and order of layers the weights in `file` are for.

    Args:
      first: kernel of the first convolution, [height, width, channels, filters].

    Returns:
      The architecture with both, whether its first convolution takes blue, green, red, and a note.

    Raises:
      InputError: the file does not say them and there is no convention to go by, or it contradicts
        the convention, and the user does not say them either; or the user's order is not the file's.
    """
    name = options.normalisation or _usual(file, architecture)
    doubt = "" if options.normalisation or file.preprocessing else _doubt(file, name, architecture, first)
    asked = [doubt] if doubt else []
    order = _order(file, architecture, options)
    if order is None:
        asked.append(
            "whether local response normalization comes before or after pooling: --lrn=before_pool (Caffe's "
            "bvlc_alexnet) or --lrn=after_pool (CaffeNet, Places AlexNet)"
        )
    if asked:
        raise InputError(f"{file.label}: does not say {' and '.join(asked)}; add what it was trained with")
    preprocessing, bgr = NORMALISATIONS.get(name, (file.preprocessing or architecture.preprocessing, False))
    bgr = bgr if file.layout.bgr is None else file.layout.bgr
    architecture = dataclasses.replace(architecture, preprocessing=preprocessing)
    architecture = architecture.pooling_first() if order == "after_pool" else architecture
    return architecture, bgr, _note(file, architecture, bgr, order, options)


def _usual(file: WeightFile, architecture: Architecture) -> str | None:
    if file.preprocessing is not None:
        return "own"
    # Networks with normalization by neighbors came from Caffe or were trained in torch: no convention.
    return None if file.layout.bgr is None and _has_lrn(architecture) else file.usual


def _doubt(file: WeightFile, name: str | None, architecture: Architecture, first: np.ndarray) -> str:
    """Why the normalization `name` cannot be taken for granted; empty where it can."""
    choices = f"--normalisation={'|'.join(NORMALISATIONS)}"
    if name is None:
        return f"what input it wants: {choices}"
    _, std = dataclasses.astuple(NORMALISATIONS.get(name, (architecture.preprocessing, False))[0])
    if min(std) <= 1 or file.layout.bgr is not None or not file.says:
        return ""
    norm = float(np.sqrt(np.square(first, dtype=np.float64).sum((0, 1, 2)).mean()))
    if 0 < norm < _TOO_SMALL:
        return (
            f"what input it wants, and {name}'s it is not (filters of its first convolution have a norm of "
            f"{norm:.2g}, which suits pixels in 0..255): {choices}"
        )
    if _FROM_CAFFE.search(pathlib.PurePath(file.label).name):
        return f"what input it wants, and its name suggests other input than {name}'s: {choices}"
    return ""


def _order(file: WeightFile, architecture: Architecture, options: WeightOptions) -> str | None:
    """One of LRN_ORDERS, "" where there is nothing to order, None where it cannot be known."""
    if not _has_lrn(architecture):
        if options.lrn is not None:
            raise InputError(
                f"--lrn={options.lrn}: {architecture.name} has no local response normalization; leave it out"
            )
        return ""
    if file.pooling_first is None:
        return options.lrn or ("before_pool" if file.usual == "own" else None)
    order = LRN_ORDERS[file.pooling_first]
    if options.lrn not in (None, order):
        raise InputError(f"--lrn={options.lrn}: {file.label} lists its layers as {order}; leave --lrn out")
    return order


def _note(
    file: WeightFile, architecture: Architecture, bgr: bool, order: str, options: WeightOptions
) -> tuple[str, ...]:
    if not file.says and not options.given():
        return ()
    mean, std = dataclasses.astuple(architecture.preprocessing)
    same = [
        (name, turned) for name, (one, turned) in NORMALISATIONS.items() if one == architecture.preprocessing
    ]
    known = [name for name, turned in same if turned == bgr] or [name for name, _ in same]
    what = f"{'BGR' if bgr else 'RGB'} pixels less ({_figures(mean)}) over ({_figures(std)})"
    what += f", as {known[0]}" if known else ""
    source = (
        f"by --normalisation={options.normalisation}"
        if options.normalisation
        else f"known from {file.says}; --normalisation sets another"
    )
    lrn = ""
    if order:
        where = "the file" if file.pooling_first is not None else "--lrn" if options.lrn else "our own order"
        lrn = f"; local response normalization {order.replace('_', ' ')}ing, by {where}"
    return (f"{file.label}: input is {what} ({source}){lrn}",)


def _figures(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.6g}" for value in values)


def _has_lrn(architecture: Architecture) -> bool:
    return any(isinstance(layer, LRN) for layer in architecture.layers)
