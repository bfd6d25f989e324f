"""Where the activation map lies in what a PyTorch module returns, and how that is found out."""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from partsjax.errors import InputError, nearest

KINDS_OF_LAYOUT = ("NCHW", "NHWC", "tokens", "NCL")
_MOST_PREFIX = 16  # tokens before the map: class and registers; more are not guessed
_FAR = 0.2  # by so much along one axis, and by a third of it along the other: rows are cut in wrong places
_MOVES = 0.05  # of the map's side: a center of change that moves less says nothing


@dataclasses.dataclass(frozen=True)
class Layout:
    """How a map is read out of a module's output.

    Attributes:
      kind: "NCHW", "NHWC", "tokens" [B, prefix + H * W, C], or "NCL" [B, C, H * W].
      prefix: tokens before the map, such as CLS and registers; they are left out.
      path: keys, indices and attributes that lead from the output to the tensor.
    """

    kind: str
    prefix: int = 0
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        said = f"{self.prefix}+{self.kind}" if self.prefix else self.kind
        return said + _shown(self.path)

    def map_of(self, output: Any) -> torch.Tensor:
        """The map [B, H, W, C] in a module's output."""
        output = within(output, self.path)
        if self.kind == "NCHW":
            return output.permute(0, 2, 3, 1)
        if self.kind == "NHWC":
            return output
        tokens = output[:, self.prefix :] if self.kind == "tokens" else output.transpose(1, 2)
        side = math.isqrt(tokens.shape[1])
        return tokens.reshape(tokens.shape[0], side, side, tokens.shape[2])

    def output_of(self, activation: torch.Tensor) -> torch.Tensor:
        """The output that has this map [B, H, W, C] and nothing else."""
        if self.kind == "NHWC":
            return activation
        if self.kind == "NCHW":
            return activation.permute(0, 3, 1, 2).contiguous()
        tokens = activation.flatten(1, 2)
        return tokens if self.kind == "tokens" else tokens.transpose(1, 2).contiguous()


def within(output: Any, path: Sequence[str | int]) -> torch.Tensor:
    """What keys, indices and attributes lead to."""
    for key in path:
        output = output[key] if isinstance(output, (Mapping, list, tuple)) else getattr(output, key)
    return output


def probes(size: int, seed: int = 0) -> torch.Tensor:
    """Three random images [3, size, size, 3]: one, and the same with another top right, or bottom left."""
    draws = torch.Generator().manual_seed(seed)
    images = torch.randn(1, size, size, 3, generator=draws).repeat(3, 1, 1, 1)
    other, half = torch.randn(2, size, size, 3, generator=draws), size // 2
    images[1, :half, half:] = other[0, :half, half:]
    images[2, half:, :half] = other[1, half:, :half]
    return images


def layout_of(layer: str, output: Any, stated: str | None = None, prefix: int | None = None) -> Layout:
    """How the map is read out of what a layer returned for `probes`.

    Shapes leave some readings. Of those, one is right where the change of the image's top right lies higher
    and further right on the map than that of its bottom left, and wrong where it lies the other way. Where
    neither can be seen (attention to all of the image), the one that the shape leaves is taken. Tokens before
    a square of them are no prefix where they see one of the two corners alone. (Our choice.)

    Args:
      stated: a kind, or "5+tokens"; prefix: of tokens, where the module says it.

    Raises:
      InputError: no tensor, none with a map, or more than one that could be it.
    """
    kind, given, where = _parsed(layer, stated)
    held = list(tensors(output))
    if not held:
        raise InputError(f"layer {layer}: its output, a {type(output).__name__}, holds no tensor")
    shown = ", ".join(f"{_shown(path)}{' ' if path else ''}{list(t.shape)}" for path, t in held)
    said = prefix if given is None else given
    moved = {
        reading: _least(_moved(reading.map_of(output)), of_tokens=tensor.ndim == 3 and kind is None)
        for path, tensor in held
        if where in ("", _shown(path))
        for reading in _by_shape(tensor, path, said)
        if said is not None or not _cells_among(tensor, reading.prefix)
    }
    readings = [reading for reading in moved if kind in (None, reading.kind)]
    if not readings:
        raise InputError(
            f"layer {layer}: no activation map in its output {shown}"
            f"{f' read as {stated}' if stated else ''}; a map is [B, C, H, H], [B, H, H, C], or tokens "
            "[B, prefix + H * H, C]: name another layer (partsjax.layers lists them) or set layout="
        )
    right = [reading for reading in readings if moved[reading] > _MOVES]
    unseen = [reading for reading in readings if abs(moved[reading]) <= _MOVES]
    possible = right or ([] if any(least > _MOVES for least in moved.values()) else unseen)
    if len(possible) == 1:
        return possible[0]
    if not possible:
        raise InputError(
            f"layer {layer}: its output {shown}, read as {readings[0]}, does not lie as the image does: "
            "rows and columns are no rows and columns of the image, are exchanged, or run the other way"
        )
    raise InputError(
        f"layer {layer}: its output {shown} could be read as {' or '.join(map(str, possible))}; "
        f"say which: layout={{{layer!r}: {str(possible[0])!r}}}"
    )


