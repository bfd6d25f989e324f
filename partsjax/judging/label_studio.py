"""A study as tasks of Label Studio, and answers that were given there.

A task shows an item's pictures as one piece of HTML; `CONFIG` is the project's labeling interface. Nothing in
a task says which filter it is.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

import pandas as pd

from partsjax.errors import InputError
from partsjax.judging.exported import AnswerThere, RaterThere, utc
from partsjax.judging.items import KINDS, LONGEST_NAME, SURENESS, Answer, Item, Study

PLATFORM = "label_studio"
_OURS = "partsjax-"  # begins the ids of results that were not given there
_YES, _NO = "yes", "no"


def _choices(name: str, labels: Mapping[Any, str], more: str = "") -> str:
    lines = [
        f"    <Choice value={quoteattr(label)} alias={quoteattr(str(key))}/>" for key, label in labels.items()
    ]
    head = f'  <Choices name="{name}" toName="pictures" choice="single" showInLine="true" {more}>'
    return "\n".join([head, *lines, "  </Choices>"])


_WHERE_ONE = 'visibleWhen="choice-selected" whenTagName="consistent" whenChoiceValue="one concept"'
CONFIG = "\n".join(
    [
        "<View>",
        '  <HyperText name="pictures" value="$pictures" selectionEnabled="false" inline="true"/>',
        '  <Header value="Do the bright regions show one concept?"/>',
        _choices("consistent", {_YES: "one concept", _NO: "no one concept"}, 'required="true"'),
        '  <Header value="Of which kind?"/>',
        _choices("kind", KINDS, _WHERE_ONE),
        '  <Header value="What is it? A name, needed for a semantic part."/>',
        '  <TextArea name="name" toName="pictures" maxSubmissions="1" rows="1"/>',
        '  <Header value="How sure are you?"/>',
        _choices("sure", SURENESS, 'required="true"'),
        "</View>",
        "",
    ]
)


def tasks(study: Study, answers: pd.DataFrame, images: str) -> list[dict[str, Any]]:
    """The items to be judged, gold ones among them, with the answers that were given already.

    Args:
      answers: as `exported` gives them.
      images: where Label Studio finds the study's images: what comes before a file's name.
    """
    shown = [item for item in study.items if item.purpose != "practice"]
    given = dict(list(answers.groupby("item")))
    simulated = bool(answers["simulated"].any())
    return [
        {
            "data": {
                "study": study.digest,
                "item": item.item,
                "simulated": simulated,
                "pictures": _html(item, images),
            },
            "annotations": [_annotation(row) for row in given.get(item.item, answers[:0]).to_dict("records")],
        }
        for item in sorted(shown, key=lambda item: item.item)  # whose names are random
    ]


def _html(item: Item, images: str) -> str:
    def row(names) -> str:
        return "".join(f"<img src={quoteattr(images + name)} width=150 height=150> " for name in names)

    highlighted, plain = ([getattr(p, which) for p in item.pictures] for which in ("highlighted", "plain"))
    return f"<div>{row(highlighted)}</div><p>The same without highlights:</p><div>{row(plain)}</div>"


def _annotation(row: Mapping[str, Any]) -> dict[str, Any]:
    """An answer as Label Studio has it, by nobody, since it refuses raters that it does not know."""
    said = {"consistent": [_YES if row["consistent"] else _NO], "sure": [str(row["sure"])]}
    said |= {"kind": [row["kind"]]} if row["consistent"] else {}
    values = [(name, "choices", {"choices": chosen}) for name, chosen in said.items()]
    values += [("name", "textarea", {"text": [row["name"]]})] if row["name"] else []
    return {
        "result": [
            {
                "id": f"{_OURS}{row['rater']}-{row['repeat']}-{name}",
                "from_name": name,
                "to_name": "pictures",
                "type": kind,
                "value": value,
            }
            for name, kind, value in values
        ],
        "lead_time": row["seconds"] if row["seconds"] == row["seconds"] else None,
        "created_at": row["answered_at"],
    }


def from_tasks(content: list[dict[str, Any]], study: str) -> Iterator[AnswerThere]:
    """Answers that were given in Label Studio, of its export as JSON; empty and skipped ones, and those that
    were given before, are left out.

    Raises:
      InputError: they are of another study, or hold what is no answer.
      Exception: of any kind, where it is something else.
    """
    for task in content:
        if task["data"]["study"] != study:
            raise InputError("a task is of another study; import it into a copy of that one")
        item = task["data"]["item"]
        for annotation in task.get("annotations", ()):
            results = annotation["result"]
            ours = any(str(result.get("id", "")).startswith(_OURS) for result in results)
            if ours or not results or annotation.get("was_cancelled"):
                continue
            try:
                answer = _answer({result["from_name"]: result["value"] for result in results})
            except InputError as error:
                raise InputError(f"task {task.get('id', '')}: {error}") from error
            by = annotation["completed_by"]
            who = str(by.get("email") or by["id"]) if isinstance(by, dict) else str(by)
            rater = RaterThere(task["data"]["simulated"], PLATFORM, who, "", "", "", "", "")
            seconds = annotation.get("lead_time")
            yield AnswerThere(
                rater,
                item,
                0,
                answer,
                None if seconds is None else float(seconds),
                utc(annotation["created_at"]),
            )


def _answer(values: Mapping[str, Mapping[str, Any]]) -> Answer:
    def chosen(name: str, labels: Mapping[Any, str]) -> str | None:
        (said,) = values[name]["choices"] if name in values else (None,)
        return {label: str(key) for key, label in labels.items()}.get(said, said)

    consistent = chosen("consistent", {_YES: "one concept", _NO: "no one concept"})
    if consistent not in (_YES, _NO):
        raise InputError(f"consistent is {consistent!r:.40}; use the labeling interface of export")
    sure = chosen("sure", SURENESS)
    text = values.get("name", {}).get("text", "")
    name = " ".join(" ".join([text] if isinstance(text, str) else text).split())[:LONGEST_NAME]
    one = consistent == _YES
    return Answer(
        one,
        chosen("kind", KINDS) if one else None,
        name if one else "",
        int(sure) if sure in map(str, SURENESS) else 0,
    )
