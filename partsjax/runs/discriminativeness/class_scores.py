"""What a question about class scores asks of a network: a layer, and scores for the classes of the data."""

from collections.abc import Iterable

from partsjax.errors import InputError, nearest
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


def require_classes(network: Network, classes: Iterable[str]) -> None:
    """Raises `InputError` where the network has no score for one of the `classes`."""
    for name in classes:
        if name not in network.classes:
            raise InputError(
                f"the network has no score for the class {name!r} of the data; it has "
                f"{', '.join(network.classes)}: choose among them with --classes, or train it for this class "
                "with partsjax supervision"
            )
