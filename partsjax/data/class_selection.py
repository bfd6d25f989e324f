"""Which of a data set's classes a run asks for."""

from collections.abc import Iterable, Mapping, Sequence

from partsjax.errors import BadInput, nearest


def choose_classes(
    asked: Iterable[str] | None, known: Iterable[str], parts: Mapping[str, Sequence[str]], where: str
) -> tuple[str, ...]:
    """The classes to read, in the data set's own order, so that the order of asking changes nothing.

    Args:
      asked: names, or None for every class that has part boxes.
      known: every object class the data set has.
      parts: object class -> its annotated parts; a class without any may be absent.
      where: what error messages call the data set.

    Raises:
      BadInput: an unknown class, a class without part boxes, or none left.
    """
    annotated = tuple(name for name in known if parts.get(name))
    if asked is None:
        if not annotated:
            raise BadInput(f"{where}: no class has part boxes; use annotations with parts")
        return annotated
    wanted = (asked,) if isinstance(asked, str) else tuple(asked)
    if not wanted:
        raise BadInput(f"{where}: no class is asked for; choose from: {', '.join(annotated)}")
    known = set(known)
    for name in wanted:
        if name not in known:
            raise BadInput(f"{where}: no class {name!r}; {nearest(name, annotated)}")
        if name not in annotated:
            raise BadInput(f"{where}: class {name!r} has no part boxes; choose from: {', '.join(annotated)}")
    return tuple(name for name in annotated if name in wanted)
