"""Networks with named activations and known receptive fields; their weights and where they come from."""

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.loading import load_network
from partsjax.networks.model import SCORES, ConvNet
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField

__all__ = [
    "ARCHITECTURES",
    "SCORES",
    "Architecture",
    "ConvNet",
    "Network",
    "Preprocessing",
    "ReceptiveField",
    "load_network",
]
