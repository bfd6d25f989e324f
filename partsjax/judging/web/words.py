"""What pages say of answers."""

from partsjax.judging.items import KINDS, Answer, Item
from partsjax.judging.store import counted_name

# What raters read beside each kind.
EXPLAINED = {
    "part": "a part that has a name: wheel, ear, window",
    "assembly": "several parts together, or a piece of one: the front of a car, half a face",
    "background": "what is behind the object: grass, sky, road",
    "texture": "a surface or pattern: fur, stripes, bricks",
    "color": "a color, whatever has it",
    "other": "a whole object, text, a shape, anything else",
}


def answer_in_words(answer: Answer) -> str:
    """An answer as a short phrase: "semantic part: wheel"."""
    if not answer.consistent:
        return "no single concept"
    return f"{KINDS[answer.kind]}: {answer.name}" if answer.name else KINDS[answer.kind]


def outcome_of(item: Item, said: Answer) -> str:
    """Of an answer to an item whose truth is known: "right", "name" (only the name differs) or "wrong"."""
    truth = item.truth
    if (said.consistent, said.kind) != (truth.consistent, truth.kind):
        return "wrong"
    right = {counted_name(name) for name in (truth.name, *item.accepted)}
    return "right" if not truth.name or counted_name(said.name) in right else "name"


def counted_share(part: int, whole: int) -> str:
    """ "3 of 4 (75%)"; "–" of nothing."""
    return f"{part} of {whole} ({part / whole:.0%})" if whole else "–"
