"""The networks of a comparison: what each is called, where its weights come from, which seeds it has."""

import dataclasses
import os
import re
from collections.abc import Sequence
from pathlib import Path

from partsjax.errors import InputError, nearest
from partsjax.networks.ours import our_networks
from partsjax.networks.weights.normalisation import NAMED_WEIGHTS
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
    net, weights: as for `load_network`; weights "" of one that is trained here.
    """

    name: str
    seed: int | None
    net: str
    weights: str

    @property
    def trained(self) -> bool:
        return not self.weights

    @property
    def folder(self) -> str:
        """Its name among folders."""
        name = file_name(self.name)
        return name if self.seed is None else f"{name}-{self.seed}"


def members(networks: Sequence[str], seeds: Sequence[int], net: str) -> list[Member]:
    """Every network with each of its seeds: all networks with the first one, then the rest.

    Args:
      networks: each of NETWORK_NAMES, of the architecture `net`; or NAME=WEIGHTS, weights by name or of a
        file or folder of checkpoints in `net`; or NAME=NET@WEIGHTS for a network of another kind, both as for
        `load_network`, @WEIGHTS "imagenet" where it is left out.

    Raises:
      InputError: no such network, one named twice, weights that are not there, no seed or one named twice.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise InputError("--seeds: give at least one, each once, as 0,1,2")
    named = dict(_named(network, net) for network in networks)
    if not named:
        raise InputError(f"--networks: none; choose from: {', '.join(NETWORK_NAMES)}, or NAME=FILE")
    if len(named) < len(networks):
        raise InputError(f"--networks={','.join(networks)}: a name is given twice")
    found = []
    for seed in seeds:
        for name, (of, weights) in named.items():
            fixed = weights not in ("", "random")
            if not fixed or seed == seeds[0]:
                found.append(Member(name, None if fixed else seed, of, weights))
    if len({member.folder for member in found}) < len(found):
        raise InputError("--networks: a name ends like another's seed; choose another name")
    return found


def _named(network: str, net: str) -> tuple[str, tuple[str, str]]:
    """A name, with its architecture and weights."""
    name, equals, what = network.partition("=")
    if not equals:
        if name not in NETWORK_NAMES:
            raise InputError(
                f"--networks: there is no network {name!r}; {nearest(name, NETWORK_NAMES)}, or name a file "
                f"of yours as {name or 'name'}=FILE"
            )
        return name, (net, name if name in GIVEN else "")
    if name in NETWORK_NAMES:
        raise InputError(
            f"--networks: {name} is one of this command's own networks; choose another name for {what}"
        )
    if not _NAME.fullmatch(name):
        raise InputError(f"--networks={network}: names may have only letters, digits and ._+-")
    if what in NAMED_WEIGHTS:
        return name, (net, what)
    if Path(path := os.path.expanduser(what)).exists():
        return name, (net, path)
    other, at, weights = what.partition("@")
    if other in our_networks() or ":" in other:
        return name, (other, os.path.expanduser(weights) if at else "imagenet")
    raise InputError(
        f"--networks={network}: no such file, and no network; name weights as {name}=FILE or "
        f"{name}=places365, or a network as {name}=vgg16@imagenet or {name}=package.module:function"
    )
