"""The code behind a class or a function of somebody's: its files, or itself where it has none."""

import functools
import hashlib
import inspect
import sys
import sysconfig
import types
from pathlib import Path
from typing import Any

_INSTALLED = tuple(
    str(Path(sysconfig.get_path(name)).resolve()) for name in ("stdlib", "platstdlib", "purelib", "platlib")
)


@functools.cache
def source_digest(thing: Any) -> str:
    """Of a class or function: the file that defines it, and those of its own that this imports, in turn.

    Of an installed library the one file counts. What is typed in counts as typed, or by its bytecode.
    """
    module = sys.modules.get(getattr(thing, "__module__", None) or "")
    files = _files(module) if module is not None else set()
    if files:
        found = [hashlib.sha256(Path(file).read_bytes()).hexdigest() for file in sorted(files)]
        return f"{module.__name__} {' '.join(sorted(found))}"
    try:
        return inspect.getsource(thing)
    except (OSError, TypeError):
        functions = vars(thing).values() if isinstance(thing, type) else [thing]
        return " ".join(code_of(f.__code__) for f in functions if isinstance(f, types.FunctionType))


def code_of(code: types.CodeType) -> str:
    """Bytecode with its constants and names, those of functions within it as well."""
    constants = [code_of(c) if isinstance(c, types.CodeType) else repr(c) for c in code.co_consts]
    return f"{code.co_name} {code.co_code.hex()} {constants} {code.co_names}"


def _files(module: types.ModuleType) -> set[str]:
    found, left = set(), [module]
    while left:
        module = left.pop()
        file = getattr(module, "__file__", None)
        if file is None or file in found or not Path(file).is_file():
            continue
        found.add(file)
        if not str(Path(file).resolve()).startswith(_INSTALLED):
            for value in vars(module).values():
                of = value if isinstance(value, types.ModuleType) else sys.modules.get(_home(value))
                if of is not None and not _installed(of):
                    left.append(of)
    return found


def _home(value: Any) -> str:
    name = getattr(value, "__module__", None) if callable(value) else None
    return name if isinstance(name, str) else ""


def _installed(module: types.ModuleType) -> bool:
    file = getattr(module, "__file__", None)
    return file is None or str(Path(file).resolve()).startswith(_INSTALLED)
