"""PyTorch modules as networks. Nothing here imports torch before a module is there."""

from partsjax.networks.pytorch.entry import from_torch, layers
from partsjax.networks.pytorch.shorthands import is_torch, torch_network

__all__ = ["from_torch", "is_torch", "layers", "torch_network"]
