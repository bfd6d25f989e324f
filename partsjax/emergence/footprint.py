"""How much memory it takes to judge a layer, and how many of its filters go through at once."""

import dataclasses

import jax

from partsjax.emergence.stimuli import FILTERS_HELD

# Bytes by which a process grew, a stimulus on a crop each, in judging AlexNet's conv5 on 620 to 2,480 crops.
_SCORED, _SCORED_PART = 64, 4  # its activations and what is made of them; what it found of each part
_KEPT, _KEPT_PART = 80, 2  # the same of a filter among which sets are looked for
_IN_KERNEL = 116  # of each part, in a kernel, filters there at once
_KERNEL_FILTERS = 8  # of each processor core


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
        on_host = _KERNEL_FILTERS * jax.device_count() if jax.default_backend() == "cpu" else 0
        return found + on_host * _IN_KERNEL * self.parts * self.stimuli * max(self.crops)

    def block(self, room: int, step: int) -> int:
        """As many filters as fit into `room` bytes, a multiple of `step`; where none do, what takes least.

        No more than `FILTERS_HELD`: of a large layer the rest of the budget is other layers'.
        """
        most = -(-min(self.filters, FILTERS_HELD) // step) * step
        fitting = (block for block in range(most, 0, -step) if self.bytes(block) <= room)
        return next(fitting, min((step, most), key=self.bytes))
