"""Serves a study: raters answer in a browser.

  partsjax judging serve --study=W/judging
      On this machine alone. Prints the owner's link, with the study's progress; invite makes raters' links.
  partsjax judging serve --study=S --host=0.0.0.0 --url=https://study.example.org
      For others, behind a proxy that speaks HTTPS.
  partsjax judging serve --study=S --entry=prolific --consent=consent.txt --completion_code=C1A2B3 --url=...
      Participants of Prolific come by one link, which is printed, and return with the code.

Every answer is on the disk before its rater sees the next item. Stop it, and start it again, at any time.
"""

import contextlib
import ipaddress
import re
import socket
import urllib.parse
from pathlib import Path

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError

COMPUTES = False
FLAGS = own_flags()
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study, as prepare made it.", flag_values=FLAGS)
_HOST = flags.DEFINE_string(
    "host",
    "127.0.0.1",
    "Address to listen at; 0.0.0.0 lets others in, who then need a link.",
    flag_values=FLAGS,
)
_PORT = flags.DEFINE_integer(
    "port", 8000, "Port to listen at; 0: any.", lower_bound=0, upper_bound=65535, flag_values=FLAGS
)
_URL = flags.DEFINE_string(
    "url",
    "",
    "The study's address as raters see it, where that is a proxy's: links begin with it.",
    flag_values=FLAGS,
)
_BATCHES = flags.DEFINE_integer(
    "batches",
    None,
    "Batches that a rater does at most. Default: 1 for participants of a platform, else as long as there are "
    "items that need raters.",
    lower_bound=1,
    flag_values=FLAGS,
)
_CONSENT = flags.DEFINE(
    PATH, "consent", None, "Text file that raters agree to before they start.", flag_values=FLAGS
)
_ENTRY = flags.DEFINE_enum(
    "entry",
    None,
    ["prolific", "connect"],
    "Let participants of Prolific or CloudResearch Connect in, who come by one link.",
    flag_values=FLAGS,
)
_MAX_RATERS = flags.DEFINE_integer(
    "max_raters", 500, "With --entry: raters at most.", lower_bound=1, flag_values=FLAGS
)
_COMPLETION_CODE = flags.DEFINE_string(
    "completion_code", "", "Shown at the end; Prolific asks participants for it.", flag_values=FLAGS
)
_RETURN_URL = flags.DEFINE_string(
    "return_url",
    "",
    "Where raters go at the end. Default: with --entry, the platform's page for it.",
    flag_values=FLAGS,
)


def main() -> None:
    from partsjax.judging.store import DATABASE, Store
    from partsjax.judging.tokens import Bearer, has_token, make_token
    from partsjax.judging.web.platforms import PLATFORMS
    from partsjax.judging.web.server import listening, serve
    from partsjax.judging.web.serving import require_pictures

    folder, serving, terminal = study_folder(_STUDY.value), _serving(), Terminal()
    with contextlib.closing(listening(_HOST.value, _PORT.value)) as place:
        address = _URL.value.rstrip("/") or _address(place)
        with Store(folder / DATABASE) as store, store.transaction() as written:
            require_pictures(folder, store.study())
            wanted = {"owner": "o", "entry": "enter"} if serving.platform else {"owner": "o"}
            links = {
                role: f"{address}/{path}/{make_token(written, Bearer(role))}"
                for role, path in wanted.items()
                if not has_token(written, Bearer(role))
            }
            simulated = store.simulated()
        if serving.platform and "entry" in links and PLATFORMS[serving.platform].query:
            links["entry"] += f"?{PLATFORMS[serving.platform].query}"
        if simulated:
            terminal.note("the raters of this study are simulated; nobody else can take part in it")
        if not _is_loopback(_HOST.value):
            terminal.note(
                f"--host={_HOST.value}: whoever reaches this machine reaches the study, and can read along "
                "where no proxy with HTTPS is before it; nobody takes part without a link"
            )
        terminal.show(f"serving: {address}")
        for role in wanted:
            before = f"by the link that was printed before; invite --{role} makes another"
            terminal.show(f"{role}: {links.get(role, before)}")
        serve(folder, serving, place)


def study_folder(study: str | None) -> Path:
    """The folder of `--study`."""
    if not study:
        raise InputError("--study=S is needed: the folder that prepare made")
    return Path(study)


def _serving():
    """The flags, checked."""
    from partsjax.judging.web.serving import Serving

    platform, code, return_url = _ENTRY.value or "", _COMPLETION_CODE.value, _RETURN_URL.value
    consent = _text(_CONSENT.value) if _CONSENT.value else ""
    if platform and not consent:
        raise InputError(f"--entry={platform}: also needs --consent=FILE, what participants agree to first")
    if platform == "prolific" and not code and not return_url:
        raise InputError("--entry=prolific: also needs --completion_code=CODE, which Prolific gives you")
    if code and not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", code):
        raise InputError(f"--completion_code={code}: is no code of letters and digits; copy it again")
    for name, value in (("url", _URL.value), ("return_url", return_url)):
        if value and not (value.startswith(("http://", "https://")) and urllib.parse.urlsplit(value).netloc):
            raise InputError(f"--{name}={value}: is no address; it begins with https:// or http://")
    if not platform and FLAGS["max_raters"].present:
        raise InputError("--max_raters: has no effect without --entry; leave it out")
    return Serving(
        batches=_BATCHES.value or (1 if platform else None),
        consent=consent,
        platform=platform,
        max_raters=_MAX_RATERS.value,
        completion_code=code,
        return_url=return_url,
        public_url=_URL.value.rstrip("/"),
    )


def _text(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--consent={path}: cannot be read as text ({error}); give a text file") from error
    if not text:
        raise InputError(f"--consent={path}: is empty; docs/how_to/study.md has a text to adapt")
    return text


def _address(place: socket.socket) -> str:
    """Of a socket, for links."""
    host, port = place.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = socket.gethostname()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
