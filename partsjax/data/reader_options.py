"""A reader's own options: the parameters of its function beyond those that all readers share."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any

from partsjax.errors import InputError

SHARED = ("data_dir", "classes", "seed", "download", "skip_bad", "progress")
"""Parameters that mean the same in every reader that has them."""


@dataclasses.dataclass(frozen=True)
class Flag:
    """Annotates an option that has a flag of its own on the command line.

    help: of the flag.
    decides: whether it decides what is read; where the same is downloaded from does not.
    """

    help: str
    decides: bool = True


@dataclasses.dataclass(frozen=True)
class Option:
    """type: bool, int, float or str. choices: all values, or empty for any. flag: of its own, or None."""

    type: type
    choices: tuple[str, ...]
    flag: Flag | None


def options_of(reader: Callable) -> dict[str, Option]:
    """A reader's own options, by name; their types by annotation, else by default, else text."""
    try:
        hints = typing.get_type_hints(reader, include_extras=True)
    except Exception:  # a user's annotation may name anything
        hints = {}
    parameters = _named(reader)
    return {
        name: _option(hints.get(name, type(parameter.default)))
        for name, parameter in parameters.items()
        if name not in SHARED
    }


def _option(hint: Any) -> Option:
    flag = next((m for m in getattr(hint, "__metadata__", ()) if isinstance(m, Flag)), None)
    if typing.get_origin(hint) is typing.Annotated:
        hint = hint.__origin__
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not types.NoneType)
    if typing.get_origin(hint) is typing.Literal:
        return Option(str, typing.get_args(hint), flag)
    return Option(hint if hint in (bool, int, float) else str, (), flag)


def arguments_for(name: str, reader: Callable, shared: Mapping[str, Any], options: Mapping[str, Any]) -> dict:
    """What a reader is called with: those of `shared` that it has parameters for, and all of `options`.

    Args:
      name: the dataset's.

    Raises:
      InputError: an option that it does not have, or one that it needs and is not given.
    """
    parameters, own = _named(reader), tuple(options_of(reader))
    takes_any = any(p.kind is p.VAR_KEYWORD for p in inspect.signature(reader).parameters.values())
    for option, value in options.items():
        if option not in own and not takes_any:
            has = f"its options: {', '.join(own)}" if own else "it has no options"
            raise InputError(f"--{option}={value}: {name} does not use it; leave it out ({has})")
    given = {option: value for option, value in shared.items() if option in parameters} | dict(options)
    for option, parameter in parameters.items():
        missing = option not in given or (option == "data_dir" and given[option] is None)
        if missing and parameter.default is parameter.empty:
            flag = f"--{option}=" if option in SHARED else f"--reader_option={option}="
            raise InputError(f"{name}: no {option} is given, and its reader needs one; add {flag}...")
    return given


def _named(reader: Callable) -> dict[str, inspect.Parameter]:
    """The parameters that can be given by name."""
    parameters = inspect.signature(reader).parameters.values()
    return {p.name: p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)}
