"""Drift of annotation: parts that are annotated more, or less, as a split goes on."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Drift:
    """A part whose share of objects that have it rises or falls significantly with the position in a split.

    Attributes:
      split: "train" or "val".
      first: share of the objects in the first third of the split that have it.
      last: the same in the last third.
      p_value: of a share that does not depend on the position.
    """

    split: str
    first: float
    last: float
    p_value: float
