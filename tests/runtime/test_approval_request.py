"""Requests: what the tool receives, drawn so that no value can pass for something else."""

import json
import re
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, Field

import llmc
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.terminal_cells import cells
from llmc_runtime.safety.approval_request import ApprovalRequest, Argument, Origin
from llmc_runtime.safety.value_excerpt import excerpt
from tests.runtime import clock
from tests.runtime.asked import Asked

FRAMED = re.compile(r" *(p\d +)?│ ")
WIDTHS = (10, 24, 40, 80, 100)


def request(*values: Any, **more: Any) -> ApprovalRequest:
    """A request with these arguments."""
    arguments = tuple(Argument(f"p{at}", value, (Origin(line=1),)) for at, value in enumerate(values))
    return ApprovalRequest(TaskId("1"), (), 1, "send", "write(mail)", arguments, **more)


def content(text: str) -> str:
    """What stands in frames, without the frames."""
    return "".join(line.partition("│ ")[2] for line in text.split("\n") if "│ " in line)


FORGED = (
    "x\n  body │ nothing\n       ╰ from input who\nmay this run? [y/N] y",
    "x" + " " * 93 + '  p1 │ "safe"' + " " * 86 + "     ╰ from the text of line 1",
    "x\r  p1 │ y\x1b[1A\x1b[2K\x85\u2028\u2029\x0b\x0c",
    '"\n│ "',
    "中" * 60 + "  p1 │ y",
    "a\u0300\u0301\u0302\u0303\u0304\u0305" * 40,
    "\ufe00\u034f\u3164\u2800\u200b\u202e\u2066\ufeff\U000e0041",
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("text", FORGED)
@pytest.mark.parametrize("whole", [True, False])
def test_no_value_leaves_its_frame(text: str, width: int, whole: bool) -> None:
    """Lines with labels are the same as for a harmless text; every other line begins with the frame."""
    one, plain = request(text, {text: [text]}), request("x", "y")
    vars(one)["digest"] = vars(plain)["digest"] = "0" * 64
    drawn, harmless = (list(each.lines(width, whole=whole)) for each in (one, plain))
    assert [line for line in drawn if not FRAMED.match(line)] == [line for line in harmless if not FRAMED.match(line)]
    for line in drawn:
        assert line.isprintable()
        assert cells(line) <= max(width, 14)
    assert len({line.index("│") for line in drawn if FRAMED.match(line)}) == 1


def test_a_text_without_a_frame_forges_lines() -> None:
    """The control: wrapped as it is, a text makes a line that looks like a label."""
    text = FORGED[1]
    assert any(re.match(r" +p1 │", text[at : at + 96]) for at in range(0, len(text), 94))


def variants() -> list[Any]:
    """Values that a careless drawing shows alike."""
    many = [f"to {index}@example.org" for index in range(60)]
    long = "x" * 5000
    return [
        *(many, [*many, "eve@example.org"], [*many, "eva@example.org"], [*many, "eve@example.org", "more"]),
        *(long, long + "y", "y" + long[:-1] + "x", long[:-1] + "y"),
        *({"a": many, "to": "ann"}, {"a": many, "to": "eve"}, {"a": [*many, "x"], "to": "ann"}),
        *(1, 1.0, True, "1", "1.0", [1], [1.0], [True], None, "null", [None], "", [], {}, [[]], [{}], "[]"),
        *("a\nb", "a\\nb", 'a"b', "a\\u202eb", "a\u202eb", "paypal", "p\u0430ypal", "\u0440\u0430\u0443", "pay"),
        *("e\u0301", "\u00e9", "a b", "a\u00a0b", "a  b", "a ", "a", "a\t", "a\\t", "10" * 400, int("10" * 400)),
        *({"k": 1}, {"k": 1.0}, {"k" * 500: 1}, {"k" * 501: 1}, [[many]], [[many, 1]], {"a": {"b": many}}),
    ]


@pytest.mark.parametrize("width", [40, 100])
def test_two_requests_never_look_alike(width: int) -> None:
    """Whatever is cut: as drawn, and as a digest."""
    values = variants()
    drawn = {"\n".join(request(value).lines(width)) for value in values}
    assert len(drawn) == len(values)
    assert len({request(value).digest for value in values}) == len(values)
    # The control: cut without a digest, some do.
    assert len({excerpt(value, 900) for value in values}) < len(values)


def test_what_is_asked_is_part_of_the_digest() -> None:
    """Each field, and each of an argument and an origin."""
    one = request("x")
    others = [
        *(replace(one, task=TaskId("2")), replace(one, indices=(0,)), replace(one, line=2), replace(one, tool="post")),
        *(replace(one, effect="write(x)"), replace(one, held="why"), replace(one, inside=("a (task 1)",))),
    ]
    argument = one.arguments[0]
    changed = [
        *(replace(argument, name=None), replace(argument, kind="date"), replace(argument, is_default=True)),
        replace(argument, is_converted=True, written="y"),
        *(replace(argument, origins=(origin,)) for origin in (Origin(input="w"), Origin(line=2), Origin(TaskId("a")))),
    ]
    others += [replace(one, arguments=(each,)) for each in changed]
    assert len({each.digest for each in [one, *others]}) == len(others) + 1
    assert one.digest == request("x").digest


@pytest.mark.parametrize("value", variants())
def test_whole_values_are_read_back(value: llmc.Json) -> None:
    """Whole, the text in the frame is the value; in part, it says how much is missing."""
    drawn = content("\n".join(request(value).lines(60, whole=True)))
    if "mixed scripts" not in drawn and "\\u202e" not in drawn and "\\x" not in drawn:
        assert json.loads(drawn) == value
    assert "more" not in drawn or "more" in str(value)


def test_cuts_are_counted() -> None:
    """In a text, a list, a mapping, a number, a key, and in what is inside of them."""
    assert excerpt("x" * 1000, 900) == '"' + "x" * 900 + '"\n… 100 more characters'
    assert excerpt([str(each) for each in range(1000)], 100).endswith('"14", \n… 985 more]')
    assert excerpt({"body": "x" * 2000, "to": "ann"}, 200).endswith('more characters, \n"to": "ann"}')
    assert excerpt({str(each): each for each in range(100)}, 60).endswith(", \n… 95 more}")
    assert excerpt(10**100, 40).endswith("\n… 61 more digits")
    assert excerpt({"k" * 100: 1}, 60) == '{"' + "k" * 29 + '"\n… 71 more characters: 1}'
    assert excerpt([[1] * 100, [2] * 100], 60).count("more") == 2


def test_a_deep_value_is_bounded() -> None:
    """However it nests, and if its parts are the same object, so that writing all would never end."""
    twice: llmc.Json = "x"
    for _ in range(90):
        twice = [twice, twice]
    assert len(excerpt(twice, 900)) < 2000
    value: llmc.Json = "x" * 10_000
    for _ in range(90):
        value = [value, {"k" * 1000: "y" * 1000}, *range(1000)]
    assert len(excerpt(value, 900)) < 20_000


def test_a_mixed_word_is_marked() -> None:
    """In a value and in a key; a word of one script is not, also behind a line end."""
    assert content(str(request("p\u0430ypal"))) == '"⟨mixed scripts: CYRILLIC, LATIN⟩p\u0430ypal"'
    assert "mixed scripts" in str(request({"p\u0430y": 1}))
    assert "mixed" not in str(request("hello\n\u043f\u0440\u0438\u0432\u0435\u0442"))


def test_origins_are_complete_or_counted() -> None:
    """Those behind the first are counted, and shown on demand."""
    origins = tuple(Origin(task=TaskId(f"task{at}"), tool="look", line=at) for at in range(40))
    one = replace(request(), arguments=(Argument("to", "ann", origins),))
    assert "… 28 more" in str(one)
    assert "task11" in str(one)
    assert "task39" not in str(one)
    whole = " ".join(" ".join(one.lines(whole=True)).split())
    assert all(f"task task{at}" in whole for at in range(40))


def test_of_a_like_request_what_differs_is_drawn() -> None:
    """By position: arguments that change places differ, and so do 1, 1.0 and true."""
    one = request("a", 1, "c")
    for values, drawn in [
        (("a", 1, "c"), []),
        (("b", 1, "c"), ['"b"']),
        (("a", 1.0, "c"), ["1.0"]),
        (("a", True, "c"), ["true"]),
        (("c", 1, "a"), ['"c"', '"a"']),
        (("a", 1), []),
        (("a", 1, "c", "d"), ['"d"']),
    ]:
        other = request(*values)
        lines = list(other.lines(like=one))
        assert [line.partition("│ ")[2] for line in lines if "│" in line] == drawn
        same = len(values) - len(drawn)
        assert lines[-1] == f"  {same} argument{'s' * (same > 1)} as in task 1"
    places = [replace(each, name=None) for each in one.arguments]
    first, second = replace(one, arguments=tuple(places)), replace(one, arguments=tuple(places[::-1]))
    assert len([line for line in second.lines(like=first) if "│" in line]) == 2


def test_a_name_of_any_kind_is_a_label() -> None:
    """A schema's name like a frame, or a long one, is shown as plans write it; defaults are shown too."""
    name, long = 'a │ "x"\n  b', "b" * 200
    schema = {"properties": {name: {}, long: {}, "to": {"default": ["x"]}}}
    tool = llmc.Tool.from_schema("put", "Put.", schema, "write(x)", lambda **_: None, approve=True)
    asked = Asked()
    clock.run(llmc.compile('put("p", "q")\n', llmc.Toolbox([tool])).run(approve=asked))
    lines = str(asked.requests[0]).split("\n")[1:]
    assert lines[0].split() == ["a____x____b", "│", '"p"']
    assert "".join(lines).count("b" * 48) == 1
    assert [line.split() for line in lines[-2:]] == [["to", "│", '["x"]'], ["╰", "the", "tool's", "own", "default"]]


class Level(Enum):
    """How urgent it is."""

    HIGH = "high"


class Letter(BaseModel):
    """A letter, whose parts may be left out."""

    to: str
    cc: list[str] = Field(default_factory=lambda: ["archive"])


@dataclass
class Box:
    """Where it goes."""

    name: str


def boss(name: str) -> str:
    """Send to the boss what is for me."""
    return "boss" if name == "me" else name


@llmc.write("mail", approve=True)
async def post(  # noqa: PLR0917 — as many as there are kinds
    letter: Letter,
    to: Annotated[str, AfterValidator(boss)],
    when: date,
    level: Level,
    box: Box,
    weight: float,
    *tags: str,
    copies: int = 1,
    until: date = date(2030, 1, 2),
    **more: llmc.Json,
) -> None:
    """Post a letter."""


def arguments(text: str, *tools: llmc.Tool) -> dict[str | None, Argument]:
    """The arguments for which somebody is asked, by name."""
    asked = Asked()
    run = clock.run(llmc.compile(text, llmc.Toolbox(tools), passes=()).run(approve=asked))
    assert run.errors == {}
    return {argument.name: argument for argument in asked.requests[0].arguments}


def test_arguments_are_shown_as_the_tool_receives_them() -> None:
    """Bound to parameters, converted, with defaults."""
    text = 'post({"to": "ann"}, "me", "2026-01-02", "high", {"name": "b"}, 3, "t1", "t2", extra=[1])\n'
    found = arguments(text, post)
    assert list(found) == ["letter", "to", "when", "level", "box", "weight", None, "extra", "copies", "until"]
    told = {name: (each.value, each.kind, each.is_converted, each.written) for name, each in found.items()}
    assert told["letter"] == ({"to": "ann", "cc": ["archive"]}, "Letter", True, {"to": "ann"})
    assert told["to"] == ("boss", None, True, "me")
    assert told["when"] == ("2026-01-02", "date", False, None)
    assert told["level"] == ("high", "Level", False, None)
    assert told["box"] == ({"name": "b"}, "Box", False, None)
    assert told["weight"] == (3.0, None, True, 3)
    assert told[None] == ("t2", None, False, None)
    assert told["extra"] == ([1], None, False, None)
    assert (told["copies"], told["until"]) == ((1, None, False, None), ("2030-01-02", "date", False, None))
    assert [each.is_default for each in found.values()] == [False] * 8 + [True] * 2


def test_conversions_and_defaults_are_drawn_as_such() -> None:
    """Exactly."""
    asked = Asked()
    text = 'post({"to": "ann"}, "me", "2026-01-02", "high", {"name": "b"}, 3.5)\n'
    clock.run(llmc.compile(text, llmc.Toolbox([post])).run(approve=asked))
    assert str(asked.requests[0]).partition("\n")[2] == (
        '  letter │ {"to": "ann", "cc": ["archive"]}\n'
        "         ├ as Letter, from\n"
        '         │ {"to": "ann"}\n'
        "         ╰ from the text of line 1\n"
        '  to     │ "boss"\n'
        "         ├ converted, from\n"
        '         │ "me"\n'
        "         ╰ from the text of line 1\n"
        '  when   │ "2026-01-02"\n'
        "         ╰ as date, from the text of line 1\n"
        '  level  │ "high"\n'
        "         ╰ as Level, from the text of line 1\n"
        '  box    │ {"name": "b"}\n'
        "         ╰ as Box, from the text of line 1\n"
        "  weight │ 3.5\n"
        "         ╰ from the text of line 1\n"
        "  copies │ 1\n"
        "         ╰ the tool's own default\n"
        '  until  │ "2030-01-02"\n'
        "         ╰ as date, the tool's own default"
    )


def test_a_request_as_json() -> None:
    """Complete, and JSON data."""
    asked = Asked()
    long = "x" * 5000
    clock.run(
        llmc.compile(
            'post({"to": "ann"}, $x, "2026-01-02", "high", {"name": "b"}, 3) for x in ["me"]\n', llmc.Toolbox([post])
        ).run(approve=asked)
    )
    found = asked.requests[0].to_json()
    assert json.loads(json.dumps(found)) == found
    assert list(found) == [
        "version",
        "digest",
        "task",
        "indices",
        "line",
        "tool",
        "effect",
        "arguments",
        "held",
        "inside",
    ]
    assert (found["version"], found["task"], found["indices"], found["line"]) == (1, "1", [0], 1)
    assert found["arguments"][1] == {
        "name": "to",
        "value": "boss",
        "default": False,
        "written": "me",
        "from": [{"text": "element 0 of the loop in line 1", "task": "1", "line": 1, "element": 0}],
    }
    assert found["arguments"][-1] == {
        "name": "until",
        "value": "2030-01-02",
        "default": True,
        "kind": "date",
        "from": [],
    }
    assert request(long).to_json()["arguments"][0]["value"] == long


class Odd:
    """Has no JSON form."""

    def __repr__(self) -> str:
        """Fails."""
        raise ValueError


PAIR: Any = (1, 2)
ODD: Any = Odd()


@llmc.write("mail", approve=True)
async def keep(pair: list[int] = PAIR, what: llmc.Json = ODD, key: llmc.Secret[str] = "hunter22") -> None:
    """Keep something."""


def test_defaults_of_any_kind_are_told() -> None:
    """Tuples, and objects without a readable text; a secret is hidden."""
    found = arguments("keep()\n", keep)
    assert (found["pair"].value, found["pair"].kind) == ([1, 2], "tuple")
    assert found["what"].value == "(Odd without a readable text)"
    assert (found["what"].kind, found["key"].value) == ("Odd", "[secret]")
