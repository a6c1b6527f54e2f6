"""What other people's code can depend on is what tests/golden/api.txt lists: a change of it is seen, and meant.

`make bless` writes the list anew.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from llmc.cli import app
from tests.golden import settle_file
from tests.interface import Interface, commands

LISTED: Final = Path(__file__).parent / "golden" / "api.txt"

LAMP: Final = """\
_Lit = bool | None

class Lamp:
    def __init__(self, watts: int) -> None:
        self.watts = watts
        self._lit: _Lit = False

    def _dim(self, by: "_Lit") -> None: ...

    async def shine(self, seconds: "float" = 1.0) -> "Lamp": ...
"""

SHOP: Final = """\
def buy(name: str) -> Lamp: ...
"""

TOLD: Final = """\
class Lamp
    init(watts: int)
    async def shine(seconds: float = 1.0) -> Lamp
    watts: int
def buy(name: str) -> Lamp
"""

Tell = Callable[[str, str], str]


@pytest.mark.golden
def test_the_interface_is_what_is_listed() -> None:
    """Names that can be imported, and commands with their options."""
    settle_file(LISTED, f"{Interface('llmc', 'llmc_grammar')}\n# commands\n\n{commands(app)}\n")


@pytest.fixture
def tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Say what is public in a module that is made of a text."""

    def tell(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
        monkeypatch.syspath_prepend(tmp_path)
        return str(Interface(name)).removeprefix(f"# {name}\n\n")

    return tell


def test_a_parameter_with_another_name_is_another_interface(tell: Tell) -> None:
    """So are another type, another default and a method that is no longer async; what is private is not told."""
    assert tell("llmc_tiny", LAMP + SHOP) == TOLD
    for number, (old, new) in enumerate(
        (("(name: str)", "(title: str)"), ("watts: int", "watts: float"), ("1.0", "2.0"), ("async ", ""))
    ):
        assert tell(f"llmc_tiny_{number}", (LAMP + SHOP).replace(old, new)) == TOLD.replace(old, new) != TOLD


def test_a_class_that_moves_is_the_same_interface(tell: Tell) -> None:
    """The module that lists it imports it, under whatever name, or names it by its module."""
    tell("llmc_lamps", LAMP)
    listed = '__all__ = ["Lamp", "buy"]\nfrom llmc_lamps import Lamp\n'
    assert tell("llmc_shop", listed + SHOP) == TOLD
    assert tell("llmc_far_shop", f"import llmc_lamps\n{listed}{SHOP.replace('Lamp', 'llmc_lamps.Lamp')}") == TOLD
    assert tell("llmc_shy_shop", f"{listed}from llmc_lamps import Lamp as _L\n{SHOP.replace('Lamp', '_L')}") == TOLD
