"""The program `partsjax`: its own help, its commands, and the command line it notes."""

import importlib
import sys

import pytest
from absl import flags

from partsjax.cli import main, starting
from partsjax.runs import manifest


@pytest.fixture
def typed(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["/somewhere/bin/partsjax", *arguments])
        try:
            status = main.main()
        except SystemExit as stop:
            status = stop.code
        return status or 0, *capsys.readouterr()

    return run


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_help_lists_the_commands_and_teaches(typed, arguments):
    status, out, err = typed(*arguments)
    assert (status, err) == (0, "")
    assert "partsjax emergence --net=alexnet" in out and "pj" in out
    for name, what in main.COMMANDS.items():
        assert f"  {name} " in out and what in out
        importlib.import_module(f"partsjax.cli.{name}")


def test_a_command_that_is_not_there_is_one_line(typed):
    status, out, err = typed("emergance")
    assert (status, out) == (2, "")
    assert err.startswith("error: partsjax emergance: no such command; did you mean 'emergence'?")
    assert err.count("\n") == 1


def test_a_command_starts_with_its_flags_and_can_be_typed_again(typed, monkeypatch):
    started = []
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(starting, "start", lambda command: started.append((command, manifest.command())))
    monkeypatch.setattr(sys.modules["__main__"], "__spec__", None)
    typed("emergence", "--classes=a b")
    from partsjax.cli import emergence

    assert started == [(emergence, "partsjax emergence '--classes=a b'")]


def test_networks_and_readers_of_the_user_s_are_found_in_the_folder_it_is_started_in(
    typed, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(starting, "start", lambda command: None)
    typed("emergence")
    assert sys.path[0] == str(tmp_path)


def test_from_a_checkout_the_examples_are_as_typed_there(monkeypatch):
    from partsjax.cli import emergence

    program = sys.modules["__main__"]
    monkeypatch.setattr(program, "__doc__", "")
    monkeypatch.setattr(sys, "argv", ["some program"])
    for spec, words in (
        (None, "  partsjax emergence --net"),
        (object(), "  python -m experiments.emergence --net"),
    ):
        monkeypatch.setattr(program, "__spec__", spec)
        starting._adopt(emergence)
        assert words in program.__doc__
    assert "nulls" in {flag.name for flag in flags.FLAGS.get_key_flags_for_module("some program")}
