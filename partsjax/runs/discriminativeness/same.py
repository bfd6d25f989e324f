"""Whether emergence is that of the network, layer and images that are asked about."""

from collections.abc import Mapping, Sequence

from partsjax.errors import InputError, nearest
from partsjax.networks.protocol import Network
from partsjax.runs.emergence import Emergence

_OR_NOT = "or leave --emergence out"


def require_same_network(
    found: Emergence, where: str, network: Network, layer: str, parts: Mapping[str, Sequence[str]]
) -> None:
    """Raises `InputError` where emergence is another network's, or lacks the layer or a class's parts.

    where: begins the message, as the folder it was read from.
    """
    about = found.about
    if about.network_digest != network.digest:
        of = f"{about.net} {about.weights}".strip()
        raise InputError(
            f"{where}: emergence of another network ({of}); measure it with the same --net, --weights and "
            f"--dtype, {_OR_NOT}"
        )
    if layer not in about.layers:
        raise InputError(
            f"{where}: emergence was not measured in {layer!r}; {nearest(layer, about.layers)} with --layer, "
            f"{_OR_NOT}"
        )
    for object_class, names in parts.items():
        judged = found.judged.get((layer, object_class))
        known = [v.part for v in judged.evidence.verdicts] if judged else []
        if known != list(names):
            lacking = next((f": {name}" for name in names if name not in known), " with these parts")
            raise InputError(
                f"{where}: emergence was not measured for {object_class}{lacking}; measure it for that class "
                f"too, {_OR_NOT}"
            )


def require_same_class(found: Emergence, where: str, object_class: str, digest: str, seed: int) -> None:
    """Raises `InputError` where a class's unseen images or the bootstrap's seed were others."""
    if found.images.by_class[object_class] != digest:
        raise InputError(
            f"{where}: judged {object_class} on other images or annotations; give the same --dataset, "
            f"--data_dir, --limit and --seed, {_OR_NOT}"
        )
    if found.images.seed != seed:
        raise InputError(
            f"{where}: made with --seed={found.images.seed}, now --seed={seed}; give the same seed, {_OR_NOT}"
        )
