"""What someone else says of filters, held against the truth: which parts texts name, and whether it holds."""

from partsjax.emergence.descriptions.control import TEXT_PERMUTATIONS, DescribedLayer, described_layers
from partsjax.emergence.descriptions.holding import Held, MeasuredLayer, held_against_truth, unmatched
from partsjax.emergence.descriptions.matching import PartNames, described_pairs
from partsjax.emergence.descriptions.reading import Description, Descriptions, read_descriptions

__all__ = [
    "TEXT_PERMUTATIONS",
    "DescribedLayer",
    "Description",
    "Descriptions",
    "Held",
    "MeasuredLayer",
    "PartNames",
    "described_layers",
    "described_pairs",
    "held_against_truth",
    "read_descriptions",
    "unmatched",
]
