"""Network Dissection's criterion: how far the pixels on which a filter is active and those of a part agree.

Bau et al., *Network Dissection*, CVPR 2017, section 2, here on crops with their parts.
"""

from partsjax.emergence.iou.criteria import IOU_DETECTOR, LayerCriteria, compared_criteria
from partsjax.emergence.iou.mislabeled import MislabeledIou, best_filters, mislabeled_pixels
from partsjax.emergence.iou.overlap import FilterIou, intersections, part_planes
from partsjax.emergence.iou.thresholds import Thresholds
from partsjax.emergence.iou.upsampling import upsampling

__all__ = [
    "IOU_DETECTOR",
    "FilterIou",
    "LayerCriteria",
    "MislabeledIou",
    "Thresholds",
    "best_filters",
    "compared_criteria",
    "intersections",
    "mislabeled_pixels",
    "part_planes",
    "upsampling",
]
