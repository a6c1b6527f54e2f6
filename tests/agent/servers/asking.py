"""One cell: a real agent with a real client asks a server on loopback; and how that is judged."""

import asyncio
import json
import re
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Final

import llmc
from llmc_runtime.errors import LlmcError
from llmc_runtime.models.messages import Usage
from tests.agent.server import FakeServer, Request, Sent
from tests.agent.servers.personality import Counts, Personality
from tests.agent.servers.replies import Turn
from tests.agent.servers.responses import failed, responded
from tests.agent.servers.sending import JSON, PAGE, STREAM, Given, continued, refused, replied
from tests.agent.servers.shapes import Shape
from tests.agent.servers.table import Expected
from tests.patience import PATIENCE

AT_ONCE: Final = -1.0
"""Instead of a random number: what is asked again is asked without a wait."""

JOINING: Final = ("You are given", "Questions, what tools gave")
"""How the prompts of a joiner begin."""


@dataclass
class Cell:
    """A server in a shape: what it was asked, and what it gave."""

    server: Personality
    shape: Shape
    requests: list[dict[str, Any]] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    planned: int = 0
    joined: int = 0
    priced: list[str] = field(default_factory=list)
    ordered: list[str] = field(default_factory=list)
    outcome: "llmc.Answer | BaseException | None" = None

    @property
    def name(self) -> str:
        """The name of its model."""
        return f"{self.server.name}-{self.shape.name}"

    @property
    def counts(self) -> Counts:
        """The tokens that the server used."""
        return sum((each.counts for each in self.given), Counts())

    @property
    def told(self) -> bool:
        """Whether the server told them all."""
        return all(each.told for each in self.given)

    @property
    def refused(self) -> tuple[str, ...]:
        """The parameters that the server does not take in this shape."""
        return () if self.shape.refuses is None else self.shape.refuses(self.server)

    @property
    def answered(self) -> int:
        """How many requests it took."""
        return len(self.requests) - len(self.refusals)

    def answer(self, request: Request) -> Sent:
        """The answer to a request."""
        self.requests.append(request.body)
        given = self._given(request)
        self.given.append(given)
        return given.sent

    def _given(self, request: Request) -> Given:
        """The answer to a request, and what it took."""
        for parameter in filter(partial(has, request.body), (*self.server.refuses, *self.refused)):
            self.refusals.append(parameter)
            fault = self.server.refusal(parameter)
            if parameter == "system" and self.server.system_place == "stream":
                return Given(Sent(200, STREAM, [self.server.in_stream(self.server.body(fault))]))
            return refused(self.server, fault)
        if self.shape.fails_once and self.answered == 1:
            return self._failed(self.shape.fails_once)
        if self.shape.fails:
            return self._failed(self.shape.fails)
        turn, form = self._turn(request), self.shape.form
        if turn.fails:
            return refused(self.server, self.server.trouble)
        read = len(json.dumps(request.body)) // 4
        form = replace(form, whole=True) if not request.body.get("stream") else form
        send = {"responses": responded, "chat": replied, "completions": continued}[request.api]
        return send(self.server, turn, form, read, request.body)

    def _turn(self, request: Request) -> Turn:
        """What the model says next."""
        if request.talk[0].startswith(JOINING):
            self.joined += 1
            return self.shape.joins[min(self.joined, len(self.shape.joins)) - 1]
        self.planned += 1
        one_text = self.shape.chat and self.server.api != "responses"
        plans = self.shape.chat if one_text else self.shape.plans
        return plans[min(self.planned, len(plans)) - 1]

    def _failed(self, how: str) -> Given:
        """An answer that is no reply."""
        server = self.server
        body = server.body(server.trouble)
        match how:
            case "busy":
                return refused(server, server.trouble)
            case "body":
                return Given(Sent(200, JSON, [json.dumps(body).encode()]))
            case "body-as-stream":
                return Given(Sent(200, STREAM, [json.dumps(body).encode() + b"\n"]))
            case "plain":
                return Given(Sent(server.plain[0], "text/plain", [server.plain[1].encode()]))
            case "page":
                return Given(Sent(502, "text/html", [PAGE.format(server.page).encode()]))
            case "login":
                return Given(Sent(200, "text/html; charset=utf-8", [PAGE.format("Sign in to the gateway").encode()]))
            case "wrong-key" | "no-model":
                fault = server.wrong_key if how == "wrong-key" else server.no_model
                assert fault is not None
                return refused(server, fault)
            case _:
                return self._too_long()

    def _too_long(self) -> Given:
        """The answer to too long a prompt."""
        server = self.server
        if server.context_place == "status":
            return refused(server, server.context)
        if server.api == "responses":
            return failed(server.context)
        return Given(Sent(200, STREAM, [server.in_stream(server.body(server.context))]))


def has(body: dict[str, Any], parameter: str) -> bool:
    """Whether a request has a parameter, or a message of the system."""
    if parameter == "system":
        return any(each["role"] == "system" for each in body.get("messages") or body.get("input") or ())
    return body.get(parameter) is True if parameter == "stream" else parameter in body


_asked: Final[ContextVar[Cell]] = ContextVar("cell")


@llmc.read("shop")
async def price(item: str) -> float:
    """The price of an item."""
    _asked.get().priced.append(item)
    return 3.5


