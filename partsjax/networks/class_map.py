"""Class scores for the classes of the data, from a classifier of other, finer classes."""

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from partsjax.errors import InputError, nearest
from partsjax.networks.imagenet_classes import (
    CLASSES_WITH_SYNSETS,
    imagenet_names,
    imagenet_synsets,
    synsets_called,
    synsets_of_class,
)
from partsjax.networks.protocol import Network

ClassMap = Mapping[str, Sequence[str]]
"""Class of the data -> names in `Network.classes`; of ImageNet's classes synsets or their first names."""


@dataclasses.dataclass(frozen=True, repr=False)
class MappedNetwork(Network):
    """A network whose class scores are each of several classes of another.

    Attributes:
      whole: the other, with its own classes.
      columns: of each class, the columns of `whole`'s scores.
    """

    whole: Network | None = None
    columns: tuple[tuple[int, ...], ...] = ()


def with_classes_of_data(
    network: Network, classes: Iterable[str], class_map: ClassMap | None = None
) -> Network:
    """`network` with a score for each of `classes`; itself where it has all of them and no map is given.

    The score of a class made of classes S of the network is log sum_{s in S} exp(score_s): after the softmax
    its probability is the sum of theirs, over the sum of those of all `classes` (our choice, so that it is
    what a network trained for `classes` gives). S is what the map says; else the class itself; else, of a
    network whose `classes` are ImageNet's synsets, what `synsets_of_class` says.

    Args:
      network: with `after` and `classes`.

    Raises:
      InputError: a class that nothing of the network stands for, or a name in the map that it does not have.
    """
    classes, class_map = tuple(classes), class_map or {}
    if class_map and not {*class_map} & {*classes}:
        raise InputError(f"class map: names none of the data's classes, which are {', '.join(classes)}")
    if not class_map and {*classes} <= {*network.classes}:
        return network
    columns = tuple(_columns(network, name, class_map.get(name)) for name in classes)

    def after(params, layer, activation):
        scores = network.after(params, layer, activation)
        of_classes = [jax.nn.logsumexp(scores[:, np.array(of)], axis=1) for of in columns]
        return jnp.stack(of_classes, axis=1)

    own = {field.name: getattr(network, field.name) for field in dataclasses.fields(Network)}
    digest = hashlib.sha256(f"{network.digest} {classes!r} {columns!r}".encode()).hexdigest()
    changed = {"after": after, "classes": classes, "digest": digest}
    return MappedNetwork(**own | changed, whole=network, columns=columns)


def deciding_classes(network: Network) -> tuple[Network, np.ndarray]:
    """The network whose highest score decides, and which of its C classes are of each class: bool [C, K]."""
    if not isinstance(network, MappedNetwork):
        return network, np.eye(len(network.classes), dtype=bool)
    of = np.zeros((len(network.whole.classes), len(network.classes)), bool)
    for k, columns in enumerate(network.columns):
        of[list(columns), k] = True
    return network.whole, of


def read_class_map(path: str) -> dict[str, tuple[str, ...]]:
    """A JSON file, {class: [synset or name, ...]}.

    Raises:
      InputError: it cannot be read, or holds something else.
    """
    label = f"--class_map={path}"
    try:
        found = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{label}: cannot be read ({error.strerror}); give a JSON file") from None
    except ValueError as error:
        raise InputError(f"{label}: no JSON ({error}); {_FORM}") from None
    if not isinstance(found, dict) or not found:
        raise InputError(f"{label}: holds no classes; {_FORM}")
    for name, of in found.items():
        if not isinstance(of, list) or not of or not all(isinstance(one, str) for one in of):
            raise InputError(f"{label}: {name!r} has no list of names; {_FORM}")
    return {name: tuple(of) for name, of in found.items()}


_FORM = 'write {"dog": ["n02085620", "Pekinese"], ...}'


def _columns(network: Network, name: str, given: Sequence[str] | None) -> tuple[int, ...]:
    """Columns of the scores that a class of the data is made of, each once."""
    if given is not None:
        return tuple(dict.fromkeys(_column(network, name, one) for one in given))
    if name in network.classes:
        return (network.classes.index(name),)
    if not _of_imagenet(network):
        raise InputError(
            f"the network has no score for the class {name!r} of the data; it has "
            f"{', '.join(network.classes)}: choose among them with --classes, name some for it with "
            "--class_map, or train it for this class with partsjax supervision"
        )
    found = synsets_of_class(name)
    if not found:
        raise InputError(
            f"none of ImageNet's classes stands for {name!r}; leave it out with --classes, or name some for "
            f"it with --class_map; these have some: {', '.join(CLASSES_WITH_SYNSETS)}"
        )
    return tuple(map(network.classes.index, found))


def _column(network: Network, name: str, one: str) -> int:
    """Column of the score of a class of the network, which a class of the data is made of."""
    if one in network.classes:
        return network.classes.index(one)
    if not _of_imagenet(network):
        raise InputError(
            f"class map: {name}: the network has no class {one!r}; {nearest(one, network.classes)}"
        )
    called = synsets_called(one)
    if len(called) > 1:
        raise InputError(
            f"class map: {name}: {one!r} is the name of {' and of '.join(called)}; give one of these"
        )
    if not called:
        close = difflib.get_close_matches(one, imagenet_names().values(), n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise InputError(
            f"class map: {name}: none of ImageNet's classes is {one!r}; {hint}give synsets, as n02085620, or "
            "their first names"
        )
    return network.classes.index(called[0])


def _of_imagenet(network: Network) -> bool:
    return network.classes == imagenet_synsets()
