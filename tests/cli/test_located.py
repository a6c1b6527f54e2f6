"""Mistakes that leave the compiler know their text: line, column, and the JSON of `llmc check`."""

import json
import pickle
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

import llmc
from llmc_grammar.diagnostic import Diagnostic, located
from llmc_grammar.mistake import Edit, Note, mistake
from llmc_grammar.source import Source, Span
from tests.cli.conftest import Cli
from tests.runtime import clock

WRONG = '\n1. prise("tea")\njoin($3)\n'
WARNED = '\n1. "tea\njoin($1)\n2. "coffee"\n'


@llmc.pure
def price(item: str) -> float:
    """A price."""
    return 1.0


def compiled() -> tuple[Diagnostic, ...]:
    """The mistakes of a plan that is compiled."""
    with pytest.raises(llmc.CompileError) as caught:
        llmc.compile(WRONG, [price])
    return caught.value.diagnostics


def streamed() -> tuple[Diagnostic, ...]:
    """Those of one that arrives in pieces."""

    async def pieces() -> AsyncIterator[str]:
        for each in WRONG:
            yield each

    with pytest.raises(llmc.CompileError) as caught:
        clock.run(llmc.run_stream(pieces(), [price]))
    return caught.value.diagnostics


def warned() -> tuple[Diagnostic, ...]:
    """The warnings of a program and of its run."""
    program = llmc.compile('x = price("tea")\njoin(1)\n', [price])
    return (*program.diagnostics, *clock.run(program.run()).diagnostics)


def arriving() -> tuple[Diagnostic, ...]:
    """Those of a stream that was only read."""
    stream = llmc.PlanStream(mode="lenient")
    stream.feed(WARNED)
    stream.close()
    return stream.diagnostics


WAYS: list[Callable[[], tuple[Diagnostic, ...]]] = [
    compiled,
    streamed,
    warned,
    arriving,
    lambda: llmc.parse("1. price(\n2. price(").diagnostics,
]


@pytest.mark.parametrize("way", WAYS)
def test_each_way_out_tells_lines(way: Callable[[], tuple[Diagnostic, ...]]) -> None:
    """Line and column are those of its JSON, and stand in its drawing."""
    found = way()
    assert found
    for each in found:
        told = each.to_json()
        assert (told["place"]["line"], told["place"]["column"]) == (each.line, each.column)
        assert (told["code"], told["severity"], told["title"]) == (each.code, each.severity, each.message)
        assert f"{each.severity}[{each.code}]: {each.message}\n" in str(each)
        assert f":{each.line}:{each.column}\n" in str(each)
        again = pickle.loads(pickle.dumps(each))  # noqa: S301
        assert again == each
        assert again.to_json() == told


def test_line_and_column_count_from_one() -> None:
    """In characters."""
    assert [(each.code, each.line, each.column) for each in compiled()] == [("E201", 2, 4), ("E202", 3, 6)]


def test_the_form_is_that_of_check(cli: Cli, folder: Path) -> None:
    """But for the name of the file, and that tools were checked."""
    (folder / "wrong.llmc").write_text(WRONG.replace("prise", "\u202eprise"), "utf-8")
    (folder / "prices.py").write_text(
        "import llmc\n\n@llmc.pure\ndef price(item: str) -> float:\n    return 1.0\n", "utf-8"
    )
    told = json.loads(cli("check", "wrong.llmc", "--tools", "prices.py", "--format", "json").stdout)
    with pytest.raises(llmc.CompileError) as caught:
        llmc.load("wrong.llmc", [price])
    assert [{**each.to_json(), "tools_checked": True} for each in caught.value.diagnostics] == told
    assert all(each.message.isprintable() for each in caught.value.diagnostics)


@mistake
class Wobble(Diagnostic):
    """Something wobbles."""

    code = "E999"
    title = "`{name}` wobbles"

    name: str


def test_a_mistake_without_a_text_has_no_line() -> None:
    """Its form as JSON has offsets; the text changes nothing else of it."""
    one = Wobble(span=Span(2, 3), name="x\x1b", notes=(Note(Span(0, 1), "here"),), edit=Edit(Span(2, 3), "y"))
    assert (one.line, one.column, str(one)) == (None, None, "error[E999]: `x\\u001b` wobbles")
    assert one.to_json()["place"] == {"line": None, "column": None, "start": 2, "end": 3}
    assert one.to_json()["file"] is None
    (two,) = located([one], Source("plan.llmc", "a\nbc"))
    assert (two.line, two.column, two.to_json()["file"]) == (2, 1, "plan.llmc")
    assert (two, hash(two), repr(two)) == (one, hash(one), repr(one))
    assert located([two], two.source)[0] is two
    with pytest.raises(AttributeError, match="cannot assign to field 'source'"):
        two.source = None  # type: ignore[misc]  # what is refused


def kinds(of: type[Diagnostic]) -> Iterator[type[Diagnostic]]:
    """All kinds of mistakes that are known by now."""
    yield of
    for kind in of.__subclasses__():
        yield from kinds(kind)


def test_no_mistake_has_a_field_in_the_place_of_what_all_have() -> None:
    """A property would hide it."""
    common = {"code", "message", "severity", "line", "column", "source", "to_json"}
    found = list(kinds(Diagnostic))
    assert len(found) > 100
    assert not [kind for kind in found if common & kind.fields.keys()]
