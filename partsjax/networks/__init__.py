"""Networks with named activations and known receptive fields; their weights and where they come from."""

from partsjax.networks.architectures import ARCHITECTURES, Architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.bases import rotated
from partsjax.networks.loading import load_network
from partsjax.networks.make import make_network
from partsjax.networks.model import CLASS_MAPS, CLASS_SCORES, ConvNet
from partsjax.networks.permuted import permuted_network
from partsjax.networks.protocol import Network, Preprocessing, ReceptiveField
from partsjax.networks.receptive_field import estimate_receptive_field
from partsjax.networks.units import with_units
from partsjax.networks.untrained import untrained_network

__all__ = [
    "ARCHITECTURES",
    "CLASS_MAPS",
    "CLASS_SCORES",
    "Architecture",
    "ConvNet",
    "Network",
    "Preprocessing",
    "ReceptiveField",
    "as_network",
    "estimate_receptive_field",
    "load_network",
    "make_network",
    "permuted_network",
    "rotated",
    "untrained_network",
    "with_units",
]
