"""What training produces: a network with the head and weights of a checkpoint."""

from flax import nnx

from partsjax.errors import InputError
from partsjax.networks.architectures import Architecture
from partsjax.networks.assembly import as_network
from partsjax.networks.headed import Headed, headed_network
from partsjax.networks.heads import HeadTable
from partsjax.networks.initial import weight_shapes
from partsjax.networks.modules import ModuleNetwork, named, with_values
from partsjax.networks.protocol import Network
from partsjax.networks.weights.checkpoints import Checkpoint, check_weights


def trained_table(checkpoint: Checkpoint, dtype: str, where: str) -> Network:
    """A network of ours; where: names the checkpoint in errors.

    Raises `InputError` where the checkpoint is of somebody's own, or not whole.
    """
    about = checkpoint.about
    if not isinstance(about.table, Architecture):
        raise InputError(
            f"{where}: a checkpoint of {about.network}, not one of ours; use --net=package.module:function"
        )
    shapes = weight_shapes(about.table)
    check_weights(where, checkpoint, shapes)
    return as_network(about.table, {name: checkpoint.weights[name] for name in shapes}, dtype, about.classes)


def trained_network(network: Network, checkpoint: Checkpoint, where: str) -> Network:
    """`network` after its training.

    Raises `InputError` where the checkpoint is not one of this network, or not whole.
    """
    about = checkpoint.about
    if about.network != network.name:
        raise InputError(f"{where}: a checkpoint of {about.network}, not of {network.name}; use its network")
    if not isinstance(about.table, HeadTable):
        dtype = network.module().dtype if isinstance(network, ModuleNetwork) else "float32"
        return trained_table(checkpoint, dtype, where)
    base = _base(network)
    graph, abstract = nnx.split(nnx.eval_shape(lambda: Headed(base, about.table, rngs=nnx.Rngs(0))))
    check_weights(where, checkpoint, {name: value.shape for name, value in named(abstract).items()})
    return headed_network(nnx.merge(graph, with_values(abstract, checkpoint.weights)), about.classes)


def _base(network: Network) -> Network:
    """The network under a head of ours, where there is one."""
    module = network.module() if isinstance(network, ModuleNetwork) else None
    return module.network() if isinstance(module, Headed) else network
