"""A network by its name and where its weights come from, as on the command line."""

import importlib
import inspect
from pathlib import Path

from partsjax.errors import BadInput, nearest
from partsjax.networks.architectures import ARCHITECTURES, architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.initial import initial_weights, weight_shapes
from partsjax.networks.protocol import Network
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
        return _users_network(net, weights=weights, seed=seed, dtype=dtype)
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


def _users_network(net: str, **options) -> Network:
    module_name, _, function_name = net.partition(":")
    if not module_name or not function_name:
        raise BadInput(f"--net={net}: write package.module:function, or one of {', '.join(ARCHITECTURES)}")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise BadInput(
                f"--net={net}: it imports {error.name}, which is not installed; install it"
            ) from None
        raise BadInput(
            f"--net={net}: no module named {error.name}; run from the folder that holds it or put that "
            f"folder on PYTHONPATH; networks of our own: {', '.join(ARCHITECTURES)}"
        ) from None
    function = getattr(module, function_name, None)
    if not callable(function):
        callables = [name for name, value in vars(module).items() if callable(value) and name[0] != "_"]
        raise BadInput(
            f"--net={net}: no function {function_name!r} there; {nearest(function_name, callables)}"
        )
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        accepted = options
    else:
        accepted = {name: value for name, value in options.items() if name in parameters}
    if options["weights"] != "imagenet" and "weights" not in accepted:
        raise BadInput(
            f"--net={net}: the function has no parameter for --weights={options['weights']}; "
            f"write `def {function_name}(weights)`, or leave --weights out"
        )
    network = function(**accepted)
    if not isinstance(network, Network):
        raise BadInput(
            f"--net={net}: returned {type(network).__name__}, not a partsjax.networks.Network; "
            "build one with partsjax.networks.custom_network"
        )
    return network
