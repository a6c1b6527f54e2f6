"""Secrets are in nothing that a run shows; what is no secret is."""

import json
import re
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import llmc
from llmc_runtime.errors import ToolFailed
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN, LONGEST, SHORTEST, HiddenError, Secrets
from llmc_runtime.state import events
from llmc_runtime.tracing.trace import event_line, head_line
from tests.runtime import clock

SECRET = 'p"ä ss/wörd\\9\n77'
WITH_ERROR = (events.Failed, events.Retried, events.FellBack)
PLAN = """\
input password: str
session = login("ann", $password)
letter = send($session, "for $password")
told = shout("$password!")
failed = refuse("with $password")
built = refuse($password + "; " + $session)
lost = count($password)
broken = -(0 or $letter)
repeated = flaky("$password") @retry(1)
fell = flaky("again $password") @retry(1) @fallback("because of $password")
"""


def tools(secret: bool) -> llmc.Toolbox:
    """Tools that leak whatever they can; with parameters that are secret, or plain ones."""
    text: Any = llmc.Secret[str] if secret else str

    async def login(user: str, password: str) -> str:
        return f"session of {user} by {password}"

    login.__annotations__.update({"password": text, "return": text})

    async def send(session: str, body: str) -> str:
        return f"sent {body} in {session}"

    send.__annotations__.update({"session": text, "body": text})

    async def shout(words: str) -> str:
        return f"<{words}>"

    async def refuse(words: str) -> str:
        try:
            return {"": ""}[words]
        except KeyError as error:
            raise ValueError(f"{'x' * 270} no {words} or {quote(words)}, {json.dumps(words)}") from error

    async def count(words: str) -> int:
        return words  # type: ignore[return-value]  # a mistake

    def flaky(words: str) -> str:
        raise OSError(5, words)

    for function in (shout, refuse, count, flaky):
        function.__annotations__["words"] = text
    pure, nondet = map(llmc.pure, (shout, count)), map(llmc.nondet, (refuse, flaky))
    return llmc.Toolbox([llmc.read("bank")(login), llmc.write("mail", approve=True)(send), *pure, *nondet])


def artefacts(program: llmc.Program, run: Run, requests: list[llmc.ApprovalRequest]) -> Iterator[tuple[str, str]]:
    """Everything that a run shows, by name."""
    yield "run", repr(run)
    yield "summary", run.summary() + "".join(run.notes)
    yield "json", json.dumps(run.to_json(), ensure_ascii=False)
    yield "trace", head_line(program.graph, "plan") + "".join(map(event_line, run.events))
    yield "events", "".join(map(repr, run.events))
    yield "values", "".join(event_line(event, values=True) + json.dumps(event.to_json()) for event in run.events)
    yield "requests", "".join(f"{request}{request!r}" for request in requests)
    yield "picture", json.dumps(program._repr_mimebundle_(), ensure_ascii=False)
    yield "plan", program.to_llmc() + json.dumps(program.to_json(), ensure_ascii=False)
    yield "dry run", repr(program.dry_run({"password": SECRET}))
    errors = [(str(event.key), event.error) for event in run.events if isinstance(event, WITH_ERROR)]
    for task, error in [*run.errors.items(), *errors]:
        yield f"error of {task}", "".join(traceback.format_exception(error)) + repr(error) + repr(error.__dict__)


def forms(secret: str) -> set[str]:
    """The secret as it may be written."""
    plain = (secret, " ".join(secret.split()))
    written = [(json.dumps(text), json.dumps(text, ensure_ascii=False), repr(text)) for text in plain]
    return {*plain, quote(secret), *(text[1:-1] for texts in written for text in texts)}


def leaks(secret: bool) -> set[str]:
    """The artefacts of a run in which the secret is found in any form."""
    requests: list[llmc.ApprovalRequest] = []

    async def ask(request: llmc.ApprovalRequest) -> bool:
        requests.append(request)
        return True

    program = llmc.compile(PLAN, tools(secret))
    run = clock.run(program.run({"password": SECRET}, approve=ask))
    assert set(run.errors) == {"failed", "built", "lost", "broken", "repeated"}
    assert requests
    found = {name for name, text in artefacts(program, run, requests) if any(form in text for form in forms(SECRET))}
    assert run.results["told"] == f"<{SECRET}!>"  # the values themselves are as they are
    return found


def test_a_secret_is_in_nothing_that_a_run_shows() -> None:
    """Not as it is, and not as JSON, Python or a URL has it."""
    assert leaks(secret=True) == set()


def test_what_is_no_secret_is_found() -> None:
    """The search above is not blind: with plain parameters the same text is nearly everywhere."""
    assert leaks(secret=False) >= {
        "run",
        "json",
        "trace",
        "events",
        "requests",
        "error of failed",
        "error of built",
        "error of repeated",
    }


