"""Compiled code is kept from run to run, and never in the way of one."""

import os
import sys
import warnings
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from partsjax.cli import compiled, starting
from partsjax.reporting.bundle import Bundle
from tests import processes


def _started(cache, capacity: int = compiled.MOST_KEPT) -> None:
    """In a process of its own: a command starts, and compiles; says what JAX did, and where."""
    os.environ["PARTSJAX_CACHE"] = str(cache)
    os.environ.pop("JAX_COMPILATION_CACHE_DIR", None)
    jax.config.update("jax_compilation_cache_dir", None)  # the tests' own, read when JAX was imported
    compiled.MOST_KEPT = capacity
    warnings.showwarning = lambda message, *place, **more: processes.say(f"warning: {message}")
    jax.monitoring.register_event_listener(_heard)
    compiled.keep_compiled()
    warnings.warn("another", stacklevel=1)
    processes.say((float(jax.jit(lambda x: jnp.tanh(x) + 1)(0.5)), jax.config.jax_compilation_cache_dir))


def _heard(event: str, **_) -> None:
    if event.startswith("/jax/compilation_cache/cache_"):
        processes.say(event.rpartition("/")[2])


def started(cache, *arguments):
    status, said = processes.start(_started, cache, *arguments)
    assert status == 0 and said.pop(0) == "warning: another"
    (value, folder) = said.pop()
    assert value == pytest.approx(1.46211716)
    return said, folder


def entries(cache) -> list[Path]:
    return [path for path in (cache / "compiled").rglob("*") if path.is_file()]


def test_it_is_compiled_once(tmp_path):
    said, folder = started(tmp_path)
    assert said == ["cache_misses"] and Path(folder) == tmp_path / "compiled" and len(entries(tmp_path)) == 1
    assert (tmp_path / "compiled").stat().st_mode & 0o777 == 0o700
    assert started(tmp_path)[0] == ["cache_hits"]


@pytest.mark.parametrize("left", [0, 100])
def test_a_damaged_entry_is_compiled_again_and_nothing_is_said(tmp_path, left):
    started(tmp_path)
    for path in entries(tmp_path):
        path.write_bytes(path.read_bytes()[:left])
    assert started(tmp_path)[0] == ["cache_misses"]
    assert started(tmp_path)[0] == ["cache_hits"]


def test_what_was_used_least_goes(tmp_path):
    folder = tmp_path / "compiled"
    folder.mkdir()
    for name, when in [("old", 1e9), ("new", 2e9), ("middle", 1.5e9)]:
        (folder / name).write_bytes(bytes(400))
        os.utime(folder / name, (when, when - 1))
    started(tmp_path, 1000)
    assert {path.name for path in entries(tmp_path)} >= {"new", "middle"} and not (folder / "old").exists()


def test_nothing_is_kept_where_it_cannot_be_or_others_could_write(tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert started(tmp_path / "file") == ([], None)
    (tmp_path / "compiled").mkdir()
    (tmp_path / "compiled").chmod(0o777)
    assert started(tmp_path) == ([], None) and not entries(tmp_path)


def test_what_the_user_has_set_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("PARTSJAX_CACHE", str(tmp_path))
    before = jax.config.jax_compilation_cache_dir
    assert before  # of tests/conftest.py
    compiled.keep_compiled()
    assert jax.config.jax_compilation_cache_dir == before and not list(tmp_path.iterdir())


def test_every_command_keeps_it_and_the_script_of_charts(monkeypatch, tmp_path):
    kept = []
    monkeypatch.setenv("PARTSJAX_CACHE", str(tmp_path))
    monkeypatch.setattr(starting, "BUNDLE", Bundle())
    monkeypatch.setattr(starting, "keep_compiled", lambda: kept.append(True))
    monkeypatch.setattr(sys, "argv", ["partsjax some"])
    command = type("Command", (), {"__name__": "partsjax.cli.some", "__doc__": "", "main": lambda: None})
    with pytest.raises(SystemExit):
        starting.start(command)
    assert kept and tmp_path / "pages" == starting.BUNDLE.folder
