"""The choices that can be changed, with their defaults."""

import dataclasses
import math

from partsjax.errors import InputError, nearest

SIGNS = ("positive", "both")


@dataclasses.dataclass(frozen=True)
class Method:
    """How filters are scored as part detectors. Part of every cache key.

    Attributes:
      stimuli: local maxima kept per filter and crop (our choice; on AlexNet's conv5 8 and all of
        them differ by 0.0007 AP in the mean, on conv2 by 0.007).
      stimulus_window: side, in cells, of the neighborhood a local maximum is the maximum of; odd
        (our choice).
      nms_iou: a detection overlapping a stronger one by more than this is dropped (our choice).
      correct_iou: a detection is right from this overlap with a part's box (paper: 0.4).
      ridge: of the regression, times trace / 12 of the normal matrix (our choice).
      min_pairs: fewer pairs of stimulus and part box than this and there is no regressor; its AP
        is 0.
      emergence_ap: AP over which a part emerges (paper: 0.30, of the best set on train).
      false_discovery_rate: a part is beyond place up to this q-value (our choice).
      min_val_boxes: parts with fewer validation boxes are listed and left out of counts and means
        (our choice).
      min_part_size: parts whose smaller side is under this many crop pixels are neither right nor
        wrong to find (our choice: none are).
      sign: "positive", stimuli are local maxima above 0, or "both", also those of the negative activation. A
        layer of F filters is then measured as one of 2F, `conv5_both`, of which filter F + f is the negative
        of filter f (our choice: positive, as all filters behind a ReLU are).

    Raises:
      InputError: a value that means nothing.
    """

    stimuli: int = 8
    stimulus_window: int = 3
    nms_iou: float = 0.5
    correct_iou: float = 0.4
    ridge: float = 1e-6
    min_pairs: int = 12
    emergence_ap: float = 0.30
    false_discovery_rate: float = 0.05
    min_val_boxes: int = 10
    min_part_size: float = 0.0
    sign: str = "positive"

    def __post_init__(self):
        for names, low, high in _RANGES:
            for name in names:
                value = getattr(self, name)
                if not low <= value <= high:
                    most = f"from {low} to {high}" if math.isfinite(high) else f"of at least {low}"
                    raise InputError(f"{name}={value}: give a number {most}")
        if not self.stimulus_window % 2:
            raise InputError(f"stimulus_window={self.stimulus_window}: must be odd")
        if self.sign not in SIGNS:
            raise InputError(f"sign={self.sign!r}: {nearest(str(self.sign), SIGNS)}")


_RANGES = (
    (("stimuli", "stimulus_window", "min_pairs"), 1, math.inf),
    (("nms_iou", "correct_iou", "emergence_ap", "false_discovery_rate"), 0, 1),
    (("ridge", "min_val_boxes", "min_part_size"), 0, math.inf),
)
