"""Makes links to a study, one for each rater: who has a link comes in, and comes back by it.

partsjax judging invite --study=S --raters=5
    Five new raters. Give each a link of their own.
partsjax judging invite --study=S --rater=3
    A new link for a rater who lost it; the old one opens nothing any more.
partsjax judging invite --study=S --owner
    The same for the owner's page; with --entry, for the link that a platform gives to its participants.

Links are shown once; only their hashes are kept.
"""

from absl import flags

from partsjax.cli.flags import PATH
from partsjax.cli.subcommands import own_flags
from partsjax.cli.terminal import Terminal
from partsjax.errors import InputError

COMPUTES = False
FLAGS = own_flags()
_STUDY = flags.DEFINE(PATH, "study", None, "Folder of the study, as prepare made it.", flag_values=FLAGS)
_URL = flags.DEFINE_string(
    "url", "http://127.0.0.1:8000", "The study's address as raters see it.", flag_values=FLAGS
)
_RATERS = flags.DEFINE_integer("raters", None, "How many new raters.", lower_bound=1, flag_values=FLAGS)
_RATER = flags.DEFINE_integer(
    "rater", None, "A rater who is to have a new link.", lower_bound=1, flag_values=FLAGS
)
_OWNER = flags.DEFINE_bool("owner", False, "A new link for the owner's page.", flag_values=FLAGS)
_ENTRY = flags.DEFINE_bool("entry", False, "A new link for a platform's participants.", flag_values=FLAGS)


def main() -> None:
    from partsjax.cli.judging.serve import study_folder
    from partsjax.judging.store import DATABASE, Store

    folder, terminal, address = study_folder(_STUDY.value), Terminal(), _URL.value.rstrip("/")
    if sum(map(bool, (_RATERS.value, _RATER.value, _OWNER.value, _ENTRY.value))) != 1:
        raise InputError("say whom to invite: one of --raters=5, --rater=3, --owner, --entry")
    with Store(folder / DATABASE) as store, store.transaction() as written:
        links = [(words, f"{address}/{path}") for words, path in _links(store, written)]
    for words, link in links:
        terminal.show(f"{words}: {link}")


def _links(store, written) -> list[tuple[str, str]]:
    """By whom a link is for, its path with a new token."""
    from partsjax.judging.raters import add_rater
    from partsjax.judging.tokens import Bearer, make_token

    if _OWNER.value:
        return [("owner", f"o/{make_token(written, Bearer('owner'), instead=True)}")]
    if _ENTRY.value:
        return [("entry", f"enter/{make_token(written, Bearer('entry'), instead=True)}")]
    if _RATER.value:
        if _RATER.value not in set(store.raters()["rater"]):
            raise InputError(f"--rater={_RATER.value}: the study has no such rater; --raters=1 adds one")
        bearer = Bearer("rater", _RATER.value)
        return [(f"rater {_RATER.value}", f"r/{make_token(written, bearer, instead=True)}")]
    added = [add_rater(written) for _ in range(_RATERS.value)]
    return [(f"rater {rater}", f"r/{make_token(written, Bearer('rater', rater))}") for rater in added]
