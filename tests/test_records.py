"""What travels between the rooms is a record: nobody changes one that another holds."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

from partsjax import discriminativeness, emergence

MODULES = [
    module.name
    for room in (emergence, discriminativeness)
    for module in pkgutil.iter_modules(room.__path__, f"{room.__name__}.")
]


@pytest.mark.parametrize("name", MODULES)
def test_records_are_frozen(name):
    module = importlib.import_module(name)
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if kind.__module__ == name and dataclasses.is_dataclass(kind):
            assert kind.__dataclass_params__.frozen, kind
