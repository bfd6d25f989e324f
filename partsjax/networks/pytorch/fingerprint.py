"""What a PyTorch module computes, as a hash: its code, its weights and its other attributes."""

import dataclasses
import enum
import functools
import hashlib
import types
from collections.abc import Mapping, Set
from typing import Any

import numpy as np
import torch

from partsjax.networks.pytorch.sources import code_of, source_digest

_PLAIN = (type(None), bool, int, float, complex, str, bytes, enum.Enum, torch.dtype, torch.device)
_HOOKS = ("_forward_hooks", "_forward_pre_hooks")  # weight normalization and the like
_APART = {"_parameters", "_buffers", "_modules", "_non_persistent_buffers_set", "training"}


def module_digest(module: torch.nn.Module) -> bytes:
    """SHA-256 of all that a module's answer follows from.

    Of every submodule: its name, the code of its class, parameters, buffers, and every other attribute,
    however nested; functions by their code; torch by its version.
    """
    adding = _Adding()
    adding.add(torch.__version__)
    adding.add(module)
    return adding.digest.digest()


class _Adding:
    """A hash to which values are added, however nested; objects that come again count once."""

    def __init__(self):
        self.digest, self._objects = hashlib.sha256(), {}

    def add(self, value: Any) -> None:
        self.digest.update(f"\0{type(value).__qualname__}".encode())
        if isinstance(value, torch.Tensor):
            self._array(value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
            self.add([str(value.dtype), *value.shape])
        elif isinstance(value, np.ndarray) and value.dtype != object:
            self._array(value)
        elif isinstance(value, _PLAIN):
            self.digest.update(repr(value).encode())
        elif isinstance(value, Mapping):
            self._all(part for item in value.items() for part in item)
        elif isinstance(value, Set):
            self._all(sorted(map(repr, value)))
        elif isinstance(value, (list, tuple)):
            self._all(value)
        elif id(value) in self._objects:
            self.digest.update(str(self._objects[id(value)][0]).encode())
        else:
            self._objects[id(value)] = len(self._objects), value  # held, so that no other gets its id
            self._object(value)

    def _all(self, values) -> None:
        self.digest.update(b"(")
        for value in values:
            self.add(value)
        self.digest.update(b")")

    def _array(self, array: np.ndarray) -> None:
        self.digest.update(f"{array.dtype} {array.shape}".encode())
        self.digest.update(np.ascontiguousarray(array).data)

    def _object(self, value: Any) -> None:
        if isinstance(value, torch.nn.Module):
            self._module(value)
        elif isinstance(value, types.MethodType):
            self._all([value.__func__, value.__self__])
        elif isinstance(value, functools.partial):
            self._all([value.func, value.args, value.keywords])
        elif isinstance(value, types.FunctionType):
            cells = [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
            said = source_digest(value), code_of(value.__code__)
            self._all([*said, value.__defaults__, value.__kwdefaults__, cells])
        elif isinstance(value, type):
            self._class(value)
        elif hasattr(value, "__dict__"):
            self._class(type(value))
            self.add(vars(value))
        elif dataclasses.is_dataclass(value):
            self._all([getattr(value, field.name) for field in dataclasses.fields(value)])
        elif " at 0x" not in (said := repr(value)):
            self.digest.update(said.encode())

    def _module(self, module: torch.nn.Module) -> None:
        self._class(type(module))
        self.add([dict(module.named_parameters(recurse=False)), dict(module.named_buffers(recurse=False))])
        self.add({key: value for key, value in vars(module).items() if _counts(key, value)})
        if isinstance(module, torch.fx.GraphModule):
            self.add(module.code)
        self.add(dict(module.named_children()))

    def _class(self, kind: type) -> None:
        for base in kind.__mro__:
            self.digest.update(f"\n{base.__module__} {base.__qualname__}".encode())
            if base.__module__.partition(".")[0] not in ("torch", "builtins"):
                self.digest.update(source_digest(base).encode())


def _counts(key: str, value: Any) -> bool:
    if key in _HOOKS:
        return bool(value)
    of_torch = key.startswith(("_backward", "_forward", "_state_dict", "_load_state", "_is_full_backward"))
    return key not in _APART and not of_torch


def _filled(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True
