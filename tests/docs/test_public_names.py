"""Every public name is in the reference, and says what it takes, returns and raises."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

import partsjax as pj

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "api.md").read_text(encoding="utf-8")


def lacking(thing) -> list[str]:
    """What a public function, class or method does not say of itself."""
    doc = inspect.getdoc(thing) or ""
    first = doc.split("\n\n")[0]
    missing = [] if re.search(r"[.?:]$", first) else ["a first sentence"]
    if inspect.isclass(thing):
        fields = dataclasses.fields(thing) if dataclasses.is_dataclass(thing) else ()
        names = [field.name for field in fields if not field.name.startswith("_")]
        missing += [name for name, one in _own(thing) if lacking_words(one)]
    else:
        names = [name for name in inspect.signature(thing).parameters if name != "self"]
    return missing + [
        name for name in names if not re.search(rf"^ +{name}: \S|`[^`]*\b{name}\b[^`]*`", doc, re.MULTILINE)
    ]


def lacking_words(thing) -> bool:
    return not inspect.getdoc(thing)


def _own(kind) -> list[tuple[str, object]]:
    """Public methods and properties that a class defines."""
    return [
        (name, one)
        for name, one in vars(kind).items()
        if not name.startswith("_") and (callable(one) or isinstance(one, property) or hasattr(one, "func"))
    ]


def test_the_reference_has_every_name_once():
    listed = re.findall(r"^::: partsjax\.(\w+)$", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(name for name in dir(pj) if not name.startswith("_"))


@pytest.mark.parametrize("name", [name for name in dir(pj) if not name.startswith("_")])
def test_a_name_says_what_it_is(name):
    assert not lacking(getattr(pj, name))


@pytest.mark.parametrize("name", ["load_network", "load_dataset", "register_dataset", "measure"])
def test_a_call_says_what_it_raises(name):
    assert re.search(r"Raises:\n\s+InputError: \S", inspect.getdoc(getattr(pj, name)))


def test_silence_is_noticed():
    def silent(one, other):
        """Takes one.

        Args:
          one: of two.
        """

    assert lacking(silent) == ["other"]
    silent.__doc__ = None
    assert lacking(silent) == ["a first sentence", "one", "other"]
