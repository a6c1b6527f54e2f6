"""Approval: what asks, who is asked and of what, and what an answer does."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from threading import Event as Signal
from threading import get_ident
from typing import Any

import pytest

import llmc
from llmc_runtime import asking, events
from llmc_runtime.approval import Approval, Argument, Origin, may_change
from llmc_runtime.run import Run, execute
from llmc_runtime.trust import Trust
from tests.runtime import clock

written: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    """Each test has its own writes."""
    written.clear()
    yield
    written.clear()


@llmc.write("mail", approve=True)
async def send(to: str, body: llmc.Json = None) -> str:
    """Send a letter."""
    written.append(f"send {to}")
    return to


@llmc.write("notes")
async def note(text: str) -> str:
    """Write something down."""
    written.append(f"note {text}")
    return text


@llmc.read("bank", approve=True, cost=1)
async def balance() -> int:
    """Costs something."""
    written.append("balance")
    return 3


@llmc.pure
async def echo(value: llmc.Json = None) -> llmc.Json:
    """The value."""
    return value


@llmc.nondet
async def slow(seconds: float) -> float:
    """Take a while."""
    await asyncio.sleep(seconds)
    return seconds


TOOLS = llmc.Toolbox([send, note, balance, echo, slow])
PLAN = '1. send("ann")\n2. note("x")\n3. balance()\n4. echo(5)\njoin($1, $2, $3, $4)\n'


def compiled(text: str) -> llmc.Program:
    """The program of a plan."""
    return llmc.compile(text, TOOLS)


def play(text: str, approve: Any = None, **inputs: llmc.Json) -> Run:  # noqa: ANN401 — whatever may approve
    """Run a plan in virtual time."""
    return clock.run(compiled(text).run(inputs, approve=approve))


def reasons(run: Run) -> dict[str, str]:
    """Why tasks were not approved."""
    return {task: error.reason for task, error in run.errors.items() if isinstance(error, llmc.NotApproved)}


class Asked:
    """Says what it is told to say, and keeps what it was asked."""

    def __init__(self, answer: object = True) -> None:
        self.answer = answer
        self.requests: list[llmc.ApprovalRequest] = []

    async def __call__(self, request: llmc.ApprovalRequest) -> bool:
        """The answer."""
        self.requests.append(request)
        return self.answer  # type: ignore[return-value]  # also wrong ones

    @property
    def tools(self) -> list[str]:
        """The tools that it was asked for."""
        return [request.tool for request in self.requests]


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
        message = "task 1 was not approved: `send` asks first, and there is nobody to ask"
        assert str(run.errors["1"]) == message


def test_a_word_that_is_none_is_refused() -> None:
    """Before anything is started."""
    with pytest.raises(ValueError, match="`approve` is one of 'ask', 'all', 'none', or a function, not 'yes'"):
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
    first, second, third, last = asked.requests
    assert (first.task, first.line, first.tool, first.effect, first.held) == ("1", 4, "send", "write(mail)", False)
    assert first.arguments == (
        Argument("to", "eve and 2", (Origin(input="who"), Origin(task="a", tool="echo", line=2))),  # type: ignore[arg-type]
        Argument("body", 2, (Origin(task="b", line=3),)),  # type: ignore[arg-type]  # ids are texts
    )
    assert (second.indices, third.indices) == ((0,), (1,))
    assert [str(origin) for origin in third.arguments[0].origins] == ["element 1 of the loop in line 5", "input who"]
    assert [str(origin) for origin in third.arguments[1].origins] == ["task 2, echo, line 5"]
    assert [str(origin) for each in last.arguments for origin in each.origins] == ["written in line 6"] * 2


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
    assert "(5,030 characters)" in str(asked.requests[0])
    assert "\\u001b[2J\\u202e\\n" in str(asked.requests[0])


def test_a_request_as_text() -> None:
    """Exactly."""
    asked = Asked()
    play('input who: str\na = echo("x")\nsend("$who, $a", body={"k": 1})\n', asked, who="eve")
    assert str(asked.requests[0]) == (
        "send: write(mail) (task 1, line 3)\n"
        '  to = "eve, x"\n'
        "      from input who; task a, echo, line 2\n"
        '  body = {"k": 1}\n'
        "      from written in line 3"
    )


def test_a_function_cannot_change_what_it_was_asked_for() -> None:
    """It gets copies."""
    got: list[llmc.Json] = []

    @llmc.write("a", approve=True)
    async def put(rows: llmc.Json) -> None:
        got.append(rows)

    def change(request: llmc.ApprovalRequest) -> bool:
        value = request.arguments[0].value
        assert isinstance(value, list)
        value.append("more")
        return True

    llmc.compile("a = [1]\nput($a)\n", llmc.Toolbox([put])).run_sync(approve=change)
    assert got == [[1]]


def test_waiting_for_an_answer_holds_nobody_up() -> None:
    """What needs no answer ends meanwhile; the question takes as long as it takes."""

    async def late(request: llmc.ApprovalRequest) -> bool:
        await asyncio.sleep(100)
        return True

    run = play('1. send("a")\n2. slow(1)\n3. slow($2)\njoin($1, $3)\n', late)
    at = {(type(event).__name__, event.key[0]): event.at for event in run.events if hasattr(event, "key")}
    assert at["Finished", "3"] == pytest.approx(2)
    assert (at["Asked", "1"], at["Answered", "1"], at["Started", "1"]) == (0, 100, 100)
    assert run.longest_chain == pytest.approx(2)


def test_two_questions_are_never_asked_at_once() -> None:
    """They come one after the other, in the order in which calls came to them."""
    open_, most = 0, 0
    order: list[str] = []

    async def ask(request: llmc.ApprovalRequest) -> bool:
        nonlocal open_, most
        open_ += 1
        order.append(request.task)
        most = max(most, open_)
        await asyncio.sleep(1)
        open_ -= 1
        return True

    program = llmc.compile("1. balance()\n2. balance()\n3. balance()\njoin()\n", TOOLS, passes=())
    run = clock.run(program.run(approve=ask))
    assert run.errors == {}
    assert (most, order) == (1, ["1", "2", "3"])
    asked = [event for event in run.events if isinstance(event, events.Asked | events.Answered)]
    assert [type(event).__name__ for event in asked] == ["Asked", "Answered"] * 3


def test_a_function_that_is_not_async_is_called_in_a_thread() -> None:
    """One at a time, so that it may wait for a person and nothing else waits for it."""
    threads: set[int] = set()
    quick = Signal()

    @llmc.pure
    async def release() -> None:
        quick.set()

    def ask(request: llmc.ApprovalRequest) -> bool:
        threads.add(get_ident())
        return quick.wait(10)

    tools = llmc.Toolbox([send, release])
    run = llmc.compile('send("a")\nsend("b")\nrelease()\njoin(1)\n', tools, passes=()).run_sync(approve=ask)
    assert run.errors == {}
    assert threads
    assert get_ident() not in threads


def test_what_a_plain_function_gives_is_awaited_if_it_can_be() -> None:
    """A function around an async one is fine."""
    asked = Asked()

    def ask(request: llmc.ApprovalRequest) -> Awaitable[bool]:
        return asked(request)

    assert play('send("a")\n', ask).errors == {}
    assert asked.tools == ["send"]


def raising(what: BaseException, *, is_async: bool) -> Callable[[llmc.ApprovalRequest], Any]:
    """A function that fails."""

    def ask(request: llmc.ApprovalRequest) -> bool:
        raise what

    async def ask_async(request: llmc.ApprovalRequest) -> bool:
        raise what

    return ask_async if is_async else ask


@pytest.mark.parametrize("is_async", [True, False])
@pytest.mark.parametrize(
    ("what", "words"),
    [
        (ValueError("bad"), "asking failed: ValueError: bad"),
        (asyncio.CancelledError(), "asking failed: "),
        (StopIteration(3), "asking failed: "),
    ],
)
def test_a_function_that_fails_has_not_said_yes(what: BaseException, words: str, is_async: bool) -> None:
    """The task fails, with what was raised as its cause; the run goes on."""
    run = play('1. send("a")\n2. echo(1)\njoin($1, $2)\n', raising(what, is_async=is_async))
    assert reasons(run) == {"1": "failed"}
    assert words in str(run.errors["1"])
    assert run.results == {"2": 1}
    assert written == []


@pytest.mark.parametrize("is_async", [True, False])
def test_a_run_that_is_cancelled_waits_for_no_answer(is_async: bool) -> None:
    """The question is dropped, and nothing is called, even if somebody still says yes."""
    asked, answer = Signal(), Signal()

    async def ask_async(request: llmc.ApprovalRequest) -> bool:
        asked.set()
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            return True
        return True

    def ask(request: llmc.ApprovalRequest) -> bool:
        asked.set()
        return answer.wait(10)

    async def main() -> None:
        run = asyncio.ensure_future(compiled('send("a")\n').run(approve=ask_async if is_async else ask))
        await asyncio.to_thread(asked.wait, 10)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        answer.set()
        await asyncio.sleep(0)

    asyncio.run(main())
    assert written == []


def test_who_does_not_stop_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a grace; how many there are is noted."""
    monkeypatch.setattr(asking, "GRACE", 0.01)

    async def stubborn(request: llmc.ApprovalRequest) -> bool:
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            await asyncio.sleep(1000)
        return True

    async def main() -> Trust:
        trust = Trust(Approval(None, stubborn))
        run = asyncio.ensure_future(execute(compiled('send("a")\n').graph, {}, trust=trust))
        await asyncio.sleep(0.01)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        return trust

    assert list(asyncio.run(main()).notes) == ["1 of those that were asked did not stop when the run ended"]
    assert written == []


