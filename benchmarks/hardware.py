"""What a benchmark ran on, for the head of its table."""

import datetime
import os
import platform
from pathlib import Path


def description() -> str:
    """Processor, cores, memory, JAX devices, versions and date, on one line."""
    import jax
    import numpy as np

    names = [
        line.split(":", 1)[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    devices = ", ".join(sorted({f"{d.platform} {d.device_kind}" for d in jax.devices()}))
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {gigabytes:.0f} GiB; JAX "
        f"{jax.__version__} on {devices}; NumPy {np.__version__}; Python {platform.python_version()}; "
        f"{datetime.date.today().isoformat()}"
    )
