"""Commands of a command, as `partsjax judging prepare`, each with flags of its own alone."""

import importlib
import keyword
import re
import sys
import types

from absl import flags

from partsjax.errors import InputError, nearest, printable


def subcommand(command: types.ModuleType) -> types.ModuleType:
    """The module of the subcommand that the first argument names, which goes; the command itself where it
    has none.

    Of its modules that one alone is imported; a name that is a keyword has an underscore there. Without an
    argument, or with --help, it prints what there is, and exits.

    Raises:
      InputError: there is no such subcommand.
    """
    known = getattr(command, "SUBCOMMANDS", None)
    if known is None:
        return command
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    program = command.__name__.rpartition(".")[2]
    if name in ("-h", "--help", "help"):
        width = max(map(len, known))
        listed = "\n".join(f"  {name:{width}}  {what}" for name, what in known.items())
        print(f"{as_typed(command.__doc__)}\nsubcommands, each with its own --help:\n{listed}")
        sys.exit(0)
    if name not in known:
        raise InputError(f"{program} {printable(name)}: no such subcommand; {nearest(name, known)}")
    named = getattr(sys.modules["__main__"], "__spec__", None)
    sys.argv = [sys.argv[0] if named else f"{sys.argv[0]} {name}", *sys.argv[2:]]
    return importlib.import_module(f"{command.__name__}.{name}{'_' * keyword.iskeyword(name)}")


def as_typed(text: str) -> str:
    """A help text with its examples, which are lines of their own, as they are typed: from a checkout, where
    that is how the program was started, or installed."""
    if getattr(sys.modules["__main__"], "__spec__", None):
        return re.sub(r"(?m)^  partsjax (\w+)", r"  python -m experiments.\1", text)
    return text


def own_flags() -> flags.FlagValues:
    """Where a subcommand defines its flags: `flags.DEFINE_string(..., flag_values=FLAGS)`."""
    values = flags.FlagValues()
    flags.DEFINE_bool(
        "debug",
        False,
        "Below the line of an error, show where it was raised, and its causes.",
        flag_values=values,
    )
    return values


def parse_own(values: flags.FlagValues, arguments: list[str]) -> list[str]:
    """Parses a subcommand's flags; what is not one of them comes back, the program first."""
    for name in values:
        values.register_key_flag_for_module(arguments[0], values[name])
        values[name].unparse()
    if "--helpxml" in arguments:
        values.write_help_in_xml_format(sys.stdout)
        raise SystemExit(0)
    if any(argument in ("--help", "-help", "--helpfull", "--helpshort") for argument in arguments):
        print(f"{sys.modules['__main__'].__doc__}\nflags:{values.main_module_help()}")
        raise SystemExit(0)
    return values(arguments)
