"""A module with the weights of every filter in random order, where torch runs it."""

import copy

import numpy as np
import torch

from partsjax.errors import InputError

_PRODUCTS = (torch.nn.Linear, torch.nn.Conv1d, torch.nn.Conv2d, torch.nn.Conv3d)


def permuted_module(name: str, module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """A copy in which the weights of each filter of convolutions and linear layers are permuted within it.

    As `permuted_network` does. Biases, norms and other parameters (tokens, position embeddings) stay.

    Args:
      seed: of the permutations; each kernel has a stream of its own, in the module's order.

    Raises:
      InputError: it has no such layers, or they are parametrized.
    """
    module = copy.deepcopy(module)
    kernels = [
        parameter
        for part in module.modules()
        for key, parameter in part.named_parameters(recurse=False)
        if (key == "weight" and isinstance(part, _PRODUCTS)) or key == "in_proj_weight"
    ]
    if not kernels:
        raise InputError(
            f"network {name}: it has no convolutions or linear layers whose weights could be permuted; leave "
            "the null `permuted` out"
        )
    with torch.no_grad():
        for number, kernel in enumerate(kernels):
            rows = kernel.detach().cpu().reshape(kernel.shape[0], -1)
            order = np.random.default_rng((seed, number)).permuted(
                np.broadcast_to(np.arange(rows.shape[1]), rows.shape), axis=1
            )
            kernel.copy_(rows.gather(1, torch.from_numpy(order)).reshape(kernel.shape))
    return module
