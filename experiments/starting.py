"""How every command starts and ends."""

import sys
import traceback
from collections.abc import Callable

from absl import app, flags, logging

from experiments import process
from experiments.flags import apply_config
from partsjax.errors import InputError, printable
from partsjax.networks.devices import one_device_a_core, require_devices


def start(main: Callable[[], None]) -> None:
    """Parses flags and runs `main`; what the user can fix ends in one line and status 2.

    Asked to stop by a signal, it says so in one line and exits with 128 and the signal's number; so it does
    without a line where nobody reads its results any more. Anything else is a bug and shows its traceback.
    """
    process.prepare_process()
    # JAX tells at this level of every accelerator that is not there.
    logging.set_verbosity(logging.WARNING)
    one_device_a_core()
    try:
        with process.stoppable():
            app.run(lambda arguments: _run(main, arguments), flags_parser=_parsed)
    except InputError as error:
        print(f"error: {printable(' '.join(str(error).split()))}", file=sys.stderr)
        if flags.FLAGS.is_parsed() and flags.FLAGS.debug:
            _show(error)
        sys.exit(2)
    except process.Stopped as stop:
        stop.tell()
        sys.exit(stop.status)
    except BrokenPipeError:
        sys.exit(process.nobody_reads())


def _parsed(arguments: list[str]) -> list[str]:
    """Flags are parsed; what is not one of them comes back, the program first."""
    try:
        return flags.FLAGS(["--help" if argument == "-h" else argument for argument in arguments])
    except flags.Error as error:
        raise InputError(f"{error}; --help lists all flags") from error
    except SystemExit:  # --help, which absl calls a failure
        raise SystemExit(0) from None


def _run(main: Callable[[], None], arguments: list[str]) -> None:
    if len(arguments) > 1:
        raise InputError(f"unexpected argument {arguments[1]!r}; options start with --")
    process.have_a_home()
    apply_config()
    require_devices()
    main()


def _show(error: BaseException) -> None:
    """The traceback, with the causes that messages leave out."""
    link: BaseException | None = error
    while link is not None:
        link.__suppress_context__ = link.__cause__ is not None
        link = link.__cause__ or link.__context__
    traceback.print_exception(error)
