"""The same write, spelled otherwise in a later plan, is the same write."""

import enum
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import count as count_up
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

import llmc
from llmc_compiler.expressions.terms import Json, canonical
from llmc_compiler.tools.functions.function_signature import FunctionSignature
from llmc_compiler.tools.schema_signature import SchemaSignature
from llmc_compiler.tools.signature import Identified
from llmc_runtime.cache.call_cache import CallCache
from llmc_runtime.errors import BadArgument
from llmc_runtime.program.execution import execute
from llmc_runtime.program.program import compile_plan
from llmc_runtime.program.run_result import Run
from llmc_runtime.safety.run_guard import RunGuard
from tests.runtime import clock


class Seat(enum.StrEnum):
    """Where to sit."""

    WINDOW = "window"
    AISLE = "aisle"


class Guest(BaseModel):
    """Who comes."""

    name: str = "ann"
    age: float = 30
    tags: list[str] = []


NOBODY = Guest()

made: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    """Each test counts from zero."""
    made.clear()


@llmc.write("bank")
async def pay(to: str, amount: float = 100, note: str | None = None) -> str:
    """Pay."""
    made.append("pay")
    return f"{to} {amount} {note}"


@llmc.write("seats")
async def book(
    when: date,
    rows: tuple[int, ...] = (1, 2),
    seat: Seat = Seat.WINDOW,
    guest: Guest = NOBODY,
    *,
    until: datetime | None = None,
) -> str:
    """Book."""
    made.append("book")
    return f"{when} {rows} {seat} {guest} {until}"


@llmc.write("shop")
async def order(count: Annotated[int, BeforeValidator(int)], price: Decimal = Decimal(1)) -> str:
    """Order."""
    made.append("order")
    return f"{count} {price}"


@llmc.write("store")
async def put(value: Json, *more: Json, **named: Json) -> str:
    """Put."""
    made.append("put")
    return f"{value} {more} {named}"


async def _call(**_given: Any) -> str:
    made.append("schema")
    return "done"


def by_schema(name: str, properties: dict[str, Any], *required: str, **more: Any) -> llmc.Tool:
    """A write that a schema describes."""
    schema = {"type": "object", "properties": properties, "required": list(required), **more}
    return llmc.Tool.from_schema(name, "", schema, "write(server)", _call)


OPTIONS = {
    "type": "object",
    "properties": {"urgent": {"type": "boolean", "default": False}, "copies": {"type": "integer", "default": 1}},
}

SCHEMA_TOOLS = (
    by_schema(
        "transfer",
        {
            "to": {"type": "string"},
            "amount": {"type": "number", "default": 100},
            "note": {"type": ["string", "null"], "default": None},
        },
        "to",
    ),
    by_schema("print_it", {"text": {"type": "string"}, "options": {**OPTIONS, "default": {}}}, "text"),
    by_schema("stock", {"lines": {"type": "array", "items": OPTIONS}}, "lines"),
    by_schema(
        "mail",
        {"to": {"type": "string"}, "how": {"anyOf": [{"$ref": "#/$defs/how"}, {"type": "null"}]}},
        "to",
        **{"$defs": {"how": OPTIONS}},
    ),
    by_schema("count", {"n": {"type": "integer"}, "of": {"type": "object"}}),
)

FUNCTIONS = (
    (
        'pay("ann", 100)',
        *('pay("ann", 100.0)', 'pay("ann", 1e2)', 'pay("ann")', 'pay(to="ann")', 'pay(amount=100, to="ann")'),
        *('pay("ann", note=null)', 'pay("ann", 100.0, null)', 'pay("ann", 50 * 2)'),
    ),
    (
        'book("2024-05-01")',
        *('book(when="2024-05-01")', 'book("2024-05-01", [1, 2])', 'book("2024-05-01", seat="window")'),
        *('book("2024-05-01", guest={})', 'book("2024-05-01", guest={"age": 30.0, "name": "ann", "tags": []})'),
        'book("2024-05-01", until=null)',
    ),
    (
        'book("2024-05-01", until="2024-05-02T10:00:00Z")',
        'book("2024-05-01", until="2024-05-02T12:00:00+02:00")',
    ),
    ("order(100)", "order(100.0)", 'order("100")', "order(1e2, 1)", 'order(100, "1.00")'),
    (
        'put({"a": 1, "b": [0, 2.0]}, 3, k=1)',
        *('put({"b": [-0.0, 2], "a": 1.0}, 3.0, k=1.0)', 'put({"b": [0, 2], "a": 1e0}, 3, k=1)'),
    ),
)
"""Spellings of the same call, by groups."""

