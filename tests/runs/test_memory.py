"""The memory budget: what there is, sizes as people write them, and who waits for whom."""

import os
import threading

import pytest

from partsjax.errors import InputError
from partsjax.runs import memory
from partsjax.runs.memory import OWN, Memory, bytes_of, there_is


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("8GB", 8e9),
        ("1.5 gb", 1.5e9),
        ("512MiB", 1 << 29),
        ("4gib", 1 << 32),
        ("2TB", 2e12),
        ("4096", 4096),
        (123, 123),
    ],
)
def test_sizes(text, count):
    assert bytes_of(text) == count


@pytest.mark.parametrize("text", ["", "8 apples", "-8GB", "0", "0.0GB", "GB", "1e9", "inf", "8GB8", "nan"])
def test_no_sizes(text):
    with pytest.raises(InputError, match=r"^memory_budget=.*give a size, as 8GB"):
        bytes_of(text)


PHYSICAL = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize("at", ["slurm/job_1/step_0", "slurm/job_1", "slurm", ""])
def test_a_control_groups_limit_counts_wherever_it_is_set(tmp_path, at):
    """As Slurm sets it on the job, and a container at the top."""
    own = write(tmp_path / "own", "0::/slurm/job_1/step_0\n")
    write(tmp_path / "cg/slurm/job_1/step_0/memory.max", "max\n")
    write(tmp_path / "cg" / at / "memory.max", f"{1 << 20}\n")
    assert there_is(tmp_path / "cg", own) == 1 << 20


def test_control_groups_of_the_first_version(tmp_path):
    own = write(tmp_path / "own", "4:cpu,cpuacct:/docker/1\n3:memory:/docker/1\n")
    write(tmp_path / "cg/memory/memory.limit_in_bytes", "4194304\n")
    assert there_is(tmp_path / "cg", own) == 1 << 22
    write(tmp_path / "cg/memory/docker/1/memory.limit_in_bytes", "1048576\n")
    assert there_is(tmp_path / "cg", own) == 1 << 20


def test_without_limits_it_is_the_machines(tmp_path):
    own = write(tmp_path / "own", "0::/user\n")
    write(tmp_path / "cg/user/memory.max", "max\n")
    assert there_is(tmp_path / "cg", own) == there_is(tmp_path / "cg", tmp_path / "none") == PHYSICAL
    write(tmp_path / "memory.max", "1024\n")  # beside the control groups: not one of theirs
    assert there_is(tmp_path / "cg", own) == PHYSICAL


def test_the_default_is_half_of_what_there_is(monkeypatch):
    monkeypatch.setattr(memory, "there_is", lambda: 10**10)
    assert Memory().budget == 5 * 10**9


def test_too_little_is_refused_with_what_is_needed():
    of = Memory("2GB")
    of.require(of.room, "layer a")
    with pytest.raises(InputError) as error:
        of.require(of.room + 1, "layer a on 3 crops of dog")
    line = str(error.value)
    assert line.startswith("memory_budget=2.0GB: too little, layer a on 3 crops of dog takes 2.0GB; give ")
    enough = line.partition("give ")[2].partition(" ")[0]
    assert enough == "2.1GB" and Memory(enough).room >= of.room + 1
    with pytest.raises(InputError, match="too little"), of.held(of.room + 1, "it"):
        pass
    assert not of._held


def test_what_does_not_fit_waits_until_it_does():
    of, order, holding = Memory(OWN + 10), [], threading.Event()

    def hold(name, need):
        with of.held(need, name):
            order.append(name)
            holding.set()

    with of.held(6, "first"):
        waiting = threading.Thread(target=hold, args=("large", 5))
        waiting.start()
        beside = threading.Thread(target=hold, args=("small", 4))
        beside.start()
        assert holding.wait(10)
        beside.join(10)
        assert order == ["small"]
    waiting.join(10)
    assert order == ["small", "large"]


def test_an_error_lets_go():
    of = Memory(OWN + 10)
    with pytest.raises(ZeroDivisionError), of.held(10, "it"):
        raise ZeroDivisionError
    held = threading.Event()

    def hold():
        with of.held(10, "it"):
            held.set()

    threading.Thread(target=hold, daemon=True).start()
    assert held.wait(5)
