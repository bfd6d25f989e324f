"""What a question about class scores asks of a network: a layer, and scores for the classes of the data."""

from collections.abc import Iterable

from partsjax.errors import InputError, nearest
from partsjax.networks.protocol import Network
from partsjax.runs.options import chosen_layers


def chosen_layer(network: Network, asked: str) -> str:
    """The layer asked for; the last convolution where none is. Raises `InputError` for an unknown one."""
    if not asked:
        return list(network.fields)[-1]
    try:
        return chosen_layers(network, (asked,))[0]
    except InputError:
        raise InputError(
            f"--layer: {network.name} has no layer {asked!r}; {nearest(asked, network.fields)}"
        ) from None


def require_named_scores(network: Network, weights: str) -> None:
    """Raises `InputError` where `weights` gave the network no class scores, or none with names."""
    if network.after is None or not network.classes:
        what = "its class scores have no names" if network.after else "it has no class scores"
        raise InputError(
            f"--weights={weights}: {what}; train it with partsjax supervision and give --weights=W/checkpoint"
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
