"""The one exception for what the user can fix, and text made safe to print."""

import contextlib
import numbers
import unicodedata
from collections.abc import Iterator


class InputError(Exception):
    """Something in the user's input is wrong: a file, an option, a weight.

    The message is one line that names the file or option, what is wrong with it and the fix.
    Entry points print it without a traceback and exit with a non-zero status.
    """


@contextlib.contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """For imports of libraries that come with an extra: a missing one is reported in one line."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise InputError(f"{what} needs {error.name}: pip install 'partsjax[{extra}]'") from error


def require_whole(least: int, **values) -> None:
    """Raises `InputError` for the first of the values that is not a whole number of at least `least`."""
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
            raise InputError(f"{name}={value!r}: give a whole number of at least {least}")


def nearest(word: str, choices) -> str:
    """The end of an error message about an unknown `word`: the nearest of `choices`, and all of them."""
    import difflib

    choices = [str(choice) for choice in choices]
    close = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}choose from: {', '.join(choices)}"


def printable(text: str) -> str:
    """Text that a terminal takes for nothing else: U+FFFD for control characters and lone surrogates."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if unicodedata.category(c) in ("Cc", "Cs") else c for c in text
    )
