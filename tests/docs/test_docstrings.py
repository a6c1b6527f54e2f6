"""Everything that users of llmc can name in Python has a docstring, which the site shows."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import Final

import griffe
import pytest

from docs.hooks.python_pages import PAGES, objects
from tests.docs.pages import ROOT
from tests.docs.prose import LONGEST, sentences

PACKAGES: Final = ("llmc_grammar", "llmc_compiler", "llmc_runtime", "llmc")

LAMP: Final = '''\
"""A module."""

class _Thing:
    weight = 1
    """Its weight."""

class Lamp(_Thing):
    """A lamp."""

    weight = 2
    watts: int
    colour: str
    """Its colour."""

    def __init__(self) -> None:
        self.is_lit = False
        self.is_hot = False
        """Whether it is hot."""
        self._age = 0

    @property
    def light(self) -> int: ...

    def shine(self) -> None:
        """Shine."""

def make(): ...
'''


def shown(names: Iterable[str], packages: Iterable[str], folders: Iterable[Path]) -> dict[str, griffe.Object]:
    """The objects that pages show, by path: names with their public members, those of their bases included."""
    loader = griffe.GriffeLoader(search_paths=[*folders])
    for package in packages:
        loader.load(package)
    loader.resolve_aliases(implicit=True, external=False)
    found = (_with_members(loader.modules_collection[name]) for name in names)
    return {each.path: each for each in chain.from_iterable(found)}


def _with_members(found: griffe.Object | griffe.Alias) -> Iterator[griffe.Object]:
    """An object, and the public members of a class or module; a module lists them, or defines them itself."""
    target = found.final_target if isinstance(found, griffe.Alias) else found
    yield target
    if isinstance(target, griffe.Class | griffe.Module):
        listed = {str(name) for name in target.exports or ()}
        for name, member in target.all_members.items():
            is_own = isinstance(target, griffe.Class) or not (member.is_alias or member.is_module)
            if name in listed or (not listed and is_own and not name.startswith("_")):
                yield from _with_members(member)


def undocumented(found: Mapping[str, griffe.Object]) -> list[str]:
    """The paths of objects without a docstring."""
    return sorted(path for path, each in found.items() if not docstring(each))


def docstring(found: griffe.Object) -> str:
    """The docstring of an object, or of the member of a base that it replaces."""
    bases = found.parent.mro() if isinstance(found.parent, griffe.Class) else []
    same = [found, *(base.members[found.name] for base in bases if found.name in base.members)]
    return next((each.docstring.value for each in same if each.docstring), "")


@pytest.fixture(scope="module")
def public() -> dict[str, griffe.Object]:
    """Everything that the pages of the Python API show."""
    names = [name for subject in PAGES.values() for name in objects(subject)]
    return shown(names, PACKAGES, [ROOT / folder for folder in ("grammar", "compiler", "runtime")])


def test_every_public_name_has_a_docstring(public: dict[str, griffe.Object]) -> None:
    """Classes, functions, methods, properties and attributes; the walk has found those of bases too."""
    assert undocumented(public) == []
    assert {
        "llmc_runtime.limits.Limits.width",
        "llmc_runtime.state.events.InstanceEvent.key",
        "llmc_runtime.agent.joining.replan_policy.Turn.last",
        "llmc.schemas.schema",
    } <= set(public)


def test_docstrings_are_read_with_ease(public: dict[str, griffe.Object]) -> None:
    """No sentence is long; tests/test_english.py counts phrases."""
    found = ((path, each) for path, thing in public.items() for each in sentences(docstring(thing)))
    assert [f"{path}: {each.words}: {each.text}" for path, each in found if each.words > LONGEST] == []


def test_missing_docstrings_are_seen(tmp_path: Path) -> None:
    """Of attributes, methods and functions; a member that replaces a documented one needs none."""
    (tmp_path / "lamps.py").write_text(LAMP)
    found = shown(["lamps"], ["lamps"], [tmp_path])
    names = ("Lamp.is_lit", "Lamp.light", "Lamp.watts", "make")
    assert undocumented(found) == [f"lamps.{name}" for name in names]
    assert "lamps.Lamp.weight" in found
