"""The tiny network with its kernels mirrored, by name on the command line."""

import functools

from tests import tiny

network = functools.partial(tiny.network, mirrored=True)
