"""The user's own network by its name on the command line, `package.module:function`."""

import dataclasses
import hashlib
import inspect
from collections.abc import Callable
from typing import Any

from partsjax.errors import InputError
from partsjax.foreign import find_function, one_line
from partsjax.networks.activations import shapes
from partsjax.networks.identity import content_digest
from partsjax.networks.ours import our_networks
from partsjax.networks.protocol import Network

_DEFAULTS = {"weights": "imagenet", "dtype": "float32"}  # what a function need not take


def users_network(
    net: str, *, weights: str, seed: int, dtype: str, made: Callable[[Any], Any] = lambda found: found
) -> Network:
    """What the function returns, given those of `weights`, `seed` and `dtype` that it has parameters for.

    The digest covers what the network computes, whatever the function says of it. With a parameter `weights`,
    the function makes the untrained network as well, called with "random". `made` makes a network of what
    the function returns, where that is none yet.

    Raises:
      InputError: there is no such function, it fails or has no parameter for what is asked for, or its
        network does not give what it says.
    """
    function = find_function(f"--net={net}", net, "networks", our_networks())
    accepted = _accepted(net, function, {"weights": weights, "seed": seed, "dtype": dtype})
    try:
        network = made(function(**accepted))
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"--net={net}: the function failed: {one_line(error)}") from error
    if not isinstance(network, Network):
        raise InputError(
            f"--net={net}: returned {type(network).__name__}, not a partsjax.Network; "
            f"build one with partsjax.make_network; for a PyTorch module write --net=torch:{net}"
        )
    shapes(network, tuple(network.fields))
    digest = hashlib.sha256(f"{network.digest} {content_digest(network)}".encode())
    untrained = network.untrained
    if "weights" in accepted:

        def untrained(seed: int) -> Network:
            return users_network(net, weights="random", seed=seed, dtype=dtype, made=made)

    return dataclasses.replace(network, digest=digest.hexdigest(), untrained=untrained)


def _accepted(net: str, function: Callable, options: dict) -> dict:
    """Those options that the function has parameters for; what was asked for must be among them."""
    name = net.partition(":")[2]
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # of some written in C
        return options
    parameters = signature.parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        accepted = options
    else:
        accepted = {
            option: value
            for option, value in options.items()
            if option in parameters and parameters[option].kind is not inspect.Parameter.POSITIONAL_ONLY
        }
    for option, default in _DEFAULTS.items():
        if options[option] != default and option not in accepted:
            raise InputError(
                f"--net={net}: the function has no parameter for --{option}={options[option]}; "
                f"write `def {name}({option})`, or leave --{option} out"
            )
    lacking = [
        p.name
        for p in parameters.values()
        if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD) and p.name not in accepted
    ]
    if lacking:
        raise InputError(
            f"--net={net}: the function needs {', '.join(lacking)}, but is given only {', '.join(options)}; "
            f"give {'it a default' if len(lacking) == 1 else 'them defaults'}"
        )
    return accepted
