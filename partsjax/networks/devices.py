"""How a batch is spread over the devices there are, of all processes."""

import contextlib
import os
from collections.abc import Callable, Sequence

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

from partsjax.errors import InputError
from partsjax.ops.precision import in_full_precision

MOST = 8  # devices made of one machine's cores


def one_device_a_core() -> None:
    """Lets JAX see each processor core as a device, before it starts; no effect on accelerators.

    XLA keeps some convolutions, AlexNet's first among them, on one core of a device's; with the batch
    spread over two, AlexNet's forward pass took 0.235 s instead of 0.300 on two cores. What the user has
    set, and a JAX that is already running, stay as they are.
    """
    asked = os.environ.get("XLA_FLAGS", "") + " ".join(os.environ)
    if "xla_force_host_platform_device_count" in asked or "JAX_NUM_CPU_DEVICES" in asked:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(RuntimeError):  # it is running
        jax.config.update("jax_num_cpu_devices", min(cores, MOST))


def require_devices() -> None:
    """Starts JAX.

    Raises:
      InputError: the platform that `JAX_PLATFORMS` asks for is not there.
    """
    try:
        jax.devices()
    except Exception as error:  # JAX has no one exception for it: even an assertion fails
        asked = jax.config.jax_platforms
        if not asked:
            raise
        raise InputError(
            f"JAX_PLATFORMS={asked}: JAX finds no such device here{f' ({error})' if str(error) else ''}; "
            "unset it to run on what there is, or install JAX for your device (pip install 'partsjax[cuda]')"
        ) from error


def processors() -> list[jax.Device]:
    """The processor's, also beside an accelerator; where `JAX_PLATFORMS` leaves processors out, JAX's own."""
    try:
        return jax.local_devices(backend="cpu")
    except RuntimeError:
        return jax.local_devices()


def over_devices(function: Callable, split: int, devices: Sequence[jax.Device] | None = None) -> Callable:
    """`function`, compiled, every device working on its share; float32 products are float32's.

    Args:
      function: of arrays, whose results all have the leading axis that is divided; nothing passes between
        devices.
      split: how many of the first arguments are divided along their leading axis, a multiple of the number
        of devices; the others go whole to every device.
      devices: those that work; None: all that JAX computes on.
    """
    mesh, rows = _mesh(devices), PartitionSpec("data")

    def whole(*arguments):
        specs = tuple(rows if i < split else PartitionSpec() for i in range(len(arguments)))
        return jax.shard_map(function, mesh=mesh, in_specs=specs, out_specs=rows, check_vma=False)(*arguments)

    return jax.jit(in_full_precision(whole))


def shardings() -> tuple[NamedSharding, NamedSharding]:
    """(batch split over all devices along its first axis, the same on every device)."""
    mesh = _mesh()
    return NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())


def own_rows(size: int) -> range:
    """The rows of a batch of `size` that this process's devices hold: where there is one process, all."""
    count, first = jax.local_device_count(), jax.process_index() * jax.local_device_count()
    return range(first * size // jax.device_count(), (first + count) * size // jax.device_count())


def require_equal_shares(size: int) -> None:
    """Raises `InputError` where a batch of `size` cannot be divided equally over the devices there are."""
    devices, here, processes = jax.device_count(), jax.local_device_count(), jax.process_count()
    if here * processes != devices:
        raise InputError(
            f"{here} devices here, and {devices} in {processes} processes: each has to have as many; on "
            "processors set JAX_NUM_CPU_DEVICES to one number for all"
        )
    if size % devices:
        raise InputError(
            f"batch_size={size}: must be a multiple of the {devices} devices; "
            f"try {-(-size // devices) * devices}"
        )


def _mesh(devices: Sequence[jax.Device] | None = None) -> jax.sharding.Mesh:
    """Devices, by default all, in one row, each process's beside each other."""
    devices = sorted(devices or jax.devices(), key=lambda device: (device.process_index, device.id))
    return jax.sharding.Mesh(devices, ("data",), axis_types=(AxisType.Auto,))