@llmc.write("orders")
async def order(item: str) -> str:
    """Order an item, which no cell is asked for."""
    _asked.get().ordered.append(item)
    return f"ordered {item}"


SHOP: Final = llmc.Toolbox([price, order])


class Servers:
    """All cells behind one server on loopback; the name of the model tells which is asked."""

    def __init__(self, cells: list[Cell]) -> None:
        self._cells = {cell.name: cell for cell in cells}
        self._server = FakeServer(lambda request: self._cells[request.body["model"]].answer(request))

    async def ask_all(self, most: int = 8) -> None:
        """Ask a question in every cell, so many at a time."""
        turns = asyncio.Semaphore(most)

        async def ask(cell: Cell) -> None:
            async with turns, asyncio.timeout(PATIENCE):
                _asked.set(cell)
                cell.outcome = await self._ask(cell)

        async with self._server, asyncio.TaskGroup() as group:
            for cell in self._cells.values():
                group.create_task(ask(cell))

    async def _ask(self, cell: Cell) -> "llmc.Answer | BaseException":
        """Ask a question in a cell."""
        server, shape = cell.server, cell.shape
        base = self._server.base_url.removesuffix("/v1")
        # Azure's older addresses are made from the bare one.
        base_url = base if "api_version" in server.options else f"{base}/{server.name}/v1"
        options: dict[str, Any] = {"retries": 1, "random": lambda: AT_ONCE, **server.options, **shape.model}
        if shape.api is not None:
            options["api"] = shape.api
        try:
            model = llmc.Model(cell.name, base_url=base_url, server=server.server, **options)
            return await llmc.Agent(SHOP, model=model, **shape.agent).ask("What does tea cost?")
        except Exception as error:  # noqa: BLE001 — whatever comes is judged
            return error


def faults(cell: Cell, expected: Expected) -> list[str]:
    """Everything that is wrong in a cell."""
    found = [*_wrong_end(cell, expected), *_wrong_usage(cell)]
    if cell.ordered:
        found.append(f"ordered {cell.ordered}")
    others = [each for each in cell.refusals if each not in cell.refused]
    if sorted(cell.refusals) != sorted({*others, *cell.refused}):
        found.append(f"was refused {cell.refusals}")
    if cell.shape.fails == "context" and cell.answered != 1:
        found.append(f"asked {cell.answered} times, though the prompt is too long")
    return found


def _wrong_end(cell: Cell, expected: Expected) -> list[str]:
    """Everything that is wrong with how a cell ended."""
    outcome = cell.outcome
    if isinstance(outcome, llmc.Answer):
        return _wrong_answer(cell, outcome, expected)
    if not isinstance(outcome, LlmcError):
        return [f"raised {type(outcome).__name__}: {outcome}"]
    text = str(outcome)
    if expected.is_answer:
        return [f"no answer: {type(outcome).__name__}: {text}"]
    found = [f"its error has no {words!r}: {text}" for words in expected.words if words not in text]
    if len(text) > MOST_WORDS or re.search("<html|<title|Traceback", text):
        found.append(f"its error is not cleaned: {text}")
    if "matrix-key" in text:
        found.append(f"its error has the key: {text}")
    if not isinstance(outcome, cell.shape.error):
        found.append(f"raised {type(outcome).__name__}")
    if "`base_url`" in text and cell.shape.fails not in {"login", "page", "plain"}:
        found.append(f"its error blames the address: {text}")
    if outcome.answer is None:
        found.append("its error has no answer")
    elif cell.joined and "3.5" not in outcome.answer.plans[0].tasks[0].text:
        found.append("its error has no results")
    return found


MOST_WORDS: Final = 1500
"""Characters of an error."""


def _wrong_answer(cell: Cell, answer: llmc.Answer, expected: Expected) -> list[str]:
    """Everything that is wrong with an answer."""
    if not expected.is_answer:
        return [f"an answer: {answer.text!r}"]
    found = [] if answer.text == expected.value else [f"another answer: {answer.text!r}"]
    if cell.shape.item not in cell.priced:
        found.append(f"priced {cell.priced}")
    if answer.is_unmarked is not cell.shape.unmarked:
        found.append(f"is_unmarked is not {cell.shape.unmarked}")
    if (answer.stopped is not None) is not cell.shape.stopped:
        found.append(f"stopped: {answer.stopped}")
    return found


def _wrong_usage(cell: Cell) -> list[str]:
    """Everything that is wrong with the usage of a cell."""
    answer = cell.outcome if isinstance(cell.outcome, llmc.Answer) else getattr(cell.outcome, "answer", None)
    if answer is None:
        return []
    return wrong_counts(answer.total, cell.counts, details=cell.server.details, told=cell.told and not cell.shape.cut)


def wrong_counts(usage: Usage, counts: Counts, *, details: bool, told: bool) -> list[str]:
    """How a usage differs from what the server counted: estimates are right only where not all of it was told."""
    if usage.estimated:
        return ["an estimate, though the server told its tokens"] if told else []
    pairs = {"read": (usage.read, counts.read), "written": (usage.written, counts.written)}
    if details:
        pairs |= {"cached": (usage.cached, counts.cached), "reasoning": (usage.reasoning, counts.reasoning)}
    return [f"{name} {mine} tokens, not {theirs}" for name, (mine, theirs) in pairs.items() if mine != theirs]
