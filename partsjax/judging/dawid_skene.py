"""The model of Dawid and Skene (1979): every rater errs in ways of their own, which the answers show.

An item has one true kind t, with probability p_t; rater r says l of it with probability e_r[t, l],
independently of other raters. Expectation and maximization in turn find p, e and the probability of each true
kind of each item:

    T[i, t]    proportional to  p_t prod_{answers l of r on i} e_r[t, l]
    p_t        proportional to  sum_i T[i, t]
    e_r[t, l]  proportional to  C_r[t, l] + S q[t, l],  C_r[t, l] = sum_{i: r said l} T[i, t]

with q the average rater, q[t, l] proportional to 1[t = l] + 0.1 1[t != l] + sum_r C_r[t, l]. So whoever
answered little, as raters of one batch do, is taken for an average rater (our choice; S = 2 answers).
"""

import dataclasses

import numpy as np
from scipy import sparse

from partsjax.judging.votes import SAID, Votes

_ROUNDS, _ROUNDS_AGAIN = 200, 15  # at most; of a bootstrap sample
_ENOUGH = 1e-6  # change of p
_AVERAGE = 2.0  # answers of the average rater, given to each
_RIGHT, _WRONG = 1.0, 0.1  # answers given to the average rater


@dataclasses.dataclass(frozen=True, eq=False)
class Believed:
    """What the model holds for true.

    probability: float64 [I, K], of each true kind of each item, rows sum to 1.
    shares: float64 [K], p.
    said: float64 [R, K, K], e: of each rater and true kind, how often what is said; rows sum to 1.
    """

    probability: np.ndarray
    shares: np.ndarray
    said: np.ndarray


def dawid_skene(votes: Votes) -> Believed:
    """Fits the model, from the share of votes that each kind of an item has.

    Items whose kind is known say how raters err and leave p alone.
    """
    model = _Model(votes, np.ones((votes.items, 1)), np.ones((votes.raters, 1)))
    counts = votes.counts().astype(np.float64)
    T = model.with_known((counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))[..., None])
    T, p, e = model.iterate(T, _ROUNDS)
    return Believed(T[..., 0], p[:, 0], e[..., 0].transpose(0, 2, 1))


def resampled_probability(
    votes: Votes, believed: Believed, of_items: np.ndarray, of_raters: np.ndarray
) -> np.ndarray:
    """The probability of each true kind in bootstrap samples, float64 [I, K, B], fitted from where the
    model of all answers is; zeros for an item without answers there.

    of_items, of_raters: float [I, B] and [R, B], how often each is drawn.
    """
    model = _Model(votes, of_items, of_raters)
    T = np.repeat(believed.probability[..., None], of_items.shape[1], axis=2)
    T, _, _ = model.iterate(T, _ROUNDS_AGAIN)
    return T * model.answered[:, None]


class _Model:
    """Both steps, for B weightings of the items, [I, B], and of the raters, [R, B], at once.

    T: float64 [I, K, B]; p: [K, B]; e: [R, L, K, B], what is said before what is true.
    """

    def __init__(self, votes: Votes, of_items: np.ndarray, of_raters: np.ndarray):
        K = len(SAID)
        self.shape = (votes.raters, K, K, of_items.shape[1])
        place = votes.rater * K + votes.kind
        shape = (votes.items, votes.raters * K)
        self.said = sparse.csr_array((np.ones(len(place)), (votes.item, place)), shape)
        self.known, self.is_known = votes.known, votes.known >= 0
        self.of_items, self.of_raters = of_items, of_raters
        self.answered = (self.said @ np.repeat(of_raters, K, axis=0) > 0).astype(np.float64)
        self.counted = of_items * self.answered * ~self.is_known[:, None]

    def with_known(self, T: np.ndarray) -> np.ndarray:
        T[self.is_known] = 0
        T[self.is_known, self.known[self.is_known]] = 1
        return T

    def iterate(self, T: np.ndarray, rounds: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        before = None
        for _ in range(rounds):
            p, e = self.maximized(T)
            T = self.expected(p, e)
            if before is not None and np.abs(p - before).max() < _ENOUGH:
                break
            before = p
        return T, p, e

    def maximized(self, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        K = self.shape[1]
        p = (T * self.counted[:, None]).sum(axis=0) + 1e-9
        p /= p.sum(axis=0)
        C = (self.said.T @ (T * self.of_items[:, None]).reshape(len(T), -1)).reshape(self.shape)
        prior = np.where(np.eye(K), _RIGHT, _WRONG)[..., None]
        q = prior + np.einsum("rltb,rb->ltb", C, self.of_raters)
        e = C + _AVERAGE * q / q.sum(axis=0)
        return p, e / e.sum(axis=1, keepdims=True)

    def expected(self, p: np.ndarray, e: np.ndarray) -> np.ndarray:
        R, K, _, B = self.shape
        evidence = (np.log(e) * self.of_raters[:, None, None]).reshape(R * K, K * B)
        log_T = (self.said @ evidence).reshape(-1, K, B) + np.log(p)
        T = np.exp(log_T - log_T.max(axis=1, keepdims=True))
        return self.with_known(T / T.sum(axis=1, keepdims=True))
