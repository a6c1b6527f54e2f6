"""Plans that follow plans: what they can read, which ids they may use, where their numbers go on."""

import pytest

from llmc_compiler.compiler import IncrementalCompiler
from llmc_compiler.diagnostics.plan_errors import CompileError
from llmc_compiler.expressions.terms import Json
from llmc_compiler.ir.graph import Graph
from llmc_compiler.session import Earlier
from llmc_compiler.tools.decorators import pure
from llmc_compiler.tools.toolbox import Toolbox


@pure
def length(text: str) -> int:
    """The length of a text."""
    return len(text)


@pure
def keep(value: Json) -> Json:
    """The value."""
    return value


TOOLS = Toolbox([length, keep])
BEFORE = Earlier({"1": "ab", "2": [1], "4": {"k": 1}, "name": 5}, frozenset({"1", "2", "3", "4", "name"}))


def compiled(text: str, *, mode: str = "strict") -> Graph:
    """The graph of a plan after those before it."""
    front = IncrementalCompiler(TOOLS, mode="lenient" if mode == "lenient" else "strict", earlier=BEFORE)
    front.feed(text)
    front.close()
    return front.graph


def mistakes(text: str, *, mode: str = "strict") -> str:
    """The report of a plan's mistakes."""
    with pytest.raises(CompileError) as error:
        compiled(text, mode=mode)
    return str(error.value)


def test_numbers_go_on() -> None:
    """After the highest of all plans before, whether that task has a value or not."""
    assert list(compiled("keep(0)\nkeep(1)\n9. keep(2)\nkeep(3)\njoin()").tasks) == ["5", "6", "9", "10"]


def test_earlier_values_are_read_like_inputs() -> None:
    """By tasks, in texts, with steps; nothing waits for them."""
    graph = compiled('keep($1)\nkeep("$name ${4.k}")\nkeep($2[0])\njoin()')
    assert all(node.needs == () for node in graph.nodes.values() if node.id != "join")


@pytest.mark.parametrize("binder", ["1.", "3.", "name ="])
def test_their_ids_are_taken(binder: str) -> None:
    """There is no place in this text to point to."""
    report = mistakes(f"{binder} keep(1)\njoin()")
    assert "is already taken" in report
    assert "first here" not in report
    assert "`name` is already the name of a task" in mistakes("x = keep($name) for name in [1]\njoin()")


@pytest.mark.parametrize("use", ["$3", '"$3"', '"so ${3}"', "$3.k"])
@pytest.mark.parametrize("mode", ["strict", "lenient"])
def test_what_has_no_value_cannot_be_read(use: str, mode: str) -> None:
    """Not even in a text, where a name that means nothing stays as it is written."""
    report = mistakes(f"keep({use})\njoin()", mode=mode)
    assert "error[E202]: `$3` is not defined" in report
    assert "did you mean `$3`" not in report


def test_their_types_are_known() -> None:
    """As far as they are seen without looking into them; the mistake has no second place."""
    assert len(compiled("length($1)\nkeep($2[7])\nkeep($4.other)\njoin()").tasks) == 3
    report = mistakes("length($name)\nlength($2)\n$1 + $2\njoin()")
    assert report.count("error[E212]") == 2
    assert "error[E215]" in report
    assert "declared as" not in report
