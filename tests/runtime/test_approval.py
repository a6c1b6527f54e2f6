"""Approval: what asks, and of what somebody is asked."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator

import llmc
from llmc_compiler.ir.graph import may_write
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.approval_request import Argument, Origin
from tests.runtime import clock
from tests.runtime.asked import PLAN, TOOLS, Asked, compiled, echo, play, reasons, written


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


@pytest.mark.parametrize(
    ("word", "tools"),
    [(None, ["send", "balance"]), ("ask", ["send", "note", "balance"]), ("all", []), ("none", [])],
)
@pytest.mark.parametrize("answer", [True, False])
def test_the_words_say_what_asks(word: Any, tools: list[str], answer: bool) -> None:  # noqa: ANN401 — a word
    """Exactly so: and what was not approved was not called."""
    asked = Asked(answer)
    run = play(PLAN, Approval(word, asked))
    assert sorted(asked.tools) == sorted(tools)
    refused = {"1": "none", "3": "none"} if word == "none" else {}
    if not answer:
        names = {"send": "1", "note": "2", "balance": "3"}
        refused |= dict.fromkeys((names[tool] for tool in tools), "no")
    assert reasons(run) == refused
    assert {line.split()[0] for line in written} == {"send", "note", "balance"} - {
        {"1": "send", "2": "note", "3": "balance"}[task] for task in refused
    }
    assert run.results["4"] == 5


@pytest.mark.parametrize(("word", "refused"), [(None, {"1", "3"}), ("ask", {"1", "2", "3"}), ("all", set())])
def test_without_anybody_to_ask_what_asks_is_refused(word: Any, refused: set[str]) -> None:  # noqa: ANN401 — a word
    """With a typed error that names the tool; the rest of the plan goes on."""
    run = play(PLAN, word)
    assert reasons(run) == dict.fromkeys(refused, "nobody")
    assert run.results["4"] == 5
    if "1" in refused:
        message = "task 1 was not approved: `send` asks first, and the run has no approver"
        assert str(run.errors["1"]) == message


def test_a_word_that_is_none_is_refused() -> None:
    """Before anything is started."""
    with pytest.raises(ValueError, match="`approve` must be one of 'ask', 'all', 'none', or a function, not 'yes'"):
        compiled(PLAN).run_sync(approve="yes")  # type: ignore[arg-type]  # a mistake


@pytest.mark.parametrize("answer", [False, None, 1, "yes", [True]])
def test_only_true_is_a_yes(answer: object) -> None:
    """Whatever else a function gives."""
    assert reasons(play('send("ann")\n', Asked(answer))) == {"1": "no"}
    assert written == []


def test_what_depends_on_a_refused_write_is_blocked() -> None:
    """And what comes after it in order; a fallback is for attempts, and there was none."""
    run = play('1. send("a") @fallback("b")\n2. echo($1)\n3. send("c")\n4. echo(1)\njoin($2, $3, $4)\n', Asked(False))
    assert {task: type(error).__name__ for task, error in run.errors.items()} == {
        "1": "NotApproved",
        "2": "Blocked",
        "3": "Blocked",
    }
    assert run.results == {"4": 1}


def test_a_request_says_where_its_arguments_are_from() -> None:
    """Task, tool and line of each value; inputs; the element of a loop; the plan itself."""
    asked = Asked()
    text = (
        "input who: str\n"
        "a = echo([1, 2])\n"
        "b = $a[0] + 1\n"
        'send("$who and ${a[1]}", body=$b)\n'
        'send($x, body=echo(7)) for x in [$who, "bob"]\n'
        'send("ann", body=null)\n'
    )
    run = clock.run(llmc.compile(text, TOOLS, passes=()).run({"who": "eve"}, approve=asked))
    assert run.errors == {}
    first, second, third, last = sorted(asked.requests, key=lambda request: (request.line, request.indices))
    assert (first.task, first.line, first.tool, first.effect, first.held) == ("1", 4, "send", "write(mail)", None)
    assert first.arguments == (
        Argument("to", "eve and 2", (Origin(input="who"), Origin(task="a", tool="echo", line=2))),  # type: ignore[arg-type]
        Argument("body", 2, (Origin(task="b", line=3), Origin(task="a", tool="echo", line=2))),  # type: ignore[arg-type]
    )
    assert (second.indices, third.indices) == ((0,), (1,))
    assert [str(origin) for origin in third.arguments[0].origins] == ["element 1 of the loop in line 5", "input who"]
    assert [str(origin) for origin in third.arguments[1].origins] == ["task 2, echo, line 5"]
    assert [str(origin) for each in last.arguments for origin in each.origins] == ["the text of line 6"] * 2


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("a = echo(1)\nb = $a + 1\nc = [$b, $who]\nsend($who, $c)", "c 3; b 2; a, echo 1; input who"),
        ("a = echo(1)\nb = echo(2)\nsend($who, $a if $who != 3 else $b)", "input who; a, echo 1; b, echo 2"),
        ("b = echo([1])\nsend($who, $x) for x in $b", "element 0 of 2; b, echo 1"),
        ("b = echo([1])\nc = [$x, $who] for x in $b\nsend($who, $c)", "c 2; b, echo 1; input who"),
        ("b = echo($x) for x in [1, 2]\nsend($who, $b[1])", "b, echo 1"),
        ("b = echo([1])\nsend($who, echo($x)) for x in $b", "1, echo 2"),
        ("b = echo([[1]])\nsend($who, $y) for x in $b for y in $x", "element 0 of 2; b, echo 1"),
        ("b = echo([2])\nsend($who, [$x, $y]) for x in $b for y in [$who]", "element 0 of 2; b, echo 1; input who"),
        ("b = [[echo($y) for y in $x] for x in [[$who]]]\nsend($who, $b)", "b, echo 1"),
        ("b = slow(9) @timeout(1s) @fallback([$who])\nsend($who, $b)", "b, slow 1; input who"),
        ('send($who, {"a": [echo(1)], "b": $who})', "1, echo 1; input who"),
        ('send($who, "x" + "y")', "written 1"),
    ],
)
def test_the_sources_of_an_argument_are_complete(text: str, origins: str) -> None:
    """Through expressions, conditions, loops, fallbacks and calls inside of calls."""
    asked = Asked()
    clock.run(llmc.compile(f"input who: str\n{text}\n", TOOLS, passes=()).run({"who": "eve"}, approve=asked))
    (body,) = (argument for argument in asked.requests[0].arguments if argument.name == "body")
    assert "; ".join(map(short, body.origins)) == origins


def short(origin: Origin) -> str:
    """An origin in few words; lines without that of the input."""
    line = None if origin.line is None else origin.line - 1
    if origin.element is not None:
        return f"element {origin.element} of {line}"
    if origin.input is not None:
        return f"input {origin.input}"
    return (
        f"written {line}" if origin.task is None else f"{origin.task}{', ' + origin.tool if origin.tool else ''} {line}"
    )


def test_each_task_is_looked_into_once() -> None:
    """A value in which each part is there twice has as many sources as tasks."""
    asked = Asked()
    text = "a0 = echo(1)\n" + "".join(f"a{at} = $a{at - 1} * 0 + $a{at - 1}\n" for at in range(1, 60))
    clock.run(llmc.compile(f'{text}send("x", $a59)\n', TOOLS, passes=()).run(approve=asked))
    assert len(asked.requests[0].arguments[1].origins) == 60


def test_a_request_is_fit_for_a_terminal() -> None:
    """What would move the cursor, turn the writing or fill the screen is not in its text; nothing else is lost."""
    asked = Asked()
    evil = "a\x1b[2J\u202e\nmay this run? [y/N] y\u200b\x07"
    play("input who: str\nsend($who, body=$who)\nsend($who, body=[$who])\n", asked, who=evil + "x" * 5000)
    for request in asked.requests:
        text = str(request)
        assert all(character.isprintable() for line in text.split("\n") for character in line)
        assert all(len(line) <= 100 for line in text.split("\n"))
        assert len(text) < 2500
        assert not [line for line in text.split("\n") if line.startswith("may")]
    assert "… 4,430 more characters" in str(asked.requests[0])
    assert "\\x1b[2J\\u202e\\n" in str(asked.requests[0])


def test_a_request_as_text() -> None:
    """Exactly."""
    asked = Asked()
    play('input who: str\na = echo("x")\nsend("$who, $a", body={"k": 1})\n', asked, who="eve")
    assert str(asked.requests[0]) == (
        f"send: write(mail) (task 1, line 3) #{asked.requests[0].digest[:12]}\n"
        '  to   │ "eve, x"\n'
        "       ╰ from input who; task a, echo, line 2\n"
        '  body │ {"k": 1}\n'
        "       ╰ from the text of line 3"
    )


HELD = '1. echo("a"\n2. note("b")\n3. send("c")\n4. join($1, $2, $3)'


@pytest.mark.parametrize(("word", "asks"), [(None, ["note", "send"]), ("all", ["note", "send"]), ("none", [])])
def test_what_is_held_asks_whatever_the_word(word: Any, asks: list[str]) -> None:  # noqa: ANN401 — a word
    """A word was said before anybody saw the plan; who is asked can let go one write and keep another."""
    asked: list[tuple[str, bool]] = []

    def ask(request: llmc.ApprovalRequest) -> bool:
        asked.append((request.tool, request.held is not None))
        return request.tool == "note"

    program = llmc.compile(HELD, TOOLS, mode="lenient")
    assert program.held
    run = clock.run(program.run(approve=Approval(word, ask)))
    assert sorted(asked) == [(tool, True) for tool in asks]
    assert written == (["note b"] if asks else [])
    assert set(run.errors) == ({"3"} if asks else {"2", "3"})


@pytest.mark.parametrize("word", [None, "ask", "all", "none"])
def test_what_is_held_stays_held_without_anybody_to_ask(word: Any) -> None:  # noqa: ANN401 — a word
    """The error is Held, as without any word."""
    run = clock.run(llmc.compile(HELD, TOOLS, mode="lenient").run(approve=word))
    assert {type(error).__name__ for error in run.errors.values()} == {"Held"}
    assert written == []


async def test_a_streamed_plan_asks_when_it_is_whole() -> None:
    """A tool that asks does not start early, since nobody could judge it, and held writes ask as in a whole plan."""
    asked = Asked()
    seen: list[int] = []

    async def pieces() -> AsyncIterator[str]:
        yield "1. balance()\n"
        await asyncio.sleep(0)
        seen.append(len(asked.requests))
        yield '2. echo("a"\n3. note("b")\n4. join($1, $2, $3)'

    run = await llmc.run_stream(pieces(), TOOLS, approve=asked)
    assert seen == [0]
    assert [(request.tool, request.line, request.held is not None) for request in asked.requests] == [
        ("balance", 1, True),
        ("note", 3, True),
    ]
    assert run.value == [3, "a", "b"]


def test_what_may_write() -> None:
    """Everything but pure, nondet and read."""
    graph = compiled('send("a")\nnote("b")\necho(1)\nslow(1)\nbalance()\njoin()\n').graph
    assert {node.op.tool.name for node in graph.nodes.values() if hasattr(node.op, "tool") and may_write(node)} == {
        "send",
        "note",
    }


def test_a_call_whose_arguments_did_not_fit_is_not_made_unasked() -> None:
    """Not even if they fit when they are looked at again: checks are the tool's own code."""
    looks: list[int] = []

    def moody(value: int) -> int:
        looks.append(value)
        if len(looks) == 1:
            message = "not now"
            raise ValueError(message)
        return value

    @llmc.write("mail", approve=True)
    async def act(value: Annotated[int, AfterValidator(moody)]) -> int:
        """Leave a mark."""
        written.append(f"act {value}")
        return value

    asked = Asked()
    program = llmc.compile("1. echo(1)\n2. act($1) @fallback(0)\njoin($2)\n", llmc.Toolbox([echo, act]))
    run = clock.run(program.run(approve=asked))
    assert (run.value, asked.requests, written) == (0, [], [])
    program = llmc.compile("1. echo(1)\n2. act($1)\n", llmc.Toolbox([echo, act]))
    looks.clear()
    run = clock.run(program.run(approve=asked))
    assert "the argument `value` did not fit: value error, not now" in str(run.errors["2"])
    assert (asked.requests, written) == ([], [])
