"""How every command starts and ends."""

import sys
import traceback
from typing import Protocol

from absl import app, flags, logging

from partsjax.cache_folder import own_folder
from partsjax.cli import process
from partsjax.cli.compiled import keep_compiled
from partsjax.cli.flags import apply_config
from partsjax.cli.subcommands import as_typed, parse_own, subcommand
from partsjax.errors import InputError, printable
from partsjax.networks.devices import one_device_a_core, require_devices
from partsjax.networks.pytorch import is_torch
from partsjax.reporting.bundle import BUNDLE


class Command(Protocol):
    """A module of a command: its flags are defined when it is imported, and its docstring is its help.

    `networks`, where it has it, gives those that are loaded, as --net names them; else they are in the flags.
    `before_devices`, where it has one, is called before JAX starts.
    One that has `COMPUTES = False` leaves devices alone, and reads its config itself.
    One that has `FLAGS`, of `own_flags`, has these flags and no others.
    One that has `SUBCOMMANDS` is a package of commands, of which the first argument names one.
    """

    __name__: str

    def main(self) -> None: ...


def start(command: Command) -> None:
    """Parses flags and runs a command; what the user can fix ends in one line and status 2.

    Asked to stop by a signal, it says so in one line and exits with 128 and the signal's number; so it does
    without a line where nobody reads its results any more. Anything else is a bug and shows its traceback.
    """
    process.prepare_process()
    try:
        command = subcommand(command)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    _adopt(command)
    # JAX tells at this level of every accelerator that is not there.
    logging.set_verbosity(logging.WARNING)
    try:
        with process.stoppable():
            app.run(
                lambda arguments: _run(command, arguments),
                flags_parser=lambda arguments: _parsed(command, arguments),
            )
    except InputError as error:
        print(f"error: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        values = _flags(command)
        if values.is_parsed() and values.debug:
            _show(error)
        sys.exit(2)
    except process.Stopped as stop:
        stop.tell()
        sys.exit(stop.status)
    except BrokenPipeError:
        sys.exit(process.nobody_reads())


def _adopt(command: Command) -> None:
    """Makes the command's help and flags those of the program, whichever way it was started."""
    sys.modules["__main__"].__doc__ = as_typed(command.__doc__ or "")
    values = _flags(command)
    for flag in values.get_key_flags_for_module(command.__name__):
        values.register_key_flag_for_module(sys.argv[0], flag)


def _flags(command: Command) -> flags.FlagValues:
    return getattr(command, "FLAGS", flags.FLAGS)


def _parsed(command: Command, arguments: list[str]) -> list[str]:
    """Flags are parsed; what is not one of them comes back, the program first."""
    arguments = ["--help" if argument == "-h" else argument for argument in arguments]
    try:
        if (own := _flags(command)) is not flags.FLAGS:
            flags.FLAGS(arguments[:1])
            return parse_own(own, arguments)
        return flags.FLAGS(arguments)
    except flags.Error as error:
        raise InputError(f"{error}; --help lists all flags") from error
    except SystemExit:  # --help, which absl calls a failure
        raise SystemExit(0) from None


def _run(command: Command, arguments: list[str]) -> None:
    if len(arguments) > 1:
        raise InputError(f"unexpected argument {arguments[1]!r}; options start with --")
    process.have_a_home()
    BUNDLE.folder = own_folder("pages")
    if not getattr(command, "COMPUTES", True):
        command.main()
        return
    apply_config()
    if not _names_torch(command):  # torch has the cores itself
        one_device_a_core()
    keep_compiled()
    getattr(command, "before_devices", lambda: None)()
    require_devices()
    command.main()


def _names_torch(command: Command) -> bool:
    """Whether --net, or one of a comparison's --networks, is a PyTorch module."""
    if hasattr(command, "networks"):
        return any(map(is_torch, command.networks()))
    given = flags.FLAGS.flag_values_dict()
    others = [network.partition("=")[2] for network in given.get("networks") or ()]
    return any(map(is_torch, [given.get("net") or "", *others]))


def _show(error: BaseException) -> None:
    """The traceback, with the causes that messages leave out."""
    link: BaseException | None = error
    while link is not None:
        link.__suppress_context__ = link.__cause__ is not None
        link = link.__cause__ or link.__context__
    traceback.print_exception(error)
