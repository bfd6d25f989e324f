"""Flags of prepare, and subcommands in general."""

import importlib
import sys

import pytest

from partsjax.cli import judging, starting
from partsjax.cli.judging import prepare


@pytest.fixture
def typed(monkeypatch, capsys):
    """Runs `partsjax judging ...`; (status, stdout, stderr)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["partsjax judging", *arguments])
        monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)  # as installed
        monkeypatch.setattr(sys.modules["__main__"], "__doc__", "")
        with pytest.raises(SystemExit) as stop:
            starting.start(judging)
        return stop.value.code or 0, *capsys.readouterr()

    return run


@pytest.mark.parametrize("arguments", [(), ("--help",), ("help",)])
def test_help_lists_the_subcommands_and_teaches(typed, arguments):
    status, out, err = typed(*arguments)
    assert (status, err) == (0, "")
    assert "partsjax judging prepare --run=W" in out
    for name, what in judging.SUBCOMMANDS.items():
        assert f"  {name} " in out and what in out


def test_every_subcommand_has_flags_of_its_own(typed):
    for name in judging.SUBCOMMANDS:
        command = importlib.import_module(f"partsjax.cli.judging.{name}{'_' * (name == 'import')}")
        status, out, _ = typed(name, "--help")
        assert status == 0 and out.startswith(command.__doc__.splitlines()[0])
        assert all(f"--{flag}" in out or f"]{flag}" in out for flag in command.FLAGS if flag != "undefok")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["prepair"], "judging prepair: no such subcommand; did you mean 'prepare'?"),
        (["prepare"], "--run: which run is it about?"),
        (["prepare", "--net=vgg16"], "Unknown command line flag 'net'"),
        (["prepare", "--run=nowhere"], "nowhere/manifest.json: not found"),
        (["prepare", "--run=W", "--batch=2"], "--batch"),
        (["prepare", "W"], "unexpected argument 'W'"),
    ],
)
def test_what_is_wrong_is_one_line(typed, arguments, what):
    status, out, err = typed(*arguments)
    assert (status, out) == (2, "")
    assert err.startswith("error: ") and what in err and err.count("\n") == 1


def test_flags_of_one_call_are_not_those_of_the_next(typed):
    typed("prepare", "--run=nowhere")
    assert prepare.FLAGS.run == "nowhere"
    typed("prepare")
    assert prepare.FLAGS.run is None
