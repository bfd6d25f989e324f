"""Networks with named activations and known receptive fields; their weights and where they come from."""

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.custom import custom_network
from partsjax.networks.loading import load_network
from partsjax.networks.model import SCORES, ConvNet
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.networks.receptive_field import estimate_receptive_field

__all__ = [
    "ARCHITECTURES",
    "SCORES",
    "Architecture",
    "ConvNet",
    "Network",
    "Preprocessing",
    "ReceptiveField",
    "custom_network",
    "estimate_receptive_field",
    "load_network",
]
