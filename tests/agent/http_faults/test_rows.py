"""Every row of the table has a test that is called by its number."""

import ast
import re
from pathlib import Path

ROWS = (*range(1, 15), 16, 17)
NAME = re.compile(r"test_p(\d+)_")


def rows(texts: list[str]) -> set[int]:
    """The rows that the tests in some modules are about."""
    names = [each.name for text in texts for each in ast.parse(text).body if hasattr(each, "name")]
    return {int(found[1]) for name in names if (found := NAME.match(name))}


def test_every_row_has_a_test() -> None:
    """And no test is about a row that does not exist."""
    assert rows([path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py")]) == set(ROWS)


def test_control_a_row_without_test_is_seen() -> None:
    """A name in a text, or of something inside a function, is none."""
    texts = ["def test_p2_x(): pass\nasync def test_p93_y(): pass", "'test_p1_z'\ndef f():\n def test_p3_z(): pass"]
    assert rows(texts) == {2, 93}
