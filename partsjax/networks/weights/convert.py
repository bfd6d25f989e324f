"""From the tensors of a weight file to the weights of a network, with every fault reported at once."""

import contextlib
import dataclasses
from collections.abc import Iterable, Mapping

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.initial import weight_shapes
from partsjax.networks.layers import output_side
from partsjax.networks.weights.normalisation import WeightOptions, as_stated
from partsjax.networks.weights.prefixes import shape_of
from partsjax.networks.weights.tensors import TensorLayout, WeightFile

MOST_NAMED = 12
"""How many faulty tensors of a kind a message names; the rest are counted."""


@dataclasses.dataclass(frozen=True)
class Converted:
    """A network out of a file: its table as the file has it, weights by our names, and notes."""

    architecture: Architecture
    weights: dict[str, np.ndarray]
    notes: tuple[str, ...] = ()


def convert(file: WeightFile, architecture: Architecture, options: WeightOptions | None = None) -> Converted:
    """The weights in `file` as those of `architecture`.

    Args:
      options: what the user says about the file's input and order of layers.

    Returns:
      The architecture as the file has it (without its fully connected layers where the file's are none
      or others, with the file's number of classes, preprocessing and order of pooling and
      normalization), its weights by our names, float32, HWIO, RGB, flattened row by row, and notes on
      what was assumed and left out.

    Raises:
      InputError: one line with every missing, misshapen and non-finite tensor, and those that stand in the
        way; or the network that the file belongs to, where it is another one of ours; or what the file
        does not say about its input, and which option says it.
    """
    match = _match(file, architecture)
    if match.faults:
        verdict, fix = _verdict(file, architecture, match)
        raise InputError(f"{file.label}: {verdict}: {'; '.join(match.faults)}; {fix}")
    first = f"{architecture.convolutions[0].name}/kernel"
    table, bgr, notes = as_stated(file, match.architecture, match.weights[first], options or WeightOptions())
    if bgr:
        match.weights[first] = np.ascontiguousarray(match.weights[first][:, :, ::-1])
    return Converted(table, match.weights, (*match.notes, *notes))


@dataclasses.dataclass(frozen=True)
class _Match:
    architecture: Architecture
    weights: dict[str, np.ndarray]
    faults: list[str]
    notes: list[str]
    broken: bool
    """Whether numbers, not names or shapes, are at fault."""


def _match(file: WeightFile, architecture: Architecture) -> _Match:
    naming = file.naming(architecture)
    convolutions = weight_shapes(architecture.headless())
    present = {ours: name for name, ours in naming.names.items() if name in file.tensors}
    if present.keys() <= convolutions.keys():
        architecture = architecture.headless()
    architecture = _with_classes_of(file, present, architecture)
    shapes = weight_shapes(architecture)
    misshapen, not_finite, not_numbers = {}, {}, {}
    weights: dict[str, np.ndarray] = {}
    for ours, name in present.items():
        value = file.tensors[name]
        if value.dtype.kind not in "fiu" and value.dtype.name != "bfloat16":
            not_numbers[ours] = f"{name} ({value.dtype})"
            continue
        array = _in_our_layout(np.asarray(value, np.float32), ours, shapes[ours], file.layout, architecture)
        if array is None:
            there = _shape_there(ours, shapes[ours], file.layout)
            misshapen[ours] = f"{name} {_sides(value.shape)} instead of {_sides(there)}"
        elif not np.isfinite(array).all():
            not_finite[ours] = name
        else:
            weights[ours] = array
    expected = {ours: name for name, ours in naming.names.items()}
    missing = {ours: expected.get(ours, ours) for ours in shapes if ours not in present}
    unfit = {**missing, **misshapen}
    notes = list(naming.notes)
    odd_head = architecture.head and (unfit or naming.in_the_heads_way)
    if odd_head and not any(ours in convolutions for ours in unfit):
        # The convolutional part fits: what is measured is there, whatever comes after it.
        lacking = _kinds(
            missing=missing.values(), misshapen=misshapen.values(), extra=naming.in_the_heads_way
        )
        notes.append(
            f"{file.label}: loaded without its fully connected layers, which are not "
            f"{architecture.name}'s ({'; '.join(lacking)})"
        )
        architecture = architecture.headless()
        missing, misshapen, not_finite, not_numbers = (
            {ours: text for ours, text in texts.items() if ours in convolutions}
            for texts in (missing, misshapen, not_finite, not_numbers)
        )
        weights = {ours: array for ours, array in weights.items() if ours in convolutions}
    others = [name for name in file.tensors if name not in naming.names]
    misfit = missing or misshapen
    faults = _kinds(
        missing=missing.values(),
        extra=others if misfit else naming.in_the_way,
        misshapen=misshapen.values(),
        with_NaN_or_infinite_values=not_finite.values(),
        not_of_numbers=not_numbers.values(),
    )
    if others and file.says:
        notes.append(f"{file.label}: {len(others)} other tensors in it were not used: {shortened(others, 5)}")
    return _Match(architecture, weights, faults, notes, not misfit and not naming.in_the_way)


def _with_classes_of(
    file: WeightFile, present: Mapping[str, str], architecture: Architecture
) -> Architecture:
    last = f"{architecture.head[-1].name}/bias" if architecture.head else None
    classes = int(np.prod(shape_of(file.tensors, present[last]))) if last in present else 0
    return architecture.with_classes(classes) if classes else architecture


def _kinds(**tensors: Iterable[str]) -> list[str]:
    """A phrase for each kind of fault that there is."""
    return [
        f"{len(names)} {kind.replace('_', ' ')}: {shortened(names)}"
        for kind, found in tensors.items()
        if (names := list(found))
    ]


def _in_our_layout(
    array: np.ndarray, name: str, shape: tuple[int, ...], layout: TensorLayout, architecture: Architecture
) -> np.ndarray | None:
    """`array` as our weight `name` of `shape`; `None` if its shape is not that weight's."""
    if array.ndim == 1 or name.endswith("/bias"):
        return array if array.shape == shape else None
    if array.shape != _shape_there(name, shape, layout):
        return None
    if len(shape) == 4:
        array = array.transpose(2, 3, 1, 0) if layout.out_first else array
        return np.ascontiguousarray(array)
    array = array.T if layout.out_first else array
    if layout.channels_first and name == f"{architecture.head[0].name}/kernel":
        side = output_side(architecture.layers, architecture.input_size)
        array = array.reshape(-1, side, side, shape[1]).transpose(1, 2, 0, 3).reshape(shape)
    return np.ascontiguousarray(array)


def _shape_there(name: str, shape: tuple[int, ...], layout: TensorLayout) -> tuple[int, ...]:
    """The shape that our weight `name` has in the file."""
    if name.endswith("/bias") or not layout.out_first:
        return shape
    return (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]


def _verdict(file: WeightFile, architecture: Architecture, match: _Match) -> tuple[str, str]:
    """What the file is instead of the weights of `architecture`, and the fix."""
    if match.broken:
        return f"the weights of {architecture.name}, but damaged", "train or save them again"
    for name, other in ARCHITECTURES.items():
        if name != architecture.name:
            with contextlib.suppress(InputError):  # it holds several of the other
                if not _match(file, other).faults:
                    return f"the weights of {name}, not of {architecture.name}", f"use --net={name}"
    return f"not the weights of {architecture.name}", f"give weights of {architecture.name}"


def shortened(names: list[str], most: int = MOST_NAMED) -> str:
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most} more"


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
