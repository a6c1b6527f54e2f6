"""What can be seen of a run says nothing about a secret, whatever the plan builds from it."""

import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

import llmc
from llmc_compiler.lowering.secret_flow import SecretFlow
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN
from tests.runtime import clock

FIRST, SECOND = "1st-key", "another key, and a longer one"
NAMES = ("k", "n", "m")
CHANCE = {"id", "seconds", "processor_seconds", "sum_of_calls", "longest_chain"}
OPERATORS = ("==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or", "+", "-", "*", "/", "//", "%", "**")


def tools(secret: str, *, says: bool = False) -> llmc.Toolbox:
    """Tools around a secret, of which one may say it again."""

    @llmc.read("vault")
    async def fetch() -> llmc.Secret[str]:
        return secret

    @llmc.write("bank")
    async def login(user: str, password: llmc.Secret[str]) -> str:
        return f"{user} came" + says * f" with {password}"

    @llmc.write("log")
    async def show(item: Any = None) -> int:  # noqa: ANN401 — anything
        return len(str(item))

    return llmc.Toolbox([fetch, login, show])


class Words:
    """Random plans about a secret `k`."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.names = ["k", "n", "m.a", "m.b"]

    def expression(self, depth: int = 2) -> str:
        """An expression, in brackets where it is an operator."""
        pick = self.random.random()
        if depth == 0 or pick < 0.4:
            names = [f"${name}" for name in self.names]
            return self.random.choice((*names, *names, "1", "'5'", "null"))
        inside = [self.expression(depth - 1) for _ in range(3)]
        if pick < 0.5:
            return f'"<${self.random.choice(("k", "n"))}>"'
        if pick < 0.6:
            return f"[{inside[0]}, {inside[1]}]"
        if pick < 0.7:
            return f'{{"a": {inside[0]}}}'
        if pick < 0.8:
            return f"({inside[0]} if {inside[1]} else {inside[2]})"
        if pick < 0.85:
            return f"(not {inside[0]})"
        return f"({inside[0]} {self.random.choice(OPERATORS)} {inside[1]})"

    def line(self, number: int) -> str:
        """A task."""
        value = self.expression()
        call = self.random.choice((f"show({value})", f'login("u", "${{k}}{number}")', value, f"[{value}]"))
        tail = self.random.choice(("", "", "", f" if {self.expression(1)}", f" for i in {self.expression(1)}"))
        return f"v{number} = {call}{tail}"

    def plan(self) -> str:
        """A few of them."""
        lines = ["k = fetch()", "n = show(3)", 'm = {"a": $k, "b": [1, 2]}']
        for number in range(self.random.randrange(1, 4)):
            lines.append(self.line(number))
            if " for " not in lines[-1]:
                self.names.append(f"v{number}")
        return "\n".join(lines) + "\n"


def seen(run: Run) -> str:
    """What can be seen of a run, but for its number and times."""
    shown = {key: value for key, value in run.to_json().items() if key not in CHANCE}
    told = sorted((type(event).__name__, str(getattr(event, "key", None))) for event in run.events)
    return json.dumps([shown, told], sort_keys=True)


def differences(seeds: range) -> tuple[int, int]:
    """Of plans that compile and build something from the secret: how many there are, and how many show something."""
    built = different = 0
    for seed in seeds:
        text = Words(seed).plan()
        try:
            first, second = (llmc.compile(text, tools(secret)) for secret in (FIRST, SECOND))
        except llmc.CompileError:
            continue
        ran = [clock.run(program.run()) for program in (first, second)]
        built += len(ran[0].labels) > 1
        different += seen(ran[0]) != seen(ran[1])
    return built, different


def test_runs_with_different_secrets_look_alike() -> None:
    """Events, results, errors and the value are the same for two secrets, for every plan that compiles."""
    built, different = differences(range(150))
    assert built > 12
    assert different == 0


def test_without_the_rules_they_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans that would be refused show which secret it was."""
    monkeypatch.setattr(SecretFlow, "mistakes", lambda _: ())
    assert differences(range(100))[1] > 3


