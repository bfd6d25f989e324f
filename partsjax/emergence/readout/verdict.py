"""What the readout of a part says of it, and in one of four words how the layer carries the part."""

import dataclasses
import math

from partsjax.emergence.estimate import UNKNOWN, Estimate

NOT_THERE, SPREAD_OUT, IN_A_FEW, IN_ONE = "not there", "spread out", "in a few filters", "in one"
CARRIED = (IN_ONE, IN_A_FEW, SPREAD_OUT, NOT_THERE)
_LEAST_SHARE = 1 / 3  # of decodable, under which a part is spread out (our choice)


@dataclasses.dataclass(frozen=True)
class ReadoutVerdict:
    """The readout of one part in one layer. APs are fractions; NaN, or empty, where there is no readout.

    Attributes:
      ap_train: its AP on train.
      ap_val: the same held out.
      excess: held-out AP minus the place prior's, by paired bootstrap.
      share_of_decodable: what of that excess the best set of filters reaches; NaN unless the readout is
        significantly beyond place.
      sizes: how many filters sparse readouts have, rising; the last is all of them.
      sparse_ap_val: their held-out APs.
      filters_for_half: the first of `sizes` that reaches half of the excess; None unless the readout is
        significantly beyond place.
    """

    ap_train: float = math.nan
    ap_val: Estimate = UNKNOWN
    excess: Estimate = UNKNOWN
    share_of_decodable: Estimate = UNKNOWN
    sizes: tuple[int, ...] = ()
    sparse_ap_val: tuple[float, ...] = ()
    filters_for_half: int | None = None

    @property
    def carried(self) -> str:
        """How the layer carries the part, one of `CARRIED`; "" where there is no readout of it (our choice).

        Not there: its readout is not significantly beyond place. Spread out: it is, and single filters reach
        under a third of its excess (`share_of_decodable`). In one: they reach that, and a readout of one
        filter reaches half of the excess. In a few filters: they reach that, and it takes more than one.
        """
        if math.isnan(self.excess.value):
            return ""
        if self.filters_for_half is None:
            return NOT_THERE
        if self.share_of_decodable.value < _LEAST_SHARE:
            return SPREAD_OUT
        return IN_ONE if self.filters_for_half == 1 else IN_A_FEW
