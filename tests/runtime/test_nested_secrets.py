"""Runs inside runs: what is secret in one is hidden in both."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

import llmc
from llmc_runtime.program.run_result import Run
from llmc_runtime.redaction import HIDDEN, Secrets
from llmc_runtime.safety.run_guard import RunGuard
from tests.runtime import clock
from tests.runtime.asked import Asked

WORD = "correct horse"
FOUND = "battery staple"


@llmc.pure
async def refuse(words: llmc.Json) -> str:
    """Fails, and says with what."""
    raise ValueError(words)


@llmc.pure
async def betray(words: llmc.Secret[str]) -> str:
    """Fails, and says with what."""
    raise ValueError(words)


@llmc.write("mail", approve=True)
async def send(body: str) -> str:
    """Gives what it sent."""
    return f"sent {body}"


@llmc.read("vault")
async def unlock() -> llmc.Secret[str]:
    """A secret of its own."""
    return FOUND


INNER = llmc.compile(
    "input word: str\nopened = unlock()\nletter = send($word)\nfailed = refuse($word)\nboth = betray($opened)\n",
    llmc.Toolbox([refuse, betray, send, unlock]),
    passes=(),
)


class Scene:
    """A run with a secret word, and the run inside it, which is given the word as a plain text."""

    def __init__(self, way: str) -> None:
        self.inner: list[Run] = []
        self.asked_inside, self.asked_outside = Asked(), Asked()
        terms: Any = {"approve": llmc.Approval("ask", self.asked_inside)}

        async def log_in(word: str) -> str:
            self.inner.append(await INNER.run({"word": word}, **terms))
            return f"{word} opened {FOUND}"

        def log_in_there(word: str) -> str:
            self.inner.append(INNER.run_sync({"word": word}, **terms))
            return f"{word} opened {FOUND}"

        function: Any = log_in if way == "await" else log_in_there
        function.__annotations__["word"] = llmc.Secret[str]
        function.__name__ = "log_in"
        text = "input word: str\ngot = log_in($word)\nfailed = refuse($got)\njoin($got)\n"
        program = llmc.compile(text, llmc.Toolbox([llmc.pure(function), refuse]), passes=())
        settings: Any = {"approve": self.asked_outside}
        if way == "await":
            self.outer = clock.run(program.run({"word": WORD}, **settings))
        else:
            self.outer = program.run_sync({"word": WORD}, **settings)

    def shown(self) -> dict[str, str]:
        """Everything that is shown, by where."""
        return {
            "outer repr": repr(self.outer),
            "outer json": json.dumps(self.outer.to_json()),
            "outer errors": str(list(self.outer.errors.values())),
            "inner repr": repr(self.inner[0]),
            "inner json": json.dumps(self.inner[0].to_json()),
            "inner errors": str(list(self.inner[0].errors.values())),
            "inner events": str(self.inner[0].events),
            "requests": str(self.asked_inside.requests) + str(self.asked_outside.requests),
        }


@pytest.mark.parametrize("way", ["await", "thread"])
def test_secrets_of_either_run_are_in_nothing_that_is_shown(way: str) -> None:
    """Those of the run around inside, and those that are found inside around it; values are as they were."""
    scene = Scene(way)
    assert not [where for where, text in scene.shown().items() if WORD in text or FOUND in text]
    assert scene.outer.value == f"{WORD} opened {FOUND}"
    assert scene.outer.to_json()["value"] == f"{HIDDEN} opened {HIDDEN}"
    assert scene.inner[0].results["letter"] == f"sent {WORD}"
    assert scene.inner[0].to_json()["results"]["letter"] == f"sent {HIDDEN}"
    assert [request.arguments[0].value for request in scene.asked_outside.requests] == [HIDDEN]


def test_without_the_rule_they_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """The word inside, and what was found inside around it."""
    monkeypatch.setattr(RunGuard, "inherit", lambda *_: None)
    scene = Scene("await")
    shown = {where for where, text in scene.shown().items() if WORD in text or FOUND in text}
    assert shown >= {"outer json", "outer repr", "inner json", "inner repr", "inner errors", "requests"}


def test_a_secret_that_was_given_stays_hidden_around_it() -> None:
    """Those of earlier plans, whose results a run inside reads, are hidden in both."""
    around, earlier = Secrets(), Secrets()
    around.add(WORD)
    earlier.add(FOUND)
    guard = RunGuard(secrets=earlier)
    guard.inherit(RunGuard(secrets=around), "tool (task 1)")
    assert guard.secrets is around
    assert around.text(f"{WORD}, {FOUND}") == f"{HIDDEN}, {HIDDEN}"


def test_runs_beside_each_other_share_nothing() -> None:
    """A secret of one is no secret of the other."""
    first, second = RunGuard(), RunGuard()
    first.secrets.add(WORD)
    assert second.secrets.text(WORD) == WORD


def test_many_threads_may_find_secrets_at_once() -> None:
    """What is known is found at any time, whoever adds others meanwhile."""
    secrets = Secrets()
    secrets.add("0000 is known")
    failures: list[str] = []

    def add(number: int) -> None:
        for at in range(400):
            secrets.add(f"{at % 7:04} is {number} and {'x' * (at % 50)}{at}")

    def look() -> Iterator[str]:
        for _ in range(400):
            shown = secrets.text("that 0000 is known, and no more")
            if shown != f"that {HIDDEN}, and no more":
                yield shown

    threads = [threading.Thread(target=add, args=(number,)) for number in range(3)]
    threads += [threading.Thread(target=lambda: failures.extend(look())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    for number in range(3):
        assert secrets.text(f"<{399 % 7:04} is {number} and {'x' * 49}399>") == f"<{HIDDEN}>"