def readings_of(output: Any) -> str:
    """What shapes alone say of the output of one image: "NCHW", "1+tokens", "NCHW or NHWC", or ""."""
    found = [str(reading) for path, t in tensors(output) for reading in _by_shape(t, path, None)]
    return " or ".join(found)


def shapes_of(output: Any) -> str:
    """Of the tensors in an output."""
    return ", ".join(str(list(tensor.shape)) for _, tensor in tensors(output))


def _shown(path: Sequence[str | int]) -> str:
    return "".join(f"[{key!r}]" for key in path)


def _parsed(layer: str, stated: str | None) -> tuple[str | None, int | None, str]:
    """Kind, prefix and place as `str(Layout)` writes them; what is left out is free."""
    if stated is None:
        return None, None, ""
    found = re.fullmatch(r"(?:(\d+)\+(?=tokens))?(\w+)(.*)", stated)
    if found is None or found[2] not in KINDS_OF_LAYOUT:
        raise InputError(
            f"layer {layer}: layout={stated!r}; {nearest(stated, (*KINDS_OF_LAYOUT, '5+tokens'))}"
        )
    return found[2], None if found[1] is None else int(found[1]), found[3]


def tensors(output: Any) -> Iterator[tuple[tuple[str | int, ...], torch.Tensor]]:
    """Tensors of real numbers in an output, each once, and where they are."""
    seen: set[int] = set()

    def search(value, path):
        if isinstance(value, torch.Tensor):
            if value.is_floating_point() and id(value) not in seen:
                seen.add(id(value))
                yield path, value
        elif isinstance(value, Mapping):
            for key in value:
                yield from search(value[key], (*path, key))
        elif isinstance(value, (list, tuple)):
            for key, item in enumerate(value):
                yield from search(item, (*path, key))
        elif dataclasses.is_dataclass(value):
            for field in dataclasses.fields(value):
                yield from search(getattr(value, field.name), (*path, field.name))

    yield from search(output, ())


def _by_shape(tensor: torch.Tensor, path: tuple, prefix: int | None) -> Iterator[Layout]:
    shape = tensor.shape
    if len(shape) == 4:
        if shape[2] == shape[3] > 1:
            yield Layout("NCHW", path=path)
        if shape[1] == shape[2] > 1:
            yield Layout("NHWC", path=path)
    elif len(shape) == 3:
        before = shape[1] - math.isqrt(shape[1]) ** 2 if prefix is None else prefix
        cells = shape[1] - before
        most = _MOST_PREFIX if prefix is None else prefix
        if before <= most and cells > 1 and math.isqrt(cells) ** 2 == cells:
            yield Layout("tokens", before, path)
        if shape[2] > 1 and math.isqrt(shape[2]) ** 2 == shape[2]:
            yield Layout("NCL", path=path)


def _cells_among(tokens: torch.Tensor, prefix: int) -> bool:
    """Whether tokens that were taken for a prefix see one changed corner of `probes` alone: part of a map."""
    changes = (tokens[1:, :prefix] - tokens[:1, :prefix]).abs().flatten(2).sum(dim=2)  # [2, prefix]
    return bool(((changes > 0).sum(dim=0) == 1).any())


def _least(moved: tuple[float, float], *, of_tokens: bool) -> float:
    """By what a reading is judged: how far the changes' centers lie apart, down or left, whichever is less.

    Rows of tokens cut elsewhere than where the image's rows end mix up its columns alone: such a reading is
    wrong, unless it is stated.
    """
    return -1.0 if of_tokens and max(moved) > _FAR and min(moved) < max(moved) / 3 else min(moved)


def _moved(maps: torch.Tensor) -> tuple[float, float]:
    """How much lower the bottom left's change lies than the top right's, and how much further left.

    In parts of the map's side; maps: of `probes`, [3, H, W, C].
    """
    changes = (maps[1:].double() - maps[0].double()).abs().sum(dim=3)  # [2, H, W]
    rows, columns = changes.sum(dim=2), changes.sum(dim=1)
    centers = [
        ((of * torch.arange(of.shape[1], device=of.device)).sum(dim=1) / of.sum(dim=1)) / of.shape[1]
        for of in (rows, columns)
    ]
    down, left = centers[0][1] - centers[0][0], centers[1][0] - centers[1][1]
    return tuple(0.0 if math.isnan(value) else value for value in (down.item(), left.item()))
