"""Which networks the nulls of a run measure, seed by seed."""

import dataclasses

from partsjax.emergence.nulls import Null
from partsjax.errors import InputError
from partsjax.networks.make import network_digest
from partsjax.networks.protocol import Network
from partsjax.runs.context import Context


@dataclasses.dataclass(frozen=True, eq=False)
class NullRun:
    """A null with one of its seeds. network: what it measures; the trained one itself, or another."""

    null: Null
    seed: int
    network: Network

    @property
    def name(self) -> str:
        """Of the folders of its stages."""
        return f"{self.null.name}-{self.seed}"


def null_runs(
    network: Network, nulls: tuple[Null, ...], seed: int, count: int, context: Context
) -> list[NullRun]:
    """Every null with `count` seeds from `seed` on.

    Nulls that have no network are left out, with a note that says why. A seed that gives the same network as
    an earlier one is passed over for the next: a null that makes the same of every seed is run once.
    """
    runs = []
    for null in nulls:
        try:
            with context.clock("weights"):
                runs += _runs_of(null, network, seed, count)
        except InputError as why:
            context.notes.add(f"no comparison with {null.label}: {why}")
    return runs


def _runs_of(null: Null, network: Network, first: int, count: int) -> list[NullRun]:
    runs: list[NullRun] = []
    for seed in range(first, first + count + 1):  # one more: the trained network may be a random one
        found = _with_own_digest(null.network_of(network, seed), network)
        if found is network or found.digest not in {run.network.digest for run in runs}:
            runs.append(NullRun(null, seed, found))
        if len(runs) == count:
            break
    return runs


def _with_own_digest(found: Network, network: Network) -> Network:
    """What a null made of a network: the network itself, or one that says by its digest that it is another.

    Raises:
      InputError: it says that it is another, and computes the same.
    """
    if found is network or found.digest != network.digest:
        return found
    digest = network_digest(found)  # `dataclasses.replace(network, params=...)` keeps the network's
    if digest == network_digest(network):
        raise InputError(f"{found.name} computes the same as without the null")
    return dataclasses.replace(found, digest=digest)