def test_an_interrupt_in_an_async_function_ends_the_run() -> None:
    """It is the user's, not the function's."""
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(compiled('send("a")\n').run(approve=raising(KeyboardInterrupt(), is_async=True)))
    assert written == []


def test_nobody_is_asked_for_a_call_that_cannot_be_made() -> None:
    """Arguments that do not fit are an error of the call."""
    asked = Asked()
    run = play("a = echo(3)\nsend($a)\n", asked)
    assert asked.requests == []
    assert type(run.errors["1"]).__name__ == "BadArgument"


def test_nobody_is_asked_for_what_is_skipped() -> None:
    """Its arguments are never there."""
    asked = Asked()
    run = play('a = echo("x") if false\nsend("$a")\nsend("b") if false\n', asked)
    assert asked.requests == []
    assert run.errors == {}


def test_a_call_is_asked_for_once_whatever_its_attempts() -> None:
    """A repeated call is the one that was approved."""
    asked = Asked()
    attempts: list[str] = []

    @llmc.write("a", approve=True, idempotency_key="key")
    async def put(key: str) -> None:
        attempts.append(key)
        if len(attempts) < 3:
            raise OSError("no")

    run = clock.run(llmc.compile("put() @retry(2)\n", llmc.Toolbox([put])).run(approve=asked))
    assert (run.errors, len(attempts), len(asked.requests)) == ({}, 3, 1)


HELD = '1. echo("a"\n2. note("b")\n3. send("c")\n4. join($1, $2, $3)'


@pytest.mark.parametrize(("word", "asks"), [(None, ["note", "send"]), ("all", ["note", "send"]), ("none", [])])
def test_what_is_held_asks_whatever_the_word(word: Any, asks: list[str]) -> None:  # noqa: ANN401 — a word
    """A word was said before anybody saw the plan; who is asked can let go one write and keep another."""
    asked: list[tuple[str, bool]] = []

    def ask(request: llmc.ApprovalRequest) -> bool:
        asked.append((request.tool, request.held))
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
    assert [(request.tool, request.line, request.held) for request in asked.requests] == [
        ("balance", 1, True),
        ("note", 3, True),
    ]
    assert run.value == [3, "a", "b"]


def test_what_may_change_something() -> None:
    """Everything but pure, nondet and read."""
    graph = compiled('send("a")\nnote("b")\necho(1)\nslow(1)\nbalance()\njoin()\n').graph
    assert {node.op.tool.name for node in graph.nodes.values() if hasattr(node.op, "tool") and may_change(node)} == {
        "send",
        "note",
    }