def test_an_exception_that_holds_a_secret_is_replaced_by_one_of_the_same_name() -> None:
    """Whoever prints the cause sees what it was, and not the secret; one that holds none is left as it is."""
    program = llmc.compile(PLAN, tools(secret=True))
    run = clock.run(program.run({"password": SECRET}, approve="all"))
    error = run.errors["failed"]
    assert isinstance(error, ToolFailed)
    assert isinstance(error.__cause__, HiddenError)
    assert type(error.__cause__).__name__ == "ValueError"
    assert HIDDEN in str(error.__cause__)

    @llmc.nondet
    async def broken(words: llmc.Secret[str]) -> None:
        raise OSError("no server")

    plan = "input a: str\n1. broken($a)\n"
    plain = clock.run(llmc.compile(plan, llmc.Toolbox([broken])).run({"a": SECRET})).errors["1"]
    assert isinstance(plain.__cause__, OSError)


async def test_a_streamed_plan_keeps_what_it_learns_to_be_secret_later() -> None:
    """A result that is there before the line that makes it secret is hidden as well."""

    @llmc.read("vault")
    async def fetch() -> dict[str, str]:
        return {"key": "hunter2hunter2", "name": "ann"}

    @llmc.read("bank")
    async def login(password: llmc.Secret[str]) -> None:
        raise OSError(password)

    async def pieces() -> AsyncIterator[str]:
        yield "1. fetch()\n"
        yield "2. login($1.key)\njoin($1, $2)\n"

    run = await llmc.run_stream(pieces(), llmc.Toolbox([fetch, login]))
    assert run.results["1"] == {"key": "hunter2hunter2", "name": "ann"}
    assert run.to_json()["results"]["1"] == {"key": HIDDEN, "name": "ann"}
    assert "hunter2" not in repr(run)


def test_the_elements_of_a_loop_may_be_secret() -> None:
    """Each of them, where they come from a list or from a call; a list that is built from secrets is hidden whole."""

    @llmc.read("vault")
    async def fetch(name: str) -> llmc.Secret[str]:
        return f"key of {name}"

    @llmc.read("bank")
    async def login(user: str, password: llmc.Secret[str]) -> str:
        return f"{user} came with {password}"

    text = (
        "input rows: list[dict[str, str]]\n"
        'keys = fetch("$n") for n in [1, 2]\n'
        "came = login($r.user, $r.password) for r in $rows\n"
        "join($keys, $came, $rows)\n"
    )
    rows: llmc.Json = [{"user": "ann", "password": "first one"}, {"user": "bob", "password": "second one"}]
    run = clock.run(llmc.compile(text, llmc.Toolbox([fetch, login])).run({"rows": rows}))
    assert run.to_json()["value"] == [
        HIDDEN,
        [f"ann came with {HIDDEN}", f"bob came with {HIDDEN}"],
        [{"user": "ann", "password": HIDDEN}, {"user": "bob", "password": HIDDEN}],
    ]


def test_a_short_secret_is_hidden_where_it_stands_alone_and_said_to_be_short() -> None:
    """It cannot be found in texts: they are full of such."""

    @llmc.read("bank")
    async def login(pin: llmc.Secret[str]) -> list[str]:
        return [pin, f"by {pin}"]

    run = clock.run(llmc.compile("input pin: str\njoin(login($pin))\n", llmc.Toolbox([login])).run({"pin": "123"}))
    assert run.to_json()["value"] == [HIDDEN, "by 123"]
    assert run.notes == (
        "input pin is a secret of fewer than 4 characters: it is hidden only where it stands alone",
        "`pin` of task join is a secret of fewer than 4 characters: it is hidden only where it stands alone",
    )
    assert run.to_json()["notes"] == list(run.notes)


@pytest.mark.parametrize(
    ("plan", "value", "words"),
    [
        ("input a: str\nlogin($a)\n", 5, "input `a` takes `str`, not int"),
        ("input a: dict[str, str]\nlogin($a.b)\n", ["hunter2"], r"input `a` takes `dict\[str, str\]`, not list\[any\]"),
        ("input a: str\njoin($a)\n", ["hunter2"], r"input `a` takes `str`, not \['hunter2'\]"),
    ],
)
def test_a_secret_input_of_the_wrong_type_is_not_shown(plan: str, value: llmc.Json, words: str) -> None:
    """One that is no secret is."""

    @llmc.read("bank")
    async def login(pin: llmc.Secret[str]) -> None:
        """Log in."""

    with pytest.raises(llmc.InputError, match=words):
        llmc.compile(plan, llmc.Toolbox([login])).run_sync({"a": value})


def test_a_context_that_cannot_be_opened_does_not_tell() -> None:
    """Unless the secret is not known yet, which it is here: inputs are known from the start."""
    secrets = Secrets()
    secrets.add("hunter2")
    error = llmc.ContextError("no hunter2")
    secrets.cover(error)
    assert str(error) == f"no {HIDDEN}"


