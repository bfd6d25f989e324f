"""What tests of PyTorch modules share."""

import importlib.util

import pytest

if importlib.util.find_spec("torch") is not None:
    import torch

    torch.set_num_threads(1)  # its threads and JAX's would wait for each other


@pytest.fixture(params=["torch", "torchax"])
def route(request):
    """Both ways from a module to JAX."""
    if request.param == "torchax":
        pytest.importorskip("torchax", reason="torchax, a nightly, is not installed")
    return request.param
