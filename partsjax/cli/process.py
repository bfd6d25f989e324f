"""How a command behaves as a process: streams in any encoding, pipes that close, signals to stop."""

import codecs
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator

# Where the output's encoding lacks a sign of ours, one that means the same; elsewhere "?".
_INSTEAD = {
    "✓": "+", "→": ">", "–": "-", "−": "-", "·": "|", "▲": "+", "▼": "-", "×": "x", "…": ".", "±": "~",
    "≤": "<=", "†": "#",
}  # fmt: skip
_SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


GRACE = 5  # seconds from a signal to stop to the end, whatever threads are still at


class Stopped(KeyboardInterrupt):
    """A signal asked the process to stop; `status` is what it exits with, by convention."""

    def __init__(self, number: int):
        super().__init__(number)
        self.status = 128 + number
        self._unsaid = threading.Lock()

    def tell(self) -> None:
        """Says it, once."""
        if self._unsaid.acquire(blocking=False):
            print("stopped; the same command resumes from here", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Ends the process. Files are whole at any time, and what was finished is kept."""
        self.tell()
        os._exit(self.status)


def _replaced(error: UnicodeError):
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_INSTEAD.get(c, "?") for c in error.object[error.start : error.end]), error.end


def prepare_process() -> None:
    """Names of files in UTF-8, texts that -OO strips, and streams that take any text, or are closed."""
    _restart_if_needed()
    codecs.register_error("partsjax.replaced", _replaced)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:  # closed before the start; now no other file gets its number
            nothing = open(os.devnull, "w" if number else "r", encoding="utf-8")  # noqa: SIM115
            setattr(sys, name, nothing)
        elif number and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="partsjax.replaced")


def _restart_if_needed() -> None:
    """Starts Python again where a run could not succeed as it was started.

    Names of files are in UTF-8, so in another locale in Python's UTF-8 mode; what is shown stays in the
    terminal's encoding. Without -OO, which strips help texts, and under which altair cannot be imported.
    """
    arguments = sys.argv[1:]
    options = sys.orig_argv[1 : len(sys.orig_argv) - len(arguments)]  # of Python, and the program
    wanted, stripped = options, None
    if sys.flags.optimize > 1:
        stripped = os.environ.pop("PYTHONOPTIMIZE", None)
        wanted = [re.sub("O+", "", one) if re.fullmatch("-[a-zA-Z]*O+m?", one) else one for one in options]
        wanted = [one for one in wanted if one != "-"]
    if sys.getfilesystemencoding() != "utf-8":
        wanted = ["-X", "utf8", *wanted]
        if sys.stdout is not None:
            os.environ.setdefault("PYTHONIOENCODING", sys.stdout.encoding)
    if stripped or wanted != options:
        os.execv(sys.executable, [sys.executable, *wanted, *arguments])


def have_a_home() -> None:
    """Gives a user without a home folder `/`, as containers do: libraries fail when they ask for none."""
    if os.path.expanduser("~") == "~":
        os.environ["HOME"] = "/"


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Lets the first signal to stop raise `Stopped` in the main thread, and a second one end the process.

    After the first there are `GRACE` seconds to clean up.

    Signals that whoever started the process wants ignored (nohup) or handles stay as they are.
    """
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
                before[number] = signal.signal(number, lambda number, _: _stop(number, before))
    try:
        yield
    finally:
        # After a first signal a second one ends the process, also while threads still finish their work.
        if not isinstance(sys.exception(), Stopped):
            for number, handler in before.items():
                signal.signal(number, handler)


def _stop(number: int, handled) -> None:
    for other in handled:
        signal.signal(other, _end)
    stop = Stopped(number)
    timer = threading.Timer(GRACE, stop.end)
    timer.daemon = True
    timer.start()
    raise stop


def _end(number: int, _) -> None:
    if sys.stderr.isatty():
        os.write(sys.stderr.fileno(), b"\x1b[?25h\n")  # a progress bar hides the cursor
    os._exit(128 + number)


def nobody_reads() -> int:
    """After a BrokenPipeError: nothing more is written; the status of what SIGPIPE ends."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nothing, stream.fileno())
    return 128 + signal.SIGPIPE
