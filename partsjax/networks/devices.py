"""How a batch is spread over the devices there are."""

import contextlib
import os

import jax
from jax.sharding import AxisType, NamedSharding, PartitionSpec

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


def shardings() -> tuple[NamedSharding, NamedSharding]:
    """(batch split over all devices along its first axis, the same on every device)."""
    mesh = jax.make_mesh((jax.device_count(),), ("data",), axis_types=(AxisType.Auto,))
    return NamedSharding(mesh, PartitionSpec("data")), NamedSharding(mesh, PartitionSpec())
