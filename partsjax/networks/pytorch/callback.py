"""A function of PyTorch as one of JAX: outside of `jit`'s program, and with gradients."""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import torch

TorchFunction = Callable[[torch.Tensor], Sequence[torch.Tensor]]


@dataclasses.dataclass(frozen=True, eq=False)
class Host:
    """Where functions run: device, of their arguments; fingerprint: bytes [N], of what they compute."""

    device: torch.device
    fingerprint: np.ndarray


def as_jax(function: TorchFunction, shapes: Sequence[tuple[int, ...]], host: Host) -> Callable:
    """`function` of one float32 array to several, called back from JAX's program by `jax.pure_callback`.

    Its gradient is that of torch.autograd: it runs `function` once more. The fingerprint is an argument of
    what is called, so that JAX's program, and with it a network's digest, changes with the function.

    Args:
      shapes: of what it returns, float32.
    """
    device = host.device
    returned = tuple(jax.ShapeDtypeStruct(shape, np.float32) for shape in shapes)

    def forward(array, _):
        with torch.no_grad(), _full_precision():
            return tuple(_array(tensor) for tensor in function(_tensor(array, device)))

    def backward(array, cotangents):
        with torch.enable_grad(), _full_precision():
            given = _tensor(array, device).requires_grad_()
            pairs = zip(function(given), cotangents, strict=True)
            pairs = [(tensor, _tensor(c, device)) for tensor, c in pairs if tensor.requires_grad]
            if not pairs:
                return np.zeros(array.shape, np.float32)
            tensors, of = zip(*pairs, strict=True)
            (found,) = torch.autograd.grad(tensors, given, of, allow_unused=True)
        return np.zeros(array.shape, np.float32) if found is None else _array(found)

    @jax.custom_vjp
    def called(array):
        return jax.pure_callback(forward, returned, array, host.fingerprint)

    def remembering(array):
        return called(array), array

    def pulled_back(array, cotangents):
        return (
            jax.pure_callback(backward, jax.ShapeDtypeStruct(array.shape, np.float32), array, cotangents),
        )

    called.defvjp(remembering, pulled_back)

    return lambda array: called(jnp.asarray(array, jnp.float32))


def _tensor(array, device: torch.device) -> torch.Tensor:
    return torch.tensor(np.asarray(array), device=device)


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _full_precision():
    """Products of float32 are computed in float32 by cuDNN, too, as everywhere in this library."""
    return torch.backends.cudnn.flags(enabled=True, allow_tf32=False)
