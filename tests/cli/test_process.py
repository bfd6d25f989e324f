"""What a command owes its surroundings: any encoding, pipes that close, signals, python -OO."""

import io
import os
import signal
import subprocess
import sys
import time
import types
from pathlib import Path

import pytest

from partsjax.cli import process
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError
from tests.cli.commands import typed
from tests.cli.test_terminal import EVERYTHING, LAYERS, beside, of_layer, show_verdicts, summarize

ROOT = Path(__file__).parents[2]


def command(main):
    """An experiment that does this."""
    return types.SimpleNamespace(__name__="partsjax.cli.some", main=main)


@pytest.fixture
def handlers(monkeypatch):
    """Signals as they are by default, and as they were afterwards; without the limit on time to stop."""
    monkeypatch.setattr(process, "GRACE", 3600)
    defaults = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
        signal.SIGHUP: signal.SIG_DFL,
    }
    before = {number: signal.signal(number, handler) for number, handler in defaults.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def stream(monkeypatch):
    """Replaces stdout by one of an encoding; returns what was written to it as text."""

    def replace(encoding, errors="strict"):
        raw = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding, errors))
        process.prepare_process()
        return lambda: (sys.stdout.flush(), raw.getvalue().decode(encoding))[1]

    return replace


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1", "ascii", "utf-8"])
def test_tables_in_any_encoding(stream, monkeypatch, encoding):
    monkeypatch.setenv("COLUMNS", "200")
    written = stream(encoding)
    terminal = Terminal()
    show_verdicts(EVERYTHING, {layer: summarize(beside(of_layer(layer))) for layer in LAYERS})
    terminal.show("tête \udce9\ud800 −3 ▲▼ 馬")
    out = written()
    if encoding == "utf-8":
        assert "50.0 → 41.4 ▲s" in out and "tête ?? −3 ▲▼ 馬" in out
    else:
        assert "50.0 > 41.4 +" in out  # found strictly
        assert ("-3 +- ?" in out) and ("tête" in out) == (encoding != "ascii")


def test_streams_that_are_closed_take_everything():
    code = (
        "import sys; from partsjax.cli import process; process.prepare_process(); "
        "sys.stdout.write('x'); sys.stderr.write('y'); "
        "assert open(sys.argv[1], 'w').fileno() > 2; sys.exit(7)"
    )
    done = subprocess.run(
        ["sh", "-c", '"$0" -c "$1" "$2" <&- >&- 2>&-', sys.executable, code, os.devnull],
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 7


def test_names_are_utf8_in_a_c_locale(tmp_path):
    (tmp_path / "\xe9t\xe9").write_bytes(b"there")
    code = (
        "import sys; from partsjax.cli import process; process.prepare_process(); "
        "print(open(sys.argv[1], 'rb').read() == open('\\xe9t\\xe9', 'rb').read(), sys.argv[1])"
    )
    locale = {
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONPATH": str(ROOT),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, "\xe9t\xe9"],
        cwd=tmp_path, env={**os.environ, **locale}, capture_output=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, b"True ?t?\n"), done.stderr


def test_nobody_reads_the_results(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stdout", os.fdopen(write, "w"))
    assert typed(command(lambda: Terminal().show("a line")), monkeypatch, {}) == 141
    sys.stdout.write("more\n")  # goes nowhere, as what Python flushes at its end
    sys.stdout.close()


def test_nobody_reads_the_progress(monkeypatch, capsys):
    read, write = os.pipe()
    os.close(read)
    monkeypatch.setattr(sys, "stderr", os.fdopen(write, "w"))
    terminal = Terminal()
    with terminal.progress({"crops": 1}) as advance:
        advance("crops", 1, "network")
        terminal.note("a note")
    terminal.show("a result")
    os.dup2(os.open(os.devnull, os.O_WRONLY), write)  # for what is left in the buffer
    assert capsys.readouterr().out == "a result\n"


@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_to_stop_is_one_line(monkeypatch, capsys, handlers, name, status):
    def main():
        with Terminal().progress({"crops": 2}):
            os.kill(os.getpid(), getattr(signal, name))
            pytest.fail("goes on")

    assert typed(command(main), monkeypatch, {}) == status
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if "left:" not in line] == ["stopped; the same command resumes from here"]


def test_handlers_are_as_before_when_a_command_ends_by_itself(monkeypatch, handlers):
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # nohup

    def main():
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL

    assert typed(command(main), monkeypatch, {}) in (None, 0)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_second_signal_ends_the_process_at_once():
    code = (
        "import os, signal\nfrom partsjax.cli import process\n"
        "def kill(): os.kill(os.getpid(), signal.SIGTERM)\n"
        "with process.stoppable():\n    try: kill()\n    finally: kill(); print('still here')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (143, ""), done.stderr


def test_threads_that_are_busy_delay_a_stop_for_seconds_at_most():
    code = (
        "import os, signal, threading, time\nfrom partsjax.cli import process\nprocess.GRACE = 0.2\n"
        "with process.stoppable():\n    threading.Thread(target=time.sleep, args=[60]).start()\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    begin = time.monotonic()
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 143 and time.monotonic() - begin < 30
    assert done.stderr.endswith("stopped; the same command resumes from here\n")


def test_debug_shows_where_an_error_was_raised(monkeypatch, capsys):
    def main():
        try:
            raise ZeroDivisionError("deep down")
        except ZeroDivisionError:
            raise InputError("a file: wrong\nin two lines \x1b[31m") from None

    assert typed(command(main), monkeypatch, {}) == 2
    assert capsys.readouterr().err == "error: a file: wrong in two lines \ufffd[31m\n"
    assert typed(command(main), monkeypatch, {"debug": "true"}) == 2
    first, *rest = capsys.readouterr().err.splitlines()
    assert first.startswith("error: a file") and any("deep down" in line for line in rest)
    assert "in main" in "".join(rest)


def test_a_bug_shows_its_traceback(monkeypatch, capsys):
    def main():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        typed(command(main), monkeypatch, {})


def test_a_platform_that_is_not_there_is_one_line(monkeypatch, capsys):
    import jax

    def absent():
        raise RuntimeError("Unable to initialize backend 'cuda'")

    monkeypatch.setattr(jax, "devices", absent)
    with pytest.raises(RuntimeError):  # nobody asked for one: JAX is broken
        typed(command(lambda: None), monkeypatch, {})
    jax.config.update("jax_platforms", "cuda")
    try:
        assert typed(command(lambda: None), monkeypatch, {}) == 2
    finally:
        jax.config.update("jax_platforms", None)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: JAX_PLATFORMS=cuda") and "unset" in line


def test_a_user_without_a_home_gets_one(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # an unknown user
    process.have_a_home()
    assert os.environ["HOME"] == "/"


@pytest.mark.slow
def test_help_teaches_also_where_python_strips_texts():
    done = subprocess.run(
        [sys.executable, "-OO", "-m", "experiments.emergence", "-h"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and done.stderr == ""
    words = ("--net=alexnet", "--workdir", "--dataset", "shapeparts", "conv5", "average precision")
    for word in (*words, "--nulls", "--combination", "--score", "--[no]union_nms", "report/index.html"):
        assert word in done.stdout
