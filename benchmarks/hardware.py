"""What a benchmark ran on, for the head of its section."""

import contextlib
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
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    devices = ", ".join(sorted({f"{d.platform} {d.device_kind}" for d in jax.devices()}))
    return (
        f"{names[0] if names else platform.processor()}, {os.cpu_count()} cores, {gigabytes:.0f} GiB; JAX "
        f"{jax.__version__} on {devices}; NumPy {np.__version__}{_kernels()}; Python "
        f"{platform.python_version()}; {datetime.date.today().isoformat()}"
    )


def _kernels() -> str:
    """Which kernels NumPy's matrix products run, where threadpoolctl can say."""
    with contextlib.suppress(ImportError):
        from threadpoolctl import threadpool_info

        found = [p for p in threadpool_info() if p["user_api"] == "blas" and "numpy" in p["filepath"]]
        return "".join(f" ({p['internal_api']} {p.get('architecture', '')})" for p in found[:1])
    return ""
