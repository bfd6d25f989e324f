"""The commands serve and invite: flags that cannot be meant, links, and ports."""

import re
import socket
from pathlib import Path

import pytest

from partsjax.cli.judging import invite, serve
from partsjax.errors import InputError
from partsjax.judging import store
from partsjax.judging.store import Store
from partsjax.judging.tokens import bearer_of
from partsjax.judging.web import server
from partsjax.judging.web.server import listening
from tests.judging import studies


@pytest.fixture
def folder(tmp_path):
    made = studies.folder(tmp_path / "S")
    for item in studies.study().items:
        for name in [name for one in item.pictures for name in (one.plain, one.highlighted)]:
            (made / store.IMAGES / name).touch()
    return made


def run(module, *flags, capsys=None) -> list[str]:
    """The lines that it prints."""
    module.FLAGS.unparse_flags()
    for name in module.FLAGS:
        module.FLAGS[name].unparse()
    module.FLAGS(["command", *flags])
    module.main()
    return capsys.readouterr().out.splitlines() if capsys else []


@pytest.fixture
def unserved(monkeypatch):
    """What would be served."""
    served = []
    monkeypatch.setattr(server, "serve", lambda folder, serving, place: served.append((folder, serving)))
    return served


def bearers(folder, lines):
    tokens = [re.search(r"/(?:o|r|enter)/([^?]*)", line)[1] for line in lines]
    with Store(folder / store.DATABASE) as opened:
        return [bearer_of(opened.connection, token) for token in tokens]


def test_links_are_for_one_each_and_open_the_study(folder, capsys):
    lines = run(invite, f"--study={folder}", "--raters=3", "--url=https://x.org/", capsys=capsys)
    assert [line.partition(": https://x.org/r/")[0] for line in lines] == ["rater 1", "rater 2", "rater 3"]
    assert [bearer.rater for bearer in bearers(folder, lines)] == [1, 2, 3]
    again = run(invite, f"--study={folder}", "--rater=2", capsys=capsys)
    assert bearers(folder, again)[0].rater == 2
    assert [bearer and bearer.rater for bearer in bearers(folder, lines)] == [1, None, 3]


@pytest.mark.parametrize("role", ["owner", "entry"])
def test_a_new_link_instead_of_the_one_before(folder, capsys, role):
    first = run(invite, f"--study={folder}", f"--{role}", capsys=capsys)
    second = run(invite, f"--study={folder}", f"--{role}", capsys=capsys)
    assert [bearer and bearer.role for bearer in bearers(folder, first + second)] == [None, role]


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        ([], "say whom to invite"),
        (["--raters=2", "--owner"], "say whom to invite"),
        (["--rater=7"], "no such rater"),
        (["--raters=2", "--study=/nowhere"], "no such file; prepare makes a study"),
        (["--raters=2", "--study="], "empty"),
    ],
)
def test_whom_to_invite_has_to_be_said(folder, flags, words):
    with pytest.raises(Exception, match=words):
        run(invite, f"--study={folder}", *flags)


def test_serving_prints_links_once(folder, capsys, unserved):
    first = run(serve, f"--study={folder}", "--port=0", capsys=capsys)
    assert re.fullmatch(r"serving: http://127\.0\.0\.1:\d+", first[0])
    assert bearers(folder, first[1:])[0].role == "owner"
    second = run(serve, f"--study={folder}", "--port=0", capsys=capsys)
    assert second[1:] == ["owner: by the link that was printed before; invite --owner makes another"]
    assert [serving.batches for _, serving in unserved] == [None, None]


def test_serving_a_platform_prints_what_to_paste_there(folder, capsys, unserved, tmp_path):
    text = tmp_path / "consent.txt"
    text.write_text("Text.\n", encoding="utf-8")
    flags = [f"--study={folder}", "--port=0", "--entry=prolific", f"--consent={text}", "--completion_code=C1"]
    lines = run(serve, *flags, "--url=https://x.org", capsys=capsys)
    assert [bearer.role for bearer in bearers(folder, lines[1:])] == ["owner", "entry"]
    placeholders = "PROLIFIC_PID={{%PROLIFIC_PID%}}&STUDY_ID={{%STUDY_ID%}}&SESSION_ID={{%SESSION_ID%}}"
    assert lines[2].startswith("entry: https://x.org/enter/") and lines[2].endswith(f"?{placeholders}")
    ((_, serving),) = unserved
    assert (serving.batches, serving.consent, serving.public_url) == (1, "Text.", "https://x.org")


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--entry=prolific"], "also needs --consent"),
        (["--entry=prolific", "--consent=CONSENT"], "also needs --completion_code"),
        (["--consent=/nowhere"], "cannot be read"),
        (["--consent=EMPTY"], "is empty"),
        (["--completion_code=a b"], "is no code"),
        (["--return_url=javascript:alert(1)"], "is no address"),
        (["--url=study.example.org"], "is no address"),
        (["--max_raters=9"], "has no effect"),
    ],
)
def test_flags_that_cannot_be_meant(folder, flags, words, tmp_path, unserved):
    for name, text in (("CONSENT", "Text."), ("EMPTY", " \n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
        flags = [flag.replace(name, str(tmp_path / name)) for flag in flags]
    with pytest.raises(InputError, match=words) as refused:
        run(serve, f"--study={folder}", "--port=0", *flags)
    assert "\n" not in str(refused.value) and not unserved


def test_a_port_in_use_or_a_foreign_address_is_one_line(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port={port}: .* choose another"):
            listening("127.0.0.1", port)
    with pytest.raises(InputError, match="give an address of this machine"):
        listening("192.0.2.1", 0)


def test_a_study_without_its_pictures_is_one_line(folder, unserved):
    next((folder / store.IMAGES).iterdir()).unlink()
    with pytest.raises(InputError, match=r"lacks 1 of 440 pictures, .*whole folder"):
        run(serve, f"--study={folder}", "--port=0")
    assert not unserved


def test_others_are_let_in_with_a_warning(folder, capsys, unserved):
    run(serve, f"--study={folder}", "--port=0", "--host=0.0.0.0")
    assert "can read along" in " ".join(capsys.readouterr().err.split())
    run(serve, f"--study={Path(folder)}", "--port=0")
    assert "read along" not in capsys.readouterr().err