SCHEMAS = (
    (
        'transfer("ann", 100)',
        *('transfer("ann", 100.0)', 'transfer("ann", 1e2)', 'transfer("ann")', 'transfer(amount=100, to="ann")'),
        *('transfer("ann", note=null)', 'transfer("ann", 100.0, null)'),
    ),
    (
        'print_it("a")',
        *('print_it("a", {})', 'print_it("a", options={"urgent": false})', 'print_it("a", {"copies": 1.0})'),
        'print_it("a", {"copies": 1, "urgent": false})',
    ),
    ("stock([{}])", 'stock([{"urgent": false}])', 'stock(lines=[{"copies": 1.0, "urgent": false}])'),
    ('mail("a", {})', 'mail("a", {"copies": 1})', 'mail(to="a", how={"urgent": false, "copies": 1.0})'),
    ('count(2, {"a": 1, "b": 2})', "count(2.0, {'b': 2, 'a': 1.0})", "count(of={'b': 2.0, 'a': 1}, n=2)"),
)

OTHERS = (
    *(("put(1)", "put(true)"), ("put([1])", "put([true])"), ("put(0)", "put(false)"), ("put(1)", 'put("1")')),
    *(
        ("put(null)", "put(0)"),
        ("put([])", "put({})"),
        ("put([1, 2])", "put([2, 1])"),
        ("put([[1], 2])", "put([[1, 2]])"),
    ),
    *(("put(9007199254740992)", "put(9007199254740993)"), ("put(9007199254740993)", "put(9007199254740992.0)")),
    *(("put(1, 2)", "put(1, k=2)"), ("put(1, 2, 3)", "put(1, 3, 2)"), ('put("a=1 b")', 'put("a", "b")')),
    *(
        ('pay("ann", 100)', 'pay("bob", 100)'),
        ('pay("ann")', 'pay("ann", 100.5)'),
        ('pay("ann")', 'pay("ann", 100, "")'),
    ),
    *(('book("2024-05-01")', 'book("2024-05-02")'), ('book("2024-05-01")', 'book("2024-05-01", [2, 1])')),
    *(('book("2024-05-01")', 'book("2024-05-01", seat="aisle")'), ("order(1)", 'order(1, "1.01")')),
    *(('transfer("ann")', 'transfer("ann", 101)'), ('print_it("a")', 'print_it("a", {"urgent": true})')),
    *(("stock([{}])", "stock([{}, {}])"), ('mail("a")', 'mail("a", {})'), ("count(1)", "count(1, {})")),
    ('count(1, {"a": 1})', 'count(1, {"a": true})'),
)
"""Pairs of calls that are two."""

TOOLS = llmc.Toolbox([pay, book, order, put, *SCHEMA_TOOLS])


def runs(
    tools: llmc.Toolbox, *plans: str, params: dict[str, Json] | None = None, approve: llmc.Approval | None = None
) -> list[Run]:
    """The runs of plans, one after the other with one call cache."""
    cache = CallCache()

    async def all_of_them() -> list[Run]:
        found = []
        for plan in plans:
            cache.next_plan()
            graph = compile_plan(plan, tools).graph
            found.append(await execute(graph, params or {}, memo=cache, trust=RunGuard(approve)))
        return found

    return clock.run(all_of_them())


def count(tools: llmc.Toolbox, *calls: str) -> int:
    """How often a write was made that is spelled so in one plan after the other."""
    made.clear()
    found = runs(tools, *(f"{index}. {call}\njoin(${index})\n" for index, call in enumerate(calls, 1)))
    assert not any(run.errors for run in found), [run.errors for run in found]
    return len(made)


def made_twice(groups: tuple[tuple[str, ...], ...]) -> list[str]:
    """The other spellings whose write was made again."""
    pairs: Iterator[tuple[str, str]] = ((first, other) for first, *others in groups for other in others)
    return [other for first, other in pairs if count(TOOLS, first, other) == 2]


def as_written(_self: object, bound: Sequence[tuple[str | None, Json]]) -> Identified:
    """The digest of arguments by their text alone."""
    pairs = sorted(bound, key=lambda pair: pair[0] or "")
    return Identified((repr([(name, canonical(value)) for name, value in pairs]),))


