"""How much memory it takes to judge a layer, and how many of its filters go through at once."""

import dataclasses

import jax

from partsjax.emergence.scoring import CHUNK
from partsjax.emergence.stimuli import FILTERS_HELD

# Bytes by which a process grew in judging AlexNet's conv5 on 1,240 and 2,480 crops, of each stimulus there.
_SCORED, _SCORED_PART = 155, 3  # its activations and what is made of them; what it found of each part
_KEPT, _KEPT_PART = 125, 2  # the same of filters among which sets are looked for, others at once
_IN_KERNELS = 60  # of `CHUNK` filters, where kernels work in the host's memory


@dataclasses.dataclass(frozen=True)
class Footprint:
    """Of one class in one layer.

    filters: F; stimuli: K, on a crop; crops: of (train, val); parts: P.
    """

    filters: int
    stimuli: int
    crops: tuple[int, int]
    parts: int

    def bytes(self, block: int) -> int:
        """With so many filters at once."""
        a_filter = self.stimuli * sum(self.crops)
        found = min(block, self.filters) * a_filter * (_SCORED + _SCORED_PART * self.parts)
        if block < self.filters:
            found += min(self.filters, FILTERS_HELD) * a_filter * (_KEPT + _KEPT_PART * self.parts)
        in_kernels = CHUNK * a_filter * _IN_KERNELS if jax.default_backend() == "cpu" else 0
        return found + in_kernels

    def block(self, room: int, step: int) -> int:
        """As many filters as fit into `room` bytes, a multiple of `step`; where none do, what takes least.

        No more than `FILTERS_HELD`: of a large layer the rest of the budget is other layers'.
        """
        most = -(-min(self.filters, FILTERS_HELD) // step) * step
        fitting = (block for block in range(most, 0, -step) if self.bytes(block) <= room)
        return next(fitting, min((step, most), key=self.bytes))
