"""The commands: flags, the process they run in, the terminal, and a module each."""

import os

# Before NumPy is there. JAX and our own threads have the cores: threads of OpenBLAS would wait for them, and
# keep them busy meanwhile.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
