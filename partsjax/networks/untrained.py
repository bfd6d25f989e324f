"""The network that knows nothing: the same one with random weights, where there is one."""

import dataclasses

from partsjax.errors import InputError
from partsjax.networks.identity import content_digest
from partsjax.networks.protocol import Network


def untrained_network(network: Network, seed: int) -> Network:
    """`network` with random weights drawn from `seed`; of weights that are random already, with others.

    Its name says so: "alexnet with random weights".

    Raises:
      InputError: `network` has none, making it fails, or what is made is no control: other layers or
        another input, or the very same weights.
    """
    if network.untrained is None:
        raise InputError(
            f"network {network.name} does not say how it is made with random weights; give the function of "
            "--net a parameter `weights`, or the network `untrained`"
        )
    found = network.untrained(seed)
    why = _unfit(network, found)
    if why:
        raise InputError(f"{found.name}, made with random weights, {why}")
    return dataclasses.replace(found, name=f"{found.name} with random weights")


def _unfit(network: Network, untrained: Network) -> str:
    """Why one is no control of the other, or nothing."""
    if untrained.input_size != network.input_size:
        return f"takes images of {untrained.input_size} pixels, not {network.input_size}"
    lacking = [layer for layer in network.fields if layer not in untrained.fields]
    if lacking:
        return f"has no layer {', '.join(lacking)}"
    same = content_digest(untrained) == content_digest(network)
    return "computes the same as without: its weights are not random" if same else ""
