"""What the cells of an array see of the image, and what of it cells that look at them see.

Along a row or column of the image, cell i of an array sees the pixels from `first + stride * i` to
`last + stride * i`. A convolution or pooling of k taps, `dilation` apart, with stride s and padding p
makes of it (Araujo et al. 2019, "Computing receptive fields of convolutional neural networks", section 2):

    first' = first - p * stride,  last' = last + ((k - 1) * dilation - p) * stride,  stride' = s * stride

Branches that meet see the hull of what each sees. That is the theoretical field: what weights or ReLUs
happen to let through makes it no smaller.
"""

import dataclasses
from collections.abc import Mapping, Sequence

ROWS, COLUMNS = 0, 1


@dataclasses.dataclass(frozen=True)
class Span:
    """What the cells along one axis of an array see, in pixels. along: ROWS or COLUMNS of the image."""

    along: int
    first: float = 0.0
    last: float = 0.0
    stride: float = 1.0

    def window(
        self, taps: int, *, step: int = 1, before: int = 0, dilation: int = 1, spread: int = 1
    ) -> "Span":
        """Of cells that each see `taps` of these cells, beginning `before` cells outside of the array.

        spread: as many cells lie where one did, as in a transposed convolution.
        """
        stride = self.stride / spread
        first = self.first - before * stride
        return Span(
            self.along, first, self.last - before * stride + (taps - 1) * dilation * stride, stride * step
        )


@dataclasses.dataclass(frozen=True)
class Seen:
    """What the cells of an array see of the image.

    Attributes:
      spans: axis of the array -> what cells along it see; the other axes have no place in the image.
      whole: they also depend, all alike, on the whole image along an axis that is reduced (a mean over it).
      stops: why they cannot be followed; empty where they can.
    """

    spans: Mapping[int, Span]
    whole: bool = False
    stops: str = ""

    def moved(self, to: Mapping[int, int]) -> "Seen":
        """With its axes at other places; those that are not in `to` are gone."""
        spans = {to[axis]: span for axis, span in self.spans.items() if axis in to}
        return dataclasses.replace(self, spans=spans)

    def through(self, windows: Mapping[int, Mapping]) -> "Seen":
        """With `Span.window` along some of its axes."""
        spans = {axis: span.window(**windows.get(axis, {"taps": 1})) for axis, span in self.spans.items()}
        return dataclasses.replace(self, spans=spans)


class StopsError(Exception):
    """Cells cannot be followed further; the message says why."""


def joined_spans(given: Sequence[Seen | None]) -> Seen:
    """What a cell sees through any of several arrays of the same shape."""
    depends = [one for one in given if one is not None]
    spans: dict[int, Span] = {}
    for axis, span in (item for one in depends for item in one.spans.items()):
        other = spans.get(axis, span)
        if (span.along, span.stride) != (other.along, other.stride):
            raise StopsError("of maps whose cells lie differently far apart")
        first, last = min(span.first, other.first), max(span.last, other.last)
        spans[axis] = Span(span.along, first, last, span.stride)
    whole = any(one.whole or len(one.spans) < len(spans) for one in depends)
    return Seen(spans, whole)
