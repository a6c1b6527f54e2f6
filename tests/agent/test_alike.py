"""Writes of later plans that may be the same as earlier ones are asked for; those that are others are made."""

import dataclasses
import uuid
from decimal import Decimal
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

import llmc
from llmc_compiler.json_schema.resource_segments import ResourceSegment
from llmc_compiler.tools.functions import received_text
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.cache.write_record import WriteRecord
from llmc_runtime.errors import Held
from llmc_runtime.program.execution import execute
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.approval import Approval
from llmc_runtime.safety.run_guard import RunGuard
from tests.runtime import clock


class Event(BaseModel):
    """Has a number of its own."""

    name: str = "tea"
    number: uuid.UUID = Field(default_factory=uuid.uuid4)


@dataclasses.dataclass
class Item:
    """Compares by its name alone."""

    name: str
    count: int = dataclasses.field(default=1, compare=False)


@dataclasses.dataclass
class Payment:
    """Keeps what it is made from under another name."""

    to: str
    euros: dataclasses.InitVar[int] = 0

    def __post_init__(self, euros: int) -> None:
        """In cents."""
        self.cents = euros * 100


class Amount(Decimal):
    """A number with a unit."""

    unit: str


def amount(text: str) -> Amount:
    """The amount that a text says."""
    number, unit = text.split()
    found = Amount(number)
    found.unit = unit
    return found


def handle(text: str) -> str:
    """A name, with or without its sign."""
    return text.removeprefix("@")


OPTIONS = {"type": "object", "properties": {"copies": {"type": "integer", "default": 1}}}
PRINT = {"type": "object", "properties": {"how": {"anyOf": [OPTIONS, {"type": "object"}]}, "to": {"type": "string"}}}


class Office:
    """Its tools, and how often each was called."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def act(self, what: str) -> str:
        """Do it."""
        self.done.append(what)
        return what

    def toolbox(self) -> llmc.Toolbox:
        """Tools of which some have no certain defaults."""

        @llmc.write("calendar")
        async def plan(event: Event, times: int = 1) -> str:
            assert times
            return self.act(event.name)

        @llmc.write("calendar", idempotent=True)
        async def show(event: Event) -> str:
            return self.act(event.name)

        @llmc.write("room:{room}")
        async def book(room: str, event: Event) -> str:
            assert event.number.int
            return self.act(room)

        @llmc.write("shop")
        async def order(item: Item) -> str:
            return self.act(f"{item.count} {item.name}")

        @llmc.write("bank")
        async def pay(payment: Payment) -> str:
            return self.act(f"{payment.cents} {payment.to}")

        @llmc.write("shop:more")
        async def buy(amount: Annotated[Any, BeforeValidator(amount)]) -> str:  # noqa: ANN401 — as users may write
            return self.act(f"{amount} {amount.unit}")

        @llmc.write("lamp:{id}", idempotent=True)
        async def switch(id: uuid.UUID, to: str) -> str:  # noqa: A002 — as users call it
            assert id.int
            return self.act(to)

        @llmc.write("user:{name}", idempotent=True)
        async def label(name: Annotated[str, AfterValidator(handle)], to: str) -> str:
            return self.act(f"{name} {to}")

        @llmc.write("doc:{id}")
        async def edit(id: int, to: str) -> str:  # noqa: A002 — as users call it
            return self.act(f"{id} {to}")

        @llmc.write("till:{account}")
        async def send(to: str, account: str = "mine") -> str:
            assert account
            return self.act(to)

        async def call(**given: Any) -> str:
            return self.act(str(given))

        schema_tool = llmc.Tool.from_schema("print_it", "", PRINT, "write(printer)", call)
        return llmc.Toolbox([plan, show, book, order, pay, buy, switch, label, edit, send, schema_tool])


def play(office: Office, *calls: str, approve: Approval | None = None) -> list[Run]:
    """Runs of plans with one call each, or several lines, one after the other with one call cache."""
    cache, tools = CallCache(), office.toolbox()

    async def all_of_them() -> list[Run]:
        runs = []
        for index, call in enumerate(calls, 1):
            cache.next_plan()
            lines = "\n".join(f"{index * 10 + line}. {each}" for line, each in enumerate(call.split(" | ")))
            graph = llmc.compile(f"{lines}\njoin()", tools).graph
            runs.append(await execute(graph, {}, memo=cache, trust=RunGuard(approve)))
        return runs

    return clock.run(all_of_them())


def held(*calls: str) -> bool:
    """Whether the last of these calls is held back; all others are made."""
    office = Office()
    *before, last = play(office, *calls)
    assert not any(run.errors for run in before), [run.errors for run in before]
    return any(isinstance(error, Held) for error in last.errors.values())


ALIKE = [
    ("plan({})", 'plan({"name": "tea"})'),
    ('plan({"name": "tea"})', "plan({})"),
    ("plan({})", "plan({}, 1) | plan({'name': 'tea'}, 1)"),
    ('print_it({}, to="a")', 'print_it({"copies": 1}, to="a")'),
    ('print_it({"copies": 1}, to="a")', 'print_it({}, to="a")'),
    ('book("red", {})', 'book("red", {"name": "tea"})'),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_what_may_be_the_same_is_asked_for(one: str, other: str) -> None:
    """Since it leaves out something that has no certain default, or the earlier one does."""
    assert held(one, other)


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_without_a_look_at_what_is_alike_it_is_made_twice(
    one: str, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above is not blind."""
    monkeypatch.setattr(WriteRecord, "like", lambda *_: None)
    assert not held(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plan({})", "plan({})"),
        ('plan({"name": "tea"})', 'plan({"name": "cake"})'),
        ("plan({})", "plan({}, 2)"),
        ("plan({})", "show({'name': 'tea'})"),
        ("show({})", "show({'name': 'tea'})"),
        ('book("red", {})', 'book("blue", {"name": "tea"})'),
        ('print_it({"copies": 1})', 'print_it({"copies": 2})'),
        ('print_it({}, to="a")', 'print_it({"copies": 1}, to="b")'),
    ],
)
def test_what_is_certainly_another_call_is_not_asked_for(one: str, other: str) -> None:
    """Nor what may be repeated, nor what was given before."""
    assert not held(one, other)


