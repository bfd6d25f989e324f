"""A part's set of filters against its readout: the share of decodable, and how many filters it takes."""

import math

import numpy as np

from partsjax.emergence.bootstrap import Resampled
from partsjax.emergence.estimate import Estimate
from partsjax.emergence.evidence import Evidence
from partsjax.emergence.readout.judging import ReadoutScores
from partsjax.emergence.readout.verdict import ReadoutVerdict
from partsjax.emergence.sanity import ERRORS, Sanity
from partsjax.emergence.verdict import Verdict


def readout_verdicts(scores: ReadoutScores, evidence: Evidence) -> list[ReadoutVerdict]:
    """What readouts say of each part.

    With AP(.) held out, excess(.) = AP(.) - AP(place prior), and m filters taken first for a sparse readout,

      share of decodable = excess(set) / excess(readout)
      filters for half   = least m of 1, 2, 4, ..., F with excess(sparse readout, m) >= excess(readout) / 2

    The share's interval is by paired bootstrap, of the resamples in which the readout's excess is above 0.
    Both are empty unless the readout is significantly beyond place: its excess's interval lies above 0.

    Args:
      evidence: on the same class and layer, of the sets and the place prior.
    """
    found = []
    for part, verdict in enumerate(evidence.verdicts):
        value = float(scores.ap_val[-1, part])
        if verdict.best_filter is None or math.isnan(scores.ap_train[-1, part]):
            found.append(ReadoutVerdict())
            continue
        place = verdict.prior.ap_val.value
        of_set = Resampled(verdict.excess.value, evidence.excess_resamples[part].astype(np.float64))
        of_place = Resampled(place, evidence.resamples[part].astype(np.float64) - of_set.samples)
        ap = Resampled(value, scores.resamples[part].astype(np.float64))
        excess = ap - of_place
        sparse = scores.ap_val[:, part]
        beyond = excess.low > 0
        enough = sparse - place >= excess.value / 2
        found.append(
            ReadoutVerdict(
                ap_train=float(scores.ap_train[-1, part]),
                ap_val=ap.estimate,
                excess=excess.estimate,
                share_of_decodable=_ratio(of_set, excess) if beyond else ReadoutVerdict.share_of_decodable,
                sizes=scores.sizes,
                sparse_ap_val=tuple(sparse.tolist()),
                filters_for_half=scores.sizes[int(np.argmax(enough))] if beyond else None,
            )
        )
    return found


def readout_sanity(verdict: Verdict, readout: ReadoutVerdict, aps: np.ndarray) -> dict[str, Sanity]:
    """What the scores that readouts bring become where labels are wrong; the share is that of mean excesses.

    Args:
      verdict: the part's, with the other scores there. aps: float [2], of the readout with each of `ERRORS`.
    """
    place, of_set, shares = verdict.sanity["prior_ap_val"], verdict.sanity["excess_over_prior"], []
    for error, ap in zip(ERRORS, aps, strict=True):
        excess = ap - getattr(place, error)
        shares.append(getattr(of_set, error) / excess if excess > 0 else math.nan)
    return {
        "readout_ap_val": Sanity(readout.ap_val.value, *aps.tolist()),
        "share_of_decodable": Sanity(readout.share_of_decodable.value, *map(float, shares)),
    }


def _ratio(part: Resampled, whole: Resampled) -> Estimate:
    with np.errstate(divide="ignore", invalid="ignore"):
        samples = np.where(whole.samples > 0, part.samples / whole.samples, np.nan)
    return Resampled(part.value / whole.value, samples).estimate
