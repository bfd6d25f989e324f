"""Versions of our own code: of what a module runs, as far as it can change a number."""

import ast
import functools
import hashlib
import importlib.util
import sys
from importlib.machinery import ModuleSpec, PathFinder

_PACKAGE = __name__.partition(".")[0]


@functools.cache
def version(*modules: str) -> str:
    """Hash of the source of `modules` and of all of this package that they import, at any depth.

    Comments, docstrings and layout do not count. Where there is no source, the package's version takes
    its place.
    """
    digest = hashlib.sha256()
    for module in sorted(closure(*modules)):
        digest.update(f"{module}\0{_read(module, _source(module))[1]}\0".encode())
    return digest.hexdigest()


def closure(*modules: str) -> set[str]:
    """`modules` and all of this package that they import, inside functions too.

    A package that is only on the way to a module is not one of them: what else it imports is not run.
    """
    found, waiting = set(), list(modules)
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += _read(module, _source(module))[0]
    return found


@functools.cache
def _read(module: str, source: str | None) -> tuple[set[str], str]:
    """What a module imports of this package, and the module without what changes no number."""
    if source is None:
        return set(), sys.modules[_PACKAGE].__version__
    tree = ast.parse(source)
    return _imports(module, tree), _meaning(tree)


def _imports(module: str, tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            here = node.module or ""
            if node.level:
                here = importlib.util.resolve_name("." * node.level + here, _spec(module).parent)
            for alias in node.names:
                inner = f"{here}.{alias.name}"
                names.add(inner if _ours(inner) and _spec(inner) else here)
    return {name for name in names if _ours(name)}


def _ours(module: str) -> bool:
    return module.partition(".")[0] == _PACKAGE


def _meaning(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [statement for statement in block if not _is_text(statement)])
    return ast.dump(tree)


def _is_text(statement: ast.stmt) -> bool:
    """A docstring, or text that serves as one below a constant."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


@functools.cache
def _source(module: str) -> str | None:
    """A module's source, from wherever the package is; None without one, or without such a module."""
    spec = _spec(module)
    try:
        return spec.loader.get_source(module)
    except (ImportError, AttributeError, OSError):
        return None


def _spec(module: str) -> ModuleSpec | None:
    """As `importlib.util.find_spec`, which imports the packages on the way, also what no run uses."""
    outer, _, _ = module.rpartition(".")
    if not outer:
        return sys.modules[_PACKAGE].__spec__ if module == _PACKAGE else None
    places = getattr(_spec(outer), "submodule_search_locations", None)
    return None if places is None else PathFinder.find_spec(module, places)