TEXTS = st.text(min_size=SHORTEST, max_size=20)
WRITERS: list[Callable[[str], str]] = [
    str,
    json.dumps,
    lambda text: json.dumps(text, ensure_ascii=False),
    repr,
    quote,
    lambda text: str(KeyError(text)),
]


@given(secret=TEXTS, before=st.text(), after=st.text(), write=st.sampled_from(WRITERS))
def test_a_secret_is_found_in_whatever_surrounds_it(
    secret: str, before: str, after: str, write: Callable[[str], str]
) -> None:
    """However it is written, nothing of that is left."""
    secrets = Secrets()
    assert secrets.add(secret)
    shown = secrets.text(before + write(secret) + after)
    assert HIDDEN in shown
    parts = shown.split(HIDDEN)
    inside = write(secret).removeprefix('"').removesuffix('"') if write is not quote else write(secret)
    assert all(inside.strip("'") not in part for part in parts if len(inside.strip("'")) >= SHORTEST)


@given(secrets=st.lists(TEXTS, max_size=4), text=st.text(alphabet="abc"))
def test_a_text_without_secrets_stays(secrets: list[str], text: str) -> None:
    """Nothing else is touched."""
    known = Secrets()
    for secret in secrets:
        known.add(secret)
    if not any(form in text for secret in secrets for form in {*forms(secret), " ".join(secret.split())} if form):
        assert known.text(text) == text


def test_a_secret_of_any_length_is_hidden_where_it_stands_alone() -> None:
    """Texts are not searched for very long ones."""
    secrets = Secrets()
    assert not secrets.add("x" * (LONGEST + 1))
    assert secrets.value(["x" * (LONGEST + 1), "y"]) == [HIDDEN, "y"]
    assert secrets.text("x" * (LONGEST + 2)) == "x" * (LONGEST + 2)


@pytest.mark.parametrize("secret", ["secret", "ecre", "secret]", "[secret] and more", "ecret]!!"])
def test_what_stands_for_a_secret_stays_what_it_is(secret: str) -> None:
    """Covering twice is covering once, also where the secret is a part of the word for it."""
    secrets = Secrets()
    secrets.add(secret)
    error = ToolFailed("1", (0, 0), tool="f", attempt=1, why=ValueError(f"no {secret}"))  # type: ignore[arg-type]
    error.__cause__ = ValueError(f"no {secret}")
    secrets.cover(error)
    once, cause = str(error), error.__cause__
    secrets.cover(error)
    assert (str(error), error.__cause__) == (once, cause)
    assert once == f"task 1 failed: `f` raised ValueError: no {HIDDEN}"


def test_values_and_keys_are_covered() -> None:
    """At any depth; what is no text stays as it is."""
    secrets = Secrets()
    secrets.add("hunter2")
    assert secrets.value({"hunter2": ["a hunter2", 1, None, {"k": "hunter2"}]}) == {
        HIDDEN: [f"a {HIDDEN}", 1, None, {"k": HIDDEN}]
    }
    assert bool(secrets)
    assert not Secrets()


def test_an_exception_that_cannot_be_read_is_no_way_out() -> None:
    """Its text is looked at with care."""

    class UnreadableError(Exception):
        def __str__(self) -> str:
            raise RuntimeError("hunter2")

    secrets = Secrets()
    secrets.add("hunter2")
    error = ToolFailed("1", (0, 0), tool="f", attempt=1, why=UnreadableError("hunter2"))  # type: ignore[arg-type]
    error.__cause__ = UnreadableError("hunter2")
    secrets.cover(error)
    assert "hunter2" not in "".join(traceback.format_exception(error)) + repr(error.__cause__)


@pytest.mark.parametrize("secret", ['it\'s \\ "four"', "tok'en1234", "caf\u00e9 cr\u00e8me", "a\tb\nc"])
@pytest.mark.parametrize("write", [repr, ascii, lambda text: repr(text.encode()), lambda text: repr(f"\"'{text}")])
def test_a_secret_is_found_however_python_writes_it(secret: str, write: Callable[[str], str]) -> None:
    """Which quotes are escaped depends on what stands around it."""
    secrets = Secrets()
    secrets.add(secret)
    assert set(secrets.text(write(secret)).replace(HIDDEN, "")) <= set("b\"'\\")


def test_many_secrets_that_come_one_by_one_are_found_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What finds them is not made anew for each."""
    made: list[str] = []
    compiled = re.compile

    def compile_and_count(pattern: str) -> re.Pattern[str]:
        made.append(pattern)
        return compiled(pattern)

    monkeypatch.setattr(re, "compile", compile_and_count)
    secrets = Secrets()
    for number in range(1_000):
        secrets.add(f"key-{number}-of-many")
        assert secrets.text(f"it is key-{number}-of-many.") == f"it is {HIDDEN}."
    assert len(made) < 10