@pytest.fixture
def by_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments are the same where their text is."""
    monkeypatch.setattr(FunctionSignature, "identify", as_written)
    monkeypatch.setattr(SchemaSignature, "identify", as_written)


@pytest.mark.parametrize("groups", [FUNCTIONS, SCHEMAS], ids=["functions", "schemas"])
def test_another_spelling_is_not_made_again(groups: tuple[tuple[str, ...], ...]) -> None:
    """None of them, whether numbers, defaults, keywords, keys or types are written otherwise."""
    assert made_twice(groups) == []


@pytest.mark.usefixtures("by_text")
@pytest.mark.parametrize(
    ("groups", "twice", "of"), [(FUNCTIONS, 18, 21), (SCHEMAS, 15, 16)], ids=["functions", "schemas"]
)
def test_by_their_text_most_are_made_again(groups: tuple[tuple[str, ...], ...], twice: int, of: int) -> None:
    """The count above is not blind."""
    assert (len(made_twice(groups)), sum(len(others) for _, *others in groups)) == (twice, of)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_arguments_are_another_write(one: str, other: str) -> None:
    """By the equality of the language, both ways round."""
    assert count(TOOLS, one, other) == 2
    assert count(TOOLS, other, one) == 2


def test_a_tool_by_schema_gets_what_was_written() -> None:
    """Defaults are filled in for the call cache alone."""
    given: list[dict[str, Json]] = []

    async def call(**arguments: Json) -> None:
        given.append(arguments)

    schema = {"type": "object", "properties": {"a": {"default": 1}, "b": {**OPTIONS, "default": {}}}}
    tools = llmc.Toolbox([llmc.Tool.from_schema("t", "", schema, "write(x)", call)])
    runs(tools, "1. t()\njoin()\n", "2. t(a=1.0, b={})\njoin()\n", '3. t(b={"urgent": true})\njoin()\n')
    assert given == [{}, {"b": {"urgent": True}}]


def test_secrets_count_and_injected_arguments_do_not() -> None:
    """Another password is another call, another key is not; neither is kept as it is."""
    keys: list[str] = []

    @llmc.write("mail", idempotency_key="key")
    async def login(password: llmc.Secret[str], key: str) -> None:
        keys.append(key)

    cache = CallCache()
    tools = llmc.Toolbox([login, pay])
    plans = ("1. login($p)\njoin()\n", "2. login(password=$p)\njoin()\n")

    async def both(*passwords: str) -> None:
        for plan, password in zip(plans, passwords, strict=False):
            cache.next_plan()
            graph = compile_plan(f"input p: str\n{plan}", tools).graph
            await execute(graph, {"p": password}, memo=cache)

    clock.run(both("hunter22", "hunter22"))
    assert len(keys) == 1
    clock.run(both("hunter23"))
    assert len(keys) == 2
    assert "hunter2" not in repr([*cache._writes._last])  # noqa: SLF001 — nothing shows what is kept


def saving(validate: Callable[[str], str]) -> tuple[llmc.Toolbox, list[str]]:
    """A write whose argument goes through a validator, and what it wrote."""
    written: list[str] = []

    @llmc.write("x")
    async def save(text: Annotated[str, AfterValidator(validate)], at: float = 0) -> None:
        written.append(text)

    return llmc.Toolbox([save]), written


ONE, OTHER = "input p: str\n1. save($p)\njoin()\n", "input p: str\n2. save(text=$p, at=0.0)\njoin()\n"


@pytest.mark.parametrize("approve", [None, llmc.Approval("ask", lambda _: True)])
def test_a_validator_that_answers_otherwise_makes_no_second_write(approve: llmc.Approval | None) -> None:
    """It is run once for a call, and the tool gets that answer; the same text is the same call."""
    answers = count_up()
    tools, written = saving(lambda text: f"{text} {next(answers)}")
    first, second = runs(tools, ONE, OTHER, params={"p": "a"}, approve=approve)
    assert (first.errors, second.errors) == ({}, {})
    assert written == ["a 0"]
    assert next(answers) == 2


def test_without_a_memo_a_validator_is_run_once() -> None:
    """For a call that is not asked for."""
    answers = count_up()
    tools, written = saving(lambda text: f"{text} {next(answers)}")
    clock.run(execute(compile_plan(ONE, tools).graph, {"p": "a"}))
    assert written == ["a 0"]
    assert next(answers) == 1


@pytest.mark.parametrize("approve", [None, llmc.Approval("ask", lambda _: True)])
def test_a_validator_that_raises_at_first_makes_no_write(approve: llmc.Approval | None) -> None:
    """The call fails, nobody is asked, and nothing is kept: the next plan makes it."""
    answers = count_up()

    def validate(text: str) -> str:
        if not next(answers):
            raise SystemExit
        return text

    tools, written = saving(validate)
    first, second = runs(tools, ONE, OTHER, params={"p": "a"}, approve=approve)
    assert isinstance(error := first.errors["1"], BadArgument)
    assert error.attempt == 0
    assert not second.errors
    assert written == ["a"]


def test_a_later_attempt_converts_its_arguments_anew() -> None:
    """What the first one was given may have been changed by the tool."""
    given: list[list[int]] = []

    @llmc.write("x", idempotency_key="key")
    async def save(numbers: Annotated[list[int], Field(max_length=3)], key: str) -> None:
        assert key
        given.append([*numbers])
        numbers.append(0)
        if len(given) == 1:
            raise RuntimeError

    (run,) = runs(llmc.Toolbox([save]), "1. save([1, 2]) @retry(1)\njoin()\n")
    assert not run.errors
    assert given == [[1, 2], [1, 2]]


def test_converters_do_not_make_two_calls_one() -> None:
    """What one call is given may be what the tool gets from the other."""
    tools, written = saving(lambda text: text.swapcase())
    runs(tools, '1. save("a")\njoin()\n', '2. save("A")\njoin()\n')
    assert written == ["A", "a"]
