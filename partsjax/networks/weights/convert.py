"""From the tensors of a weight file to the weights of a network, with every fault told at once."""

import dataclasses

import numpy as np

from partsjax.errors import BadInput
from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.initial import weight_shapes
from partsjax.networks.layers import output_side
from partsjax.networks.weights.tensors import Layout, WeightFile

MOST_NAMED = 12
"""So many faulty tensors of a kind are named in a message; the rest are counted."""


def convert(file: WeightFile, architecture: Architecture) -> tuple[Architecture, dict[str, np.ndarray]]:
    """The weights in `file` as those of `architecture`.

    Returns:
      The architecture as the file has it (without its fully connected layers if the file holds
      none of them, with the file's number of classes, preprocessing and order of pooling and
      normalisation) and its weights by our names, float32, HWIO, RGB, flattened row by row.

    Raises:
      BadInput: one line with every missing, extra, misshapen and non-finite tensor; or the
        network that the file belongs to, where it is another one of ours.
    """
    architecture = _as_in_file(file, architecture)
    faults, weights = _match(file, architecture)
    if faults:
        verdict, fix = _verdict(file, architecture)
        raise BadInput(f"{file.label}: {verdict}: {'; '.join(faults)}; {fix}")
    return architecture, weights


def _as_in_file(file: WeightFile, architecture: Architecture) -> Architecture:
    """`architecture` with the head, classes, preprocessing and order that the file has."""
    if file.preprocessing is not None:
        architecture = dataclasses.replace(architecture, preprocessing=file.preprocessing)
    if file.pooling_first:
        architecture = architecture.pooling_first()
    names = file.rename(architecture)
    present = {names[name] for name in file.tensors if name in names}
    head = {layer.name for layer in architecture.head}
    if not any(name.split("/")[0] in head for name in present):
        return architecture.headless()
    last = f"{architecture.head[-1].name}/bias"
    for name, ours in names.items():
        if ours == last and name in file.tensors and file.tensors[name].size > 0:
            return architecture.with_classes(int(file.tensors[name].size))
    return architecture


def _match(file: WeightFile, architecture: Architecture) -> tuple[list[str], dict[str, np.ndarray]]:
    names = file.rename(architecture)
    shapes = weight_shapes(architecture)
    extra, misshapen, not_finite, not_numbers = [], [], [], []
    weights: dict[str, np.ndarray] = {}
    found = set()
    for name, value in file.tensors.items():
        ours = names.get(name)
        if ours not in shapes:
            extra.append(name)
            continue
        found.add(ours)
        if value.dtype.kind not in "fiu" and value.dtype.name != "bfloat16":
            not_numbers.append(f"{name} ({value.dtype})")
            continue
        array = _in_our_layout(np.asarray(value, np.float32), ours, shapes[ours], file.layout, architecture)
        if array is None:
            expected = _shape_there(ours, shapes[ours], file.layout)
            misshapen.append(f"{name} {_sides(value.shape)} instead of {_sides(expected)}")
        elif not np.isfinite(array).all():
            not_finite.append(name)
        else:
            weights[ours] = array
    there = {ours: name for name, ours in names.items()}
    missing = [there.get(ours, ours) for ours in shapes if ours not in found]
    faults = [
        f"{len(tensors)} {kind}: {_listed(tensors)}"
        for kind, tensors in (
            ("missing", missing),
            ("extra", extra),
            ("misshapen", misshapen),
            ("with NaN or infinite values", not_finite),
            ("not of numbers", not_numbers),
        )
        if tensors
    ]
    return faults, weights


def _in_our_layout(
    array: np.ndarray, name: str, shape: tuple[int, ...], layout: Layout, architecture: Architecture
) -> np.ndarray | None:
    """`array` as our weight `name` of `shape`; `None` if its shape is not that weight's."""
    if array.ndim == 1 or name.endswith("/bias"):
        return array if array.shape == shape else None
    if array.shape != _shape_there(name, shape, layout):
        return None
    if len(shape) == 4:
        array = array.transpose(2, 3, 1, 0) if layout.out_first else array
        if layout.bgr and name == f"{architecture.convolutions[0].name}/kernel":
            array = array[:, :, ::-1]
        return np.ascontiguousarray(array)
    array = array.T if layout.out_first else array
    if layout.channels_first and name == f"{architecture.head[0].name}/kernel":
        side = output_side(architecture.layers, architecture.input_size)
        array = array.reshape(-1, side, side, shape[1]).transpose(1, 2, 0, 3).reshape(shape)
    return np.ascontiguousarray(array)


def _shape_there(name: str, shape: tuple[int, ...], layout: Layout) -> tuple[int, ...]:
    """The shape that our weight `name` has in the file."""
    if name.endswith("/bias") or not layout.out_first:
        return shape
    return (shape[3], shape[2], *shape[:2]) if len(shape) == 4 else shape[::-1]


def _verdict(file: WeightFile, architecture: Architecture) -> tuple[str, str]:
    """What the file is instead of the weights of `architecture`, and the fix."""
    for name, other in ARCHITECTURES.items():
        if name != architecture.name and not _match(file, _as_in_file(file, other))[0]:
            return f"the weights of {name}, not of {architecture.name}", f"use --net={name}"
    return f"not the weights of {architecture.name}", f"give weights of {architecture.name}"


def _listed(names: list[str]) -> str:
    if len(names) <= MOST_NAMED:
        return ", ".join(names)
    return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