def test_two_of_one_plan_are_two() -> None:
    """They were meant so."""
    office = Office()
    (run,) = play(office, "plan({}) | plan({'name': 'tea'})")
    assert not run.errors
    assert office.done == ["tea", "tea"]


def test_who_is_asked_is_told_which_call_it_may_be() -> None:
    """With a yes it is made, and is known from then on."""
    office, asked = Office(), []

    async def answer(request: llmc.ApprovalRequest) -> bool:
        asked.append(request.held)
        return True

    runs = play(office, "plan({})", "plan({'name': 'tea'})", "plan({'name': 'tea'})", approve=Approval(None, answer))
    assert office.done == ["tea", "tea"]
    assert not any(run.errors for run in runs)
    why = "one of them omits an argument without a certain default"
    assert asked == [f"it may be the call that was done in task 10 of plan 1; {why}; approve it to write"]


OTHERS = [
    ('order({"name": "tea", "count": 1})', 'order({"name": "tea", "count": 5})'),
    ('pay({"to": "ann", "euros": 1})', 'pay({"to": "ann", "euros": 5})'),
    ('buy("5 kg")', 'buy("5 lb")'),
]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_objects_that_a_tool_can_tell_apart_are_two(one: str, other: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever they compare; by less than they hold, they would be one."""
    office = Office()
    play(office, one, other)
    assert len(office.done) == 2

    def compared(value: Item | Payment) -> str:
        return repr(value.name if isinstance(value, Item) else value.to)

    monkeypatch.setattr(received_text, "_dataclass", compared)
    monkeypatch.setattr(received_text, "_holds_more", lambda _: False)
    play(office := Office(), one, other)
    assert len(office.done) == 1


ONE, SAME = '"12345678-1234-5678-1234-567812345678"', '"12345678123456781234567812345678"'
UNDONE = [
    ((f'switch({ONE}, "on")', f'switch({SAME}, "off")', f'switch({ONE}, "on")'), ["on", "off", "on"]),
    (('label("@ann", "a")', 'label("ann", "b")', 'label("@ann", "a")'), ["ann a", "ann b", "ann a"]),
]


@pytest.mark.parametrize(("calls", "done"), UNDONE)
def test_what_is_undone_under_another_spelling_is_made_again(
    calls: tuple[str, ...], done: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One thing has one resource, however its name is written; by the text as written it has two."""
    play(office := Office(), *calls)
    assert office.done == done
    monkeypatch.setattr(ResourceSegment, "of", lambda _self, value: value if isinstance(value, str) else "")
    play(office := Office(), *calls)
    assert office.done == done[:2]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (('edit(1, "a")', 'edit(2, "a")', 'edit(1, "a")'), False),
        (('edit(1, "a")', 'edit(1, "b")', 'edit(1, "a")'), True),
        (('send("ann")', 'send("bob", "yours")', 'send("ann", "mine")'), False),
        (('send("ann", "mine")', 'send("bob", "yours")', 'send("ann")'), False),
        (('send("ann", "mine")', 'send("bob")', 'send("ann", "mine")'), True),
    ],
)
def test_integers_and_defaults_tell_resources_apart(calls: tuple[str, ...], expected: bool) -> None:
    """So what is on another one holds nothing back."""
    assert held(*calls) is expected
