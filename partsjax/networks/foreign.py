"""What code that is not ours raises, in one line: kind, message, and where in the user's own file."""

import sysconfig
import traceback
from pathlib import Path

_LONGEST = 300  # characters of a message
_NOT_THEIRS = tuple(
    str(Path(folder).resolve())
    for folder in (
        Path(__file__).parents[1],
        *(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")),
    )
)


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
