"""The untrained network: the same one with random weights, where there is one."""

import dataclasses

from partsjax.errors import InputError
from partsjax.networks.activations import called
from partsjax.networks.identity import content_digest
from partsjax.networks.protocol import Network


def untrained_network(network: Network, seed: int) -> Network:
    """`network` with random weights drawn from `seed`; from `seed + 1` where that gives its very own.

    Its name says so: "alexnet with random weights".

    Raises:
      InputError: `network` has none, making it fails, or what is made is no control: other layers or
        another input, or the very same weights.
    """
    if network.untrained is None:
        raise InputError(
            f"network {network.name} does not say how to make it with random weights; give the function of "
            "--net a parameter `weights`, or the network `untrained`"
        )
    own = content_digest(network)
    for drawn_from in (seed, seed + 1):
        found = called(f"network {network.name}: its `untrained`", network.untrained, drawn_from)
        who = f"{found.name}, made with random weights,"
        if found.input_size != network.input_size:
            raise InputError(f"{who} takes images of {found.input_size} pixels, not {network.input_size}")
        lacking = [layer for layer in network.fields if layer not in found.fields]
        if lacking:
            raise InputError(f"{who} has no layer {', '.join(lacking)}")
        if content_digest(found) != own:
            return dataclasses.replace(found, name=f"{found.name} with random weights")
    raise InputError(f"{who} computes the same as without: its weights are not random")
