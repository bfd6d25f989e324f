"""What a question about class scores asks of a network: a layer, and scores for the classes of the data."""

from collections.abc import Iterable

import jax

from partsjax.errors import InputError, nearest
from partsjax.networks.activations import scores_after, shapes
from partsjax.networks.class_map import ClassMap, with_classes_of_data
from partsjax.networks.protocol import Network


def chosen_layer(network: Network, asked: str, where: str = "") -> str:
    """The layer asked for; the last where none is.

    Raises:
      InputError: there is no such layer; where: begins the message.
    """
    if asked and asked not in network.fields:
        raise InputError(f"{where}{network.name} has no layer {asked!r}; {nearest(asked, network.fields)}")
    return asked or list(network.fields)[-1]


def require_named_scores(network: Network, where: str = "") -> None:
    """Raises `InputError` where the network has no class scores, or none with names; where: begins it."""
    if network.after is None or not network.classes:
        what = "its class scores have no names" if network.after else "it has no class scores"
        raise InputError(
            f"{where or f'network {network.name}: '}{what}; train it (partsjax supervision, then "
            "--weights=W/checkpoint), or give a network of your own `after` and `classes`"
        )


def scores_for(
    network: Network, layer: str, classes: Iterable[str], class_map: ClassMap | None = None
) -> Network:
    """The network with a score for each class of the data, `with_classes_of_data`.

    Raises:
      InputError: it has none for one of them, or scores do not follow from the layer.
    """
    activation = shapes(network, (layer,))[layer]
    jax.eval_shape(lambda params, a: scores_after(network, params, layer, a), network.params, activation)
    return with_classes_of_data(network, classes, class_map)
