"""The user's own functions: how `package.module:function` is found, and what one raises, in one line."""

import importlib
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path

from partsjax.errors import InputError, nearest

_LONGEST = 300  # characters of a message
_NOT_THEIRS = tuple(
    str(Path(folder).resolve())
    for folder in (
        Path(__file__).parent,
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


def find_function(label: str, name: str, kind: str, ours: Iterable[str]) -> Callable:
    """The function that `package.module:function` names; its module is imported.

    Args:
      label: how an error message begins, such as `--net=nets:small`.
      name: as `package.module:function`.
      kind: of what it gives, in the plural, such as `networks`; ours: names of those of our own.

    Raises:
      InputError: no such module or function, or the module cannot be imported.
    """
    module_name, _, function_name = name.partition(":")
    if not module_name or not function_name:
        raise InputError(f"{label}: write package.module:function, or one of {', '.join(ours)}")
    try:
        module = importlib.import_module(module_name)
    except InputError:
        raise
    except Exception as error:
        lacking = error.name if isinstance(error, ModuleNotFoundError) else None
        if lacking is None:
            why = f"{module_name} cannot be imported: {one_line(error)}"
        elif f"{module_name}.".startswith(f"{lacking}."):
            why = (
                f"no module named {lacking}; run from the folder that holds it or put that folder on "
                f"PYTHONPATH; our own {kind}: {', '.join(ours)}"
            )
        else:
            why = f"it imports {lacking}, which is not installed; install it"
        raise InputError(f"{label}: {why}") from error
    function = getattr(module, function_name, None)
    if not callable(function):
        callables = [name for name, value in vars(module).items() if callable(value) and name[0] != "_"]
        raise InputError(f"{label}: no function {function_name!r} there; {nearest(function_name, callables)}")
    return function


def one_line(error: BaseException) -> str:
    """`KeyError: 'conv1' (nets.py, line 12)`: the first line of what an exception says."""
    said = str(error).strip()
    message = (said.splitlines() or [""])[0]
    if len(message) > _LONGEST:
        message = f"{message[:_LONGEST]}..."
    if isinstance(error, SyntaxError):  # says itself where it is
        return f"{type(error).__name__}: {message}"
    return ": ".join(filter(None, [type(error).__name__, message])) + _place(error)


def _place(error: BaseException) -> str:
    """The innermost frame in a file that is neither ours nor a library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_file() and not str(path.resolve()).startswith(_NOT_THEIRS):
            return f" ({path.name}, line {frame.lineno})"
    return ""
