"""Where in a file a network's tensors are: the one prefix under which all their names are found."""

import collections
import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping

import numpy as np

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.initial import weight_shapes
from partsjax.networks.weights.tensors import Naming

Path = tuple[str, ...]
"""A tensor's name, in parts: ("features", "0", "weight")."""

_WRAPPERS = {
    *("module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"),
    *("_modules", "_parameters", "_buffers"),
}
"""Parts of names that data parallelism, compilation and pickled modules insert, at any depth."""
_AVERAGE = re.compile(
    r"(^|_)(ema|swa|avg|averaged?|teacher|momentum|target|shadow)(_|$)|^(encoder|backbone|net|model)_k$", re.I
)
_NORMALISATION = re.compile(r"((batch|instance|group|layer)?_?norm|bn|gn|ln)s?\d*(_|$)", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Scheme:
    """A way to call an architecture's tensors: `names` gives theirs -> ours; `separator`, in messages."""

    names: Callable[[Architecture], Mapping[Path, str]]
    separator: str = "."


@dataclasses.dataclass(frozen=True)
class _Candidate:
    scheme: Scheme
    prefix: Path
    found: dict[str, str]
    """Our name of a convolution's weight -> its name in the file."""


def components(name: str) -> Path:
    """A name in parts, without those that only wrap."""
    parts = tuple(part for part in re.split(r"[./]", name) if part not in _WRAPPERS)
    return parts or (name,)


def find_prefix(
    label: str, tensors: Mapping[str, np.ndarray], schemes: Iterable[Scheme], architecture: Architecture
) -> Naming:
    """Which of `tensors` are the weights of `architecture`, by whichever scheme and under whichever prefix.

    A prefix may be keys of dictionaries and names of modules alike: `state_dict.model.backbone.`. Where
    the convolutional part is found under several, and one of these is no running average (EMA, momentum
    encoder, teacher), that one is taken, with a note.

    Raises:
      InputError: it is found under several prefixes, with different values.
    """
    schemes = tuple(schemes)
    places = _places(tensors)
    candidates = [c for scheme in schemes for c in _candidates(places, scheme, architecture)]
    shapes = weight_shapes(architecture.headless())
    whole: list[_Candidate] = []
    for candidate in candidates:
        fits = len(candidate.found) == len(shapes) and _fits(candidate, tensors, shapes)
        if fits and all(candidate.found != other.found for other in whole):
            whole.append(candidate)
    if whole:
        chosen, notes = _choose(label, tensors, whole)
    else:
        nothing = _Candidate(schemes[0], (), {})
        chosen, notes = max([*candidates, nothing], key=lambda candidate: len(candidate.found)), ()
    wanted = chosen.scheme.names(architecture)
    names = {}
    for path, ours in wanted.items():
        full = (*chosen.prefix, *path)
        names[places.get(full) or chosen.scheme.separator.join(full)] = ours
    others = {path: name for path, name in places.items() if name not in names}
    convolutions = [path[:-1] for path, ours in wanted.items() if ours in shapes]
    head = [path[:-1] for path, ours in wanted.items() if ours not in shapes]
    blocked, head_blocked = (
        _in_the_way(others, chosen.prefix, modules, tensors) for modules in (convolutions, head)
    )
    return Naming(names, tuple(blocked), tuple(head_blocked), notes)


def _places(tensors: Mapping[str, np.ndarray]) -> dict[Path, str]:
    places: dict[Path, str] = {}
    for name in tensors:
        path = components(name)
        # Two networks that differ in a wrapper alone are two.
        places[path if path not in places else tuple(re.split(r"[./]", name))] = name
    return places


def _candidates(places: Mapping[Path, str], scheme: Scheme, architecture: Architecture) -> list[_Candidate]:
    wanted = scheme.names(architecture.headless())
    lengths = {len(path) for path in wanted}
    found: dict[Path, dict[str, str]] = collections.defaultdict(dict)
    for path, name in places.items():
        for length in lengths:
            if path[-length:] in wanted:
                found[path[:-length]][wanted[path[-length:]]] = name
    return [_Candidate(scheme, prefix, names) for prefix, names in found.items()]


def _fits(candidate: _Candidate, tensors: Mapping[str, np.ndarray], shapes) -> bool:
    """Whether every tensor has as many numbers as it should; how they lie is checked later."""
    return all(
        np.prod(shape_of(tensors, name)) == np.prod(shapes[ours]) for ours, name in candidate.found.items()
    )


def _choose(
    label: str, tensors: Mapping[str, np.ndarray], whole: list[_Candidate]
) -> tuple[_Candidate, tuple[str, ...]]:
    if len(whole) == 1:
        return whole[0], ()
    listed = ", ".join(_shown(candidate) for candidate in whole)
    plain = [c for c in whole if not any(_AVERAGE.search(part) for part in c.prefix)]
    first, *rest = plain or whole
    if not all(_same(tensors, first, other) for other in rest):
        raise InputError(
            f"{label}: holds {len(whole)} networks that fit ({listed}); save the state dict of one alone"
        )
    others = ", ".join(_shown(c) for c in whole if c is not first)
    return first, (f"{label}: the network under {_shown(first)} was taken, not that under {others}",)


def _same(tensors: Mapping[str, np.ndarray], one: _Candidate, other: _Candidate) -> bool:
    return all(np.array_equal(tensors[name], tensors[other.found[ours]]) for ours, name in one.found.items())


def _shown(candidate: _Candidate) -> str:
    return ".".join(candidate.prefix) or "no prefix"


def _in_the_way(
    others: Mapping[Path, str], prefix: Path, modules: list[Path], tensors: Mapping[str, np.ndarray]
) -> list[str]:
    """Tensors next to `modules` (in forward order) that belong to layers between them.

    Numbered modules stand in order; so do named ones with numbers, as bn1 or conv3_4.
    """
    if not modules:
        return []
    depth = _common(modules)
    parent = (*prefix, *modules[-1][:depth])
    last = _numbers(modules[-1][depth])
    positional = all(path[depth].isdigit() for path in modules)
    blocked = []
    for path, name in others.items():
        if path[: len(prefix)] != prefix:
            continue
        sibling, inside = path[len(prefix) :], path[len(parent) :]
        if path[: len(parent)] != parent or len(inside) < 2:
            if len(sibling) > 1 and _NORMALISATION.match(sibling[0]):
                blocked.append(name)
            continue
        leaf, kind = inside[0], inside[-1]
        sides = len(shape_of(tensors, name))
        acts = sides == 1 and kind not in ("bias", "beta")
        if positional:
            between = leaf.isdigit() and _numbers(leaf) <= last
        elif len(inside) > 2 and not _numbers(leaf):
            between = _NORMALISATION.match(leaf)
        else:
            between = (acts or (sides == 4 and re.match(r"conv_?\d", leaf))) and _numbers(leaf) <= last
        if between:
            blocked.append(name)
    return blocked


def between(
    tensors: Mapping[str, np.ndarray], others: Iterable[str], architecture: Architecture
) -> list[str]:
    """Those of `others` that belong to layers between the convolutions, by their names: conv3_4, bn1."""
    modules = [(layer.name,) for layer in architecture.convolutions]
    return _in_the_way({tuple(name.split("/")): name for name in others}, (), modules, tensors)


def _common(paths: list[Path]) -> int:
    """How many leading parts all paths share, not counting their last."""
    count = 0
    while count < min(map(len, paths)) - 1 and len({path[: count + 1] for path in paths}) == 1:
        count += 1
    return count


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)))


def shape_of(tensors: Mapping[str, np.ndarray], name: str) -> tuple[int, ...]:
    """The shape of a tensor, without reading it where the mapping knows."""
    shapes = getattr(tensors, "shapes", None)
    return shapes[name] if shapes is not None else np.shape(tensors[name])
