"""A network by its name and where its weights come from, as on the command line."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from partsjax.errors import InputError, nearest
from partsjax.networks.architectures import architecture
from partsjax.networks.assembly import as_network, random_network
from partsjax.networks.imagenet_classes import imagenet_synsets
from partsjax.networks.ours import FUNCTIONS
from partsjax.networks.protocol import Network
from partsjax.networks.pytorch import is_torch, torch_network
from partsjax.networks.trained import trained_network, trained_table
from partsjax.networks.users import users_network
from partsjax.networks.weights import read_weights
from partsjax.networks.weights.checkpoints import holds_checkpoint, read_checkpoint
from partsjax.networks.weights.convert import convert
from partsjax.networks.weights.kinds import refuse_folder
from partsjax.networks.weights.normalisation import NAMED_WEIGHTS, WeightOptions
from partsjax.networks.weights.published import PUBLISHED, published_weights, require_published

DTYPES = ("float32", "bfloat16")


def load_network(  # noqa: PLR0913 (options of a public call, by keyword)
    net: str,
    weights: str = "imagenet",
    *,
    layers: Sequence[str] = (),
    seed: int = 0,
    dtype: str = "float32",
    normalisation: str | None = None,
    lrn: str | None = None,
) -> Network:
    """The network `net` with `weights`.

    Args:
      net: "alexnet", "caffenet", "vgg16", "vgg19" or "efficientnet_lite0"; or "package.module:function", a
        function of the user's that returns a `Network`. It is called with those of `weights`, `seed` and
        `dtype` that it has parameters for. A PyTorch module is "torch:package.module:function",
        "timm:NAME", "torchvision:NAME" or "hf:NAME".
      weights: "imagenet" (alexnet and vgg16: the convolutions, no fully connected layers;
        efficientnet_lite0: whole, with its 1,000 class scores),
        "random" (He initialization from `seed`, convolutions alone), "torchvision" (alexnet, vgg16 and
        vgg19, whole, with ImageNet's 1,000 class scores) or "places365" (alexnet, whole), both fetched once
        and kept in the user's cache; or the path of a file, or of a folder of checkpoints that training
        wrote. A file called as one of these words is "./imagenet". A PyTorch module takes "pretrained",
        "random", or a file with its state dict.
      layers: of a PyTorch module, by its own names; not looked at otherwise.
      seed: of the random weights.
      dtype: of the computation, "float32" or "bfloat16".
      normalisation: of a file's input, a name of `weights.normalisation.NORMALISATIONS`; None: as the
        file or its format says.
      lrn: of a file's local response normalization, "before_pool" or "after_pool"; None: as the file says.

    Raises:
      InputError: a name that does not exist, weights that cannot be fetched, a file that does not fit, or
        one that does not say its normalization or order and that has to be stated.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype={dtype}: not a type to compute in; {nearest(dtype, DTYPES)}")
    stated = WeightOptions(normalisation, lrn)
    if ":" in net or net in FUNCTIONS:
        _require_file(stated, "the network defines it (one of your own by make_network's preprocessing)")
        if is_torch(net):
            return torch_network(net, weights=weights, layers=layers, seed=seed, dtype=dtype)
        if holds_checkpoint(Path(weights)):
            base = _of_function(net, "imagenet", seed, dtype)
            return trained_network(base, read_checkpoint(Path(weights)), f"--weights={weights}")
        return _of_function(net, weights, seed, dtype)
    table = architecture(net, FUNCTIONS)
    if weights == "random":
        _require_file(stated, "random weights need none")
        return dataclasses.replace(random_network(table, seed, dtype), notes=_local(weights))
    notes: tuple[str, ...] = ()
    if weights in NAMED_WEIGHTS:
        _require_file(stated, f"it is known for the {weights} weights")
        notes = _local(weights)
    elif Path(weights).expanduser().is_dir():
        _require_file(stated, "checkpoints store it")
        return _trained(net, weights, dtype)
    if weights in PUBLISHED:
        file, more = published_weights(weights, table)
        notes += more
    else:
        file = read_weights(weights, table)
    found = convert(file, table, stated)
    # ImageNet's order is everyone's: that of its synsets.
    classes = imagenet_synsets() if weights == "torchvision" else ()
    return as_network(found.architecture, found.weights, dtype, classes, notes=(*notes, *found.notes))


def _of_function(net: str, weights: str, seed: int, dtype: str) -> Network:
    if net not in FUNCTIONS:
        return users_network(net, weights=weights, seed=seed, dtype=dtype)
    if weights in PUBLISHED:
        require_published(weights, net, "imagenet, random, or a file, --weights=PATH")
    network = FUNCTIONS[net](weights, seed, dtype)
    notes = _local(weights) if weights in NAMED_WEIGHTS else ()
    return dataclasses.replace(network, notes=(*notes, *network.notes))


def _require_file(stated: WeightOptions, why: str) -> None:
    if stated.given():
        raise InputError(f"{' '.join(stated.given())}: only for weight files; {why}; leave it out")


def _local(weights: str) -> tuple[str, ...]:
    """A note where a file or folder is called like weights of ours."""
    if not Path(weights).exists():
        return ()
    return (f"--weights={weights}: the weights of that name, not the local ./{weights}",)


def _trained(net: str, folder: str, dtype: str) -> Network:
    refuse_folder(Path(folder).expanduser())
    found = read_checkpoint(Path(folder))
    network = trained_table(found, dtype, f"--weights={folder}")
    if network.name != net:
        raise InputError(
            f"--weights={folder}: a checkpoint of {network.name}, not of {net}; use --net={network.name}"
        )
    return network
