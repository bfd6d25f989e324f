"""A network by its name and where its weights come from, as on the command line."""

from pathlib import Path

from partsjax.errors import BadInput, nearest
from partsjax.networks.architectures import architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.initial import initial_weights, weight_shapes
from partsjax.networks.protocol import Network
from partsjax.networks.users import users_network
from partsjax.networks.weights import read_weights
from partsjax.networks.weights.checkpoints import read_checkpoint
from partsjax.networks.weights.convert import convert

DTYPES = ("float32", "bfloat16")


def load_network(net: str, weights: str, *, seed: int = 0, dtype: str = "float32") -> Network:
    """The network `net` with `weights`.

    Args:
      net: "alexnet", "caffenet", "vgg16" or "vgg19"; or "package.module:function", a function of
        the user's that returns a `Network`. It is called with those of `weights`, `seed` and
        `dtype` that it has parameters for.
      weights: "imagenet" (alexnet and vgg16: the convolutions, no fully connected layers),
        "random" (He initialisation from `seed`, convolutions alone), or the path of a file, or of a
        folder of checkpoints that training wrote.
      seed: of the random weights.
      dtype: of the computation, "float32" or "bfloat16".

    Raises:
      BadInput: a name that does not exist, or a file that does not fit.
    """
    if dtype not in DTYPES:
        raise BadInput(f"dtype={dtype}: not a type to compute in; {nearest(dtype, DTYPES)}")
    if ":" in net:
        return users_network(net, weights=weights, seed=seed, dtype=dtype)
    table = architecture(net)
    if weights == "random":
        table = table.headless()
        return as_network(table, initial_weights(table, seed), dtype)
    if Path(weights).expanduser().is_dir():
        return _trained(net, weights, dtype)
    file = read_weights(weights, table)
    return as_network(*convert(file, table), dtype)


def _trained(net: str, folder: str, dtype: str) -> Network:
    found = read_checkpoint(Path(folder))
    if found.architecture.name != net:
        raise BadInput(
            f"--weights={folder}: a checkpoint of {found.architecture.name}, not of {net}; use "
            f"--net={found.architecture.name}"
        )
    names = weight_shapes(found.architecture)
    weights = {name: found.weights[name] for name in names}
    return as_network(found.architecture, weights, dtype, found.classes)
