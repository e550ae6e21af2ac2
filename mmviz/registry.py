"""A folder as a registry: every file in it that defines one class of a kind is known by the file's name."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from mmviz.errors import MmvizError, UnknownNameError

__all__ = ["FolderRegistry"]

T = TypeVar("T")


class FolderRegistry(Generic[T]):
    """The classes that the files of one package define, one a file, known by the name of the file.

    The package's `base` module holds the contract, and modules whose name begins with an underscore hold
    what several files share; neither is an entry. Nothing is imported before `classes` or `get` is called,
    so that names can be listed without loading the libraries that the entries need.

    - `package`, `path`: `__name__` and `__path__` of the package.
    - `contract`: name of the class in the package's `base` module that every entry extends. It has a `title`.
    - `noun`: what an entry is called in messages ("strategy"), with its plural.
    - `error`: what is raised for a file that breaks the rules.
    """

    def __init__(
        self, package: str, path: Iterable[str], contract: str, noun: tuple[str, str], error: type[MmvizError]
    ) -> None:
        self._package = package
        self._path = path
        self._contract = contract
        self._noun, self._nouns = noun
        self._error = error
        self._texts: dict[str, dict[str, str]] = {}

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of all entries in alphabetical order, without importing any of them."""
        modules = (module.name for module in pkgutil.iter_modules(self._path))
        return tuple(sorted(name for name in modules if name != "base" and not name.startswith("_")))

    @cached_property
    def classes(self) -> dict[str, type[T]]:
        """Name -> class of every entry.

        Raises `error` when a file does not define exactly one, has no title, or shares it with another.
        """
        found = {name: self._the_one_in(name) for name in self.names}
        titles: dict[str, str] = {}
        for name, cls in found.items():
            title = getattr(cls, "title", None)
            if not isinstance(title, str) or not title:
                raise self._error(f"{self._file(name)} gives its {self._noun} no title. Set the class's `title`.")
            if title in titles:
                raise self._error(
                    f"Two {self._nouns} are titled '{title}': {self._file(titles[title])} and "
                    f"{self._file(name)}. Give one of them another title."
                )
            titles[title] = name
        return found

    def get(self, name: str) -> type[T]:
        """The class of one entry. Raises UnknownNameError with the nearest name."""
        if name not in self.names:
            raise UnknownNameError(self._noun, name, self.names)
        return self.classes[name]

    def texts(self, name: str) -> dict[str, str]:
        """The class attributes of an entry that are plain strings (title, summary …), read without importing it.

        A menu can so be drawn without loading the libraries that the entries need. Raises UnknownNameError.
        """
        if name not in self._texts:
            self._texts[name] = self._read_texts(name)
        return self._texts[name]

    def words(self, name: str, attribute: str) -> tuple[str, ...] | None:
        """A class attribute of an entry that is a tuple of strings, read without importing it; None = not set there."""
        for node in self._classes_of(name):
            if (found := _assigned(node).get(attribute)) is not None:
                return tuple(map(str, ast.literal_eval(found)))
        return None

    def _read_texts(self, name: str) -> dict[str, str]:
        found = [_string_attributes(node) for node in self._classes_of(name)]
        return next((texts for texts in found if "title" in texts), {"title": name})

    def _classes_of(self, name: str) -> list[ast.ClassDef]:
        if name not in self.names:
            raise UnknownNameError(self._noun, name, self.names)
        spec = importlib.util.find_spec(f"{self._package}.{name}")
        source = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
        return [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]

    def _the_one_in(self, name: str) -> type[T]:
        contract: type[T] = getattr(importlib.import_module(f"{self._package}.base"), self._contract)
        module = importlib.import_module(f"{self._package}.{name}")
        own = [
            cls
            for _, cls in inspect.getmembers(module, inspect.isclass)
            if issubclass(cls, contract) and cls.__module__ == module.__name__ and not inspect.isabstract(cls)
        ]
        if len(own) != 1:
            raise self._error(
                f"{self._file(name)} defines {len(own)} {self._nouns} "
                f"({', '.join(cls.__name__ for cls in own) or 'none'}); "
                f"such a file holds exactly one subclass of {self._contract}."
            )
        return own[0]

    def _file(self, name: str) -> str:
        return f"{self._package.rpartition('.')[2]}/{name}.py"


def _string_attributes(node: ast.ClassDef) -> dict[str, str]:
    return {
        name: value.value
        for name, value in _assigned(node).items()
        if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }


def _assigned(node: ast.ClassDef) -> dict[str, ast.expr]:
    """What is assigned to each name in a class body."""
    return {
        target.id: item.value
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    }