@pytest.mark.parametrize(
    "built", ['"<$k>"', '[$k, "a"]', '{"a": 1, "b": $k}', "$m.b", '"a" + $k', "[1] + [$k]", "$k if 1 == 1 else 2"]
)
def test_what_is_built_from_a_secret_is_hidden_whole(built: str) -> None:
    """In results, in the value, and where a tool repeats it; in Python it is what it is."""
    plan = f'k = fetch()\nm = {{"b": $k}}\nx = {built}\nt = login("u", "<$k>")\njoin(x=$x, t=$t)\n'
    run = clock.run(llmc.compile(plan, tools(FIRST, says=True)).run())
    assert isinstance(run.value, dict)
    assert FIRST in json.dumps(run.value["x"])
    shown = run.to_json()
    assert shown["value"] == {"x": HIDDEN, "t": f"u came with {HIDDEN}"}
    results = {"k": HIDDEN, "m": HIDDEN, "x": HIDDEN, "t": f"u came with {HIDDEN}"}
    assert shown["results"] == {name: results[name] for name in run.results}
    assert "1st" not in json.dumps(shown)
    assert "1st" not in repr(run)


def test_numbers_are_secrets_too() -> None:
    """A schema may want one; it is hidden by where it is from."""
    schema = {"properties": {"pin": {"type": "integer"}}}
    enter = llmc.Tool.from_schema("enter", "", schema, "write(bank)", lambda pin: None, secret=["pin"])
    program = llmc.compile("input pin: int\nx = [$pin]\nenter($pin)\njoin($x)\n", llmc.Toolbox([enter]))
    run = program.run_sync({"pin": 4711})
    assert run.value == [4711]
    assert "4711" not in json.dumps({key: run.to_json()[key] for key in ("value", "results", "errors", "notes")})


def test_a_secret_that_does_not_fit_is_not_told() -> None:
    """The reason would hold it; of another parameter it is told."""
    schema = {"properties": {name: {"type": "integer", "maximum": 9} for name in ("pin", "amount")}}
    enter = llmc.Tool.from_schema("enter", "", schema, "read(bank)", lambda **_: None, secret=["pin"])
    program = llmc.compile("input pin: any\ninput n: any\nenter($pin)\nenter(amount=$n)\n", llmc.Toolbox([enter]))
    errors = program.run_sync({"pin": 4711, "n": 1147}).errors
    assert "the argument `pin` did not fit: the secret value has the wrong type" in str(errors["1"])
    assert errors["1"].__cause__ is None
    assert "1147 is greater than the maximum of 9" in str(errors["2"])


def test_a_call_that_was_pruned_still_says_what_is_secret() -> None:
    """Nobody needs its result, so it is not made; what it would have taken is no less secret."""

    @llmc.read("bank")
    async def enter(password: llmc.Secret[str]) -> str:
        return password

    @llmc.read("shelf")
    async def look() -> dict[str, str]:
        return {"key": FIRST, "name": "ann"}

    plan = "input word: str\nx = look()\na = enter($word)\nb = enter($x.key)\njoin($x, $word)\n"
    program = llmc.compile(plan, llmc.Toolbox([enter, look]))
    assert program.secret_inputs == {"word"}
    run = clock.run(program.run({"word": SECOND}))
    assert run.calls == 1
    assert run.to_json()["value"] == [{"key": HIDDEN, "name": "ann"}, HIDDEN]
    assert FIRST not in repr(run)


async def test_a_streamed_plan_hides_what_a_dropped_line_made_secret() -> None:
    """As a plan that is known as a whole does."""

    @llmc.read("bank", early=False)
    async def enter(password: llmc.Secret[str]) -> str:
        return password

    @llmc.read("shelf")
    async def look() -> dict[str, str]:
        return {"key": FIRST}

    async def pieces() -> AsyncIterator[str]:
        yield "1. look()\n2. enter($1.key)\n"
        yield "join($1)\n"

    run = await llmc.run_stream(pieces(), llmc.Toolbox([enter, look]))
    assert (run.calls, run.value) == (1, {"key": FIRST})
    assert run.to_json()["value"] == {"key": HIDDEN}


async def test_a_streamed_plan_does_not_call_what_a_secret_would_decide() -> None:
    """The first part of it may run; the line that is wrong never does."""
    called: list[object] = []

    @llmc.read("vault")
    async def fetch() -> llmc.Secret[str]:
        return FIRST

    @llmc.read("log")
    async def show(item: Any) -> None:  # noqa: ANN401 — anything
        called.append(item)

    async def pieces() -> AsyncIterator[str]:
        yield "1. fetch()\n"
        yield '2. show("http://x/?k=$1")\n3. show(1) if $1 < "b"\n'

    with pytest.raises(llmc.CompileError) as caught:
        await llmc.run_stream(pieces(), llmc.Toolbox([fetch, show]))
    assert [found.code for found in caught.value.diagnostics] == ["E231", "E232"]
    assert called == []
