"""Our own networks by name: layer tables, and functions."""

from collections.abc import Callable

from partsjax.networks.architectures import ARCHITECTURES
from partsjax.networks.efficientnet import efficientnet_lite0
from partsjax.networks.protocol import Network

FUNCTIONS: dict[str, Callable[..., Network]] = {"efficientnet_lite0": efficientnet_lite0}
"""Networks that are no layer tables: name -> `(weights, seed, dtype) -> network`."""


def our_networks() -> tuple[str, ...]:
    """Names of all."""
    return (*ARCHITECTURES, *FUNCTIONS)
