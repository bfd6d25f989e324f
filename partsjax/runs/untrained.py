"""The network that knows nothing: the same one with random weights, where there is one."""

import dataclasses
from collections.abc import Sequence

from partsjax.errors import InputError
from partsjax.networks import load_network
from partsjax.networks.identity import content_digest
from partsjax.networks.loading import random_network
from partsjax.networks.protocol import Network
from partsjax.networks.users import TakesNoWeights
from partsjax.reporting.terminal import Terminal
from partsjax.runs.options import Options


def untrained_network(
    options: Options, network: Network, layers: Sequence[str], terminal: Terminal
) -> Network | None:
    """`network` with random weights; of weights that are random already, with others.

    None where it cannot be made or could not stand beside `network` in `layers`, and a note why.
    """
    seed = options.network_seed + (options.weights == "random")
    if network.architecture is not None:  # a file may have its own order of layers, and its own input
        found = random_network(network.architecture, seed, options.dtype)
        return dataclasses.replace(found, name=f"{found.name} with random weights")
    try:
        found = load_network(options.net, "random", seed=seed, dtype=options.dtype)
    except TakesNoWeights:
        why = f"the function of --net={options.net} takes no `weights`"
    except InputError as error:
        why = str(error)
    else:
        why = _unfit(network, found, layers)
        if not why:
            return dataclasses.replace(found, name=f"{found.name} with random weights")
        why = f"--net={options.net} with weights='random' {why}"
    terminal.note(f"no comparison with random weights: {why}")
    return None


def _unfit(network: Network, untrained: Network, layers: Sequence[str]) -> str:
    """Why one is no control of the other, or nothing."""
    if untrained.input_size != network.input_size:
        return f"takes images of {untrained.input_size} pixels, not {network.input_size}"
    lacking = [layer for layer in layers if layer not in untrained.fields]
    if lacking:
        return f"has no layer {', '.join(lacking)}"
    same = content_digest(untrained) == content_digest(network)
    return "computes the same as without: its weights are not random" if same else ""
