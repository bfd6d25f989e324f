"""The networks of a comparison: what each is called, where its weights come from, which seeds it has."""

import dataclasses
import os
import re
from collections.abc import Sequence
from pathlib import Path

from partsjax.errors import InputError, nearest
from partsjax.reporting.file_names import file_name
from partsjax.supervision.objectives import OBJECTIVES

SCRATCH = "scratch"
GIVEN = ("imagenet", "random")
NETWORK_NAMES = (*GIVEN, *OBJECTIVES, SCRATCH)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")


@dataclasses.dataclass(frozen=True)
class Member:
    """One network to be measured.

    seed: of its training or of its random weights; None where it has none.
    weights: as for `load_network`; "" of one that is trained here.
    """

    name: str
    seed: int | None
    weights: str

    @property
    def trained(self) -> bool:
        return not self.weights

    @property
    def folder(self) -> str:
        """Its name among folders."""
        name = file_name(self.name)
        return name if self.seed is None else f"{name}-{self.seed}"


def members(networks: Sequence[str], seeds: Sequence[int]) -> list[Member]:
    """Every network with each of its seeds: all networks with the first one, then the rest.

    Args:
      networks: of KNOWN, or `name=weights` for a file, or a folder of checkpoints, of the user's.

    Raises:
      InputError: no such network, one named twice, weights that are not there, no seed or one named twice.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError("--seeds: give at least one, each once, as 0,1,2")
    named = dict(_named(network) for network in networks)
    if not named:
        raise InputError(f"--networks: none; choose from: {', '.join(NETWORK_NAMES)}, or name=FILE")
    if len(named) < len(networks):
        raise InputError(f"--networks={','.join(networks)}: a name stands there twice")
    found = []
    for seed in seeds:
        for name, weights in named.items():
            fixed = weights not in ("", "random")
            if not fixed or seed == seeds[0]:
                found.append(Member(name, None if fixed else seed, weights))
    if len({member.folder for member in found}) < len(found):
        raise InputError("--networks: a name ends like another's seed; call it otherwise")
    return found


def _named(network: str) -> tuple[str, str]:
    name, equals, weights = network.partition("=")
    if not equals:
        if name not in NETWORK_NAMES:
            raise InputError(
                f"--networks: there is no network {name!r}; {nearest(name, NETWORK_NAMES)}, or name a file "
                f"of yours as {name or 'name'}=FILE"
            )
        return name, name if name in GIVEN else ""
    if name in NETWORK_NAMES:
        raise InputError(f"--networks: {name} is a network of this command's own; call {weights} otherwise")
    if not _NAME.fullmatch(name):
        raise InputError(f"--networks={network}: a name has letters, digits and ._+- alone")
    weights = os.path.expanduser(weights)
    if not Path(weights).exists():
        raise InputError(f"--networks={network}: no such file; name weights as {name}=FILE")
    return name, weights
