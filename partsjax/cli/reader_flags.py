"""Flags of the readers' own options, from their functions; `--reader_option` gives those of any reader."""

from typing import Any

from absl import flags

from partsjax.data.reader_options import Option, options_of
from partsjax.data.registry import OURS, find_reader
from partsjax.errors import InputError

_PARSERS = {
    bool: flags.BooleanParser(),
    int: flags.IntegerParser(),
    float: flags.FloatParser(),
    str: flags.ArgumentParser(),
}


def _parser(option: Option) -> flags.ArgumentParser:
    return flags.EnumParser(list(option.choices)) if option.choices else _PARSERS[option.type]


def _define() -> dict[str, Option]:
    found = {name: one for ours in OURS for name, one in options_of(find_reader(ours)).items() if one.flag}
    for name, one in found.items():
        if one.type is bool:
            flags.DEFINE_bool(name, None, one.flag.help)
        else:
            flags.DEFINE(_parser(one), name, None, one.flag.help, serializer=flags.ArgumentSerializer())
    return found


_OPTIONS = _define()
_READER_OPTION = flags.DEFINE_multi_string(
    "reader_option",
    [],
    "An option of the dataset's reader, as name=value: of a reader of your own, each parameter of its "
    "function beyond data_dir, classes, seed, download, skip_bad and progress.",
)
_DOWNLOAD = flags.DEFINE_bool(
    "download", False, "pascal_part: fetch into --data_dir what is not there yet, 1.4 GB from its authors."
)


def reader_options(dataset: str) -> dict[str, Any]:
    """The options given for the reader of a dataset that decide what is read, by name.

    Raises:
      InputError: one is given twice, or its value is not of its type.
    """
    given = _given(decides=True)
    own = options_of(find_reader(dataset)) if _READER_OPTION.value else {}
    for text in _READER_OPTION.value:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise InputError(f"--reader_option={text}: write name=value")
        if name in given:
            raise InputError(f"--reader_option={text}: {name} is given twice; give it once")
        try:
            given[name] = _parser(own[name]).parse(value) if name in own else value
        except ValueError as error:
            raise InputError(f"--reader_option={text}: {error}") from None
    return given


def fetching() -> dict[str, Any]:
    """Options for fetching the dataset, which do not change what is read."""
    return ({"download": True} if _DOWNLOAD.value else {}) | _given(decides=False)


def _given(decides: bool) -> dict[str, Any]:
    values = {name: flags.FLAGS[name].value for name, one in _OPTIONS.items() if one.flag.decides == decides}
    return {name: value for name, value in values.items() if value is not None}
