"""What a run says of its photographs before the network runs: the bad, the doubled, the odd."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from partsjax.data import duplicates
from partsjax.data.faults import NAMED, listed
from partsjax.data.schema import Image
from partsjax.data.survey import Look, survey
from partsjax.errors import InputError
from partsjax.runs.context import Context, Notes

_SOON = 2000  # images that are looked at too quickly for a bar


def looked_at(images: Iterable[Image], context: Context) -> list[Look]:
    """A look at each of a run's images, in the order given.

    Raises:
      InputError: some cannot be used and `context.skip_bad` is not set.
    """
    images = list(images)
    with context.preparation() as progress:

        def advance(done: int, total: int) -> None:
            if total > _SOON:
                progress(done, total, "looking at the photographs")

        looks = survey(images, threads=context.threads, progress=advance)
    bad = {look.image.source.label: look.problem for look in looks if look.problem}
    if bad and not context.skip_bad:
        raise unreadable(bad)
    return looks


def digests(looks: Sequence[Look]) -> dict[str, str]:
    """Content hash of every image, by its id."""
    return {look.image.image_id: look.digest or "unreadable" for look in looks}


def note_oddities(looks: Sequence[Look], notes: Notes, *, allow_duplicates: bool) -> None:
    """Notes what is odd about the images that can be used.

    Raises:
      InputError: a photograph appears twice, byte for byte, and `allow_duplicates` is not set.
    """
    if equal := duplicates.equal_bytes(looks):
        what = f"the same photograph twice, byte for byte: {_pairs(equal)}"
        if not allow_duplicates:
            raise InputError(f"{what}; keep one of each, or go on with --allow_duplicates")
        notes.add(f"{what}; kept (--allow_duplicates)")
    if alike := duplicates.equal_looks(looks):
        notes.add(f"near-duplicates, photographs that look the same but differ in bytes: {_pairs(alike)}")
    for odd, what, so in _ODD:
        names = [look.image.image_id for look in looks if look.problem is None and odd(look)]
        if names:
            notes.add(f"{len(names)} of {len(looks)} photographs {what} ({listed(names)}): {so}")


_ODD: Sequence[tuple[Callable[[Look], bool], str, str]] = (
    (
        lambda look: look.orientation != 1 and not look.turned,
        "carry an EXIF orientation",
        "taken as stored, not turned",
    ),
    (
        lambda look: look.turned,
        "carry an EXIF orientation and were annotated as turned",
        "turned, because the annotated width and height are the turned picture's",
    ),
    (
        lambda look: look.transparent,
        "have transparent pixels",
        "taken in the colors stored there, as if opaque",
    ),
    (lambda look: look.several, "are files of several pictures", "the first is taken"),
)


def unreadable(bad: Mapping[str, str]) -> InputError:
    """One line about images that cannot be used; bad: label -> what is wrong, which begins with the label."""
    if len(bad) == 1:
        return InputError(f"{next(iter(bad.values()))} (or --skip_bad to go on without it)")
    kinds: dict[str, list[str]] = {}
    for label, problem in bad.items():
        kinds.setdefault(problem.removeprefix(f"{label}: "), []).append(label)
    shown = [f"{listed(labels)}: {what}" for what, labels in kinds.items()]
    more = [f"{len(shown) - NAMED} more kinds of faults"] if len(shown) > NAMED else []
    what = "; ".join(shown[:NAMED] + more)
    return InputError(f"{len(bad)} images cannot be used: {what} (or --skip_bad to go on without them)")


def _pairs(pairs: Sequence[duplicates.Pair]) -> str:
    """How many, and the first ones, those across train and val before others."""
    across = [pair for pair in pairs if pair[0].split != pair[1].split]
    within = [pair for pair in pairs if pair[0].split == pair[1].split]
    named = [f"{a.split} {a.image_id} = {b.split} {b.image_id}" for a, b in (*across, *within)]
    count = f"{len(pairs)} pair{'s' * (len(pairs) > 1)}, {len(across)} of them across train and val"
    return f"{count} ({listed(named)})"
