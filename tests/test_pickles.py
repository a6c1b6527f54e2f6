"""What can be seen of runs and questions survives pickling and copying: errors, runs, answers, events, diagnostics."""

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from signal import Signals
from types import ModuleType
from typing import Any, Final

import pytest

import llmc
import llmc.cli
import llmc_compiler
import llmc_grammar
import llmc_runtime
from llmc_compiler.diagnostics.plan_errors import UnknownTool
from llmc_compiler.serialization.form_errors import FormError
from llmc_compiler.tools.signature import ArgumentError
from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import Edit, Note
from llmc_grammar.portable import StandIn
from llmc_grammar.source import Source, Span
from llmc_runtime.agent import agent_events
from llmc_runtime.errors import LlmcError, LoopFailed, PlanError, ToolFailed
from llmc_runtime.models.messages import Usage
from llmc_runtime.redaction import Secrets
from tests import portable_work as work

PROTOCOLS: Final = range(2, pickle.HIGHEST_PROTOCOL + 1)


def read(data: bytes) -> Any:  # noqa: ANN401 — anything
    """What was pickled."""
    return pickle.loads(data)  # noqa: S301 — by this test


def pickled(thing: object, protocol: int = pickle.DEFAULT_PROTOCOL) -> Any:  # noqa: ANN401 — as above
    """A thing that was pickled, and read again."""
    return read(pickle.dumps(thing, protocol))


WAYS: Final[dict[str, Callable[[Any], Any]]] = {
    **{f"protocol {each}": partial(pickled, protocol=each) for each in PROTOCOLS},
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}
BY_WAY: Final = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())

MISTAKE: Final = UnknownTool(span=Span(3, 5), name="f", edit=Edit(Span(3, 5), "g"), notes=(Note(Span(0, 1), "here"),))
CALL: Final = {"span": Span(1, 2), "tool": "search", "attempt": 3}
SAMPLES: Final[dict[str, object]] = {
    **CALL,
    "diagnostics": (MISTAKE,),
    "error": PlanError("4", "failed", Span(5, 6)),  # type: ignore[arg-type]  # a TaskId
    "limit": "idle",
    "reason": "no",
    "results": {0: "a", 2: ["b"]},
    "source": Source("plan", "1. f(1)"),
    "steps": ("a", 1),
    "usage": Usage(calls=1, read=2, written=3),
    "values": {
        **dict.fromkeys(("wanted", "found", "key", "known", "name", "tool", "what", "saved", "node", "most"), "it"),
        "suggestion": None,
    },
    "why": ValueError("bad"),
}
"""Values for parameters of exceptions, by their names."""

OF_TYPES: Final[dict[object, object]] = {
    int: 7,
    int | None: 7,
    float: 1.5,
    float | None: 1.5,
    bool: True,
    Signals: Signals.SIGTERM,
}
"""Values for others, by their types, or else a text."""


def modules() -> Iterator[ModuleType]:
    """All modules of all packages."""
    for package in (llmc, llmc_compiler, llmc_grammar, llmc_runtime):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def exception_classes() -> dict[str, type[BaseException]]:
    """All exceptions that the packages define."""
    found = (each for module in modules() for each in vars(module).values() if isinstance(each, type))
    ours = {each for each in found if issubclass(each, BaseException) and each.__module__.startswith("llmc")}
    ours.remove(FormError)  # its subclasses have the words
    return {f"{each.__module__}.{each.__qualname__}": each for each in sorted(ours, key=lambda each: each.__qualname__)}


KINDS: Final = exception_classes()


def sample(kind: type[BaseException]) -> BaseException:
    """An exception of this class, with every parameter given."""
    positional, named = [], {}
    own = any("__init__" in vars(each) for each in kind.__mro__ if each.__module__.startswith("llmc"))
    parameters = [] if not own else list(inspect.signature(kind.__init__).parameters.values())[1:]
    for each in parameters:
        value = SAMPLES.get(each.name, OF_TYPES.get(each.annotation, "words"))
        if each.kind is each.VAR_KEYWORD:
            assert isinstance(value, dict)
            named.update(value)
        elif each.kind is each.KEYWORD_ONLY:
            named[each.name] = value
        else:
            positional.append(value)
    return kind(*(positional if own else ("it is wrong", 1)), **named)


def state(error: BaseException) -> object:
    """All of an exception that can be compared."""
    attributes = {name: state(each) if isinstance(each, BaseException) else each for name, each in vars(error).items()}
    cause = None if error.__cause__ is None else state(error.__cause__)
    return type(error).__qualname__, str(error), repr(error.args), attributes, cause, error.__suppress_context__


@pytest.mark.parametrize("name", KINDS)
def test_every_exception_survives(name: str) -> None:
    """With its text, its `args`, its attributes, its notes, and a chain of causes; no class can be forgotten."""
    error = sample(KINDS[name])
    error.add_note("while testing")
    if not name.startswith("llmc.cli."):  # which tells causes itself, and starts without the module for them
        error.__cause__ = ArgumentError("city", "is no city")
        error.__cause__.__cause__ = KeyError("x")
    for way in WAYS.values():
        found = way(error)
        assert type(found) is type(error)
        assert state(found) == state(error)


def test_the_walk_finds_exceptions_of_every_package() -> None:
    """The control: a class that takes more than its `args` does not survive by itself."""
    names = {each.__name__ for each in KINDS.values()}
    assert names >= {"Unreadable", "CompileError", "TooDeep", "ToolTimedOut", "BudgetSpent", "ConfigError"}
    with pytest.raises(TypeError):
        pickled(work.NamedError(code=3))


class Local(Exception):  # noqa: N818
    """Its `__init__` takes what `args` does not have, and its objects cannot be pickled."""

    def __init__(self, *, held: object) -> None:
        super().__init__("held back")
        self.held = held


class Unreadable(Exception):  # noqa: N818
    """Cannot say what it is."""

    def __init__(self) -> None:
        self.held = object()

    def __str__(self) -> str:
        raise RuntimeError


def failed_by(cause: BaseException) -> ToolFailed:
    """The error of a call whose tool raised this."""
    error = ToolFailed("1", why=cause, **CALL)  # type: ignore[arg-type]  # a TaskId; one of each
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    ("cause", "name", "words"),
    [
        (Local(held=lambda: 1), "Local", "held back"),
        (work.NamedError(code=3), "NamedError", "code 3"),
        (type("Made", (Exception,), {})("made here"), "Made", "made here"),
        (work.refused(404, token="hunter22"), "HTTPStatusError", "404 Not Found"),
        (Unreadable(), "Unreadable", ""),
        (ValueError("x" * 10**6), "ValueError", "x" * 4_000),
        (ExceptionGroup("two", [ValueError("a"), Local(held=open)]), "ExceptionGroup", "two (2 sub-exceptions)"),
    ],
)
def test_a_foreign_cause_that_cannot_be_pickled_has_a_stand_in(
    cause: BaseException, name: str, words: str, protocol: int
) -> None:
    """Of the same name, module and text; one with objects, such as a request and its token, has one too."""
    data = pickle.dumps(failed_by(cause), protocol)
    assert b"hunter22" not in data
    found = read(data).__cause__
    assert (type(found).__name__, type(found).__module__, str(found)) == (name, type(cause).__module__, words)
    assert isinstance(found, StandIn)
    again = pickled(found, protocol)
    assert (type(again).__name__, str(again)) == (name, words)


@BY_WAY
@pytest.mark.parametrize(
    "cause",
    [
        ValueError("bad", 3),
        OSError(2, "no such file", "plan.llmc"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        work.CityError("Rome"),
        ExceptionGroup("two", [ValueError("a"), ExceptionGroup("one", [TimeoutError()])]),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_foreign_cause_with_plain_data_stays_what_it_is(cause: Exception, way: Callable[[Any], Any]) -> None:
    """With its class, text and attributes."""
    found = way(failed_by(cause)).__cause__
    assert type(found) is type(cause)
    assert (str(found), vars(found)) == (str(cause), vars(cause))


def test_copies_share_causes() -> None:
    """Nothing is replaced in memory."""
    error = failed_by(Local(held=lambda: 1))
    assert copy.copy(error).__cause__ is error.__cause__
    assert copy.deepcopy(error).__cause__ is error.__cause__


def test_causes_in_a_circle_and_without_end_are_bounded() -> None:
    """Neither foreign ones nor llmc's own hold up a pickle."""
    first, second = ValueError("first"), KeyError("second")
    first.__cause__, second.__cause__ = second, first
    ours = failed_by(first)
    theirs = RuntimeError("theirs")
    theirs.__cause__ = own = failed_by(theirs)
    chain, found = 0, pickled(ours).__cause__
    while found is not None:
        chain, found = chain + 1, found.__cause__
    assert chain == 16
    assert str(pickled(own).__cause__) == "theirs"


RUN: Final = work.run()
ANSWER: Final = work.answer()


@BY_WAY
def test_a_run_survives(way: Callable[[Any], Any]) -> None:
    """With its values, errors, events, warnings and text: all that it says, it says again."""
    found = way(RUN)
    assert isinstance(found, llmc.Run)
    assert found.to_json() == RUN.to_json()
    assert (found.summary(), found.in_doubt, found.shown_results) == (RUN.summary(), RUN.in_doubt, RUN.results)
    assert (found.source, found.diagnostics, found.labels) == (RUN.source, RUN.diagnostics, RUN.labels)
    assert [type(each) for each in found.events] == [type(each) for each in RUN.events]
    assert {name: state(each) for name, each in found.errors.items()} == {
        name: state(each) for name, each in RUN.errors.items()
    }


@BY_WAY
def test_an_answer_survives(way: Callable[[Any], Any]) -> None:
    """With its plans and their runs; so does one that an error has."""
    assert way(ANSWER).to_json() == ANSWER.to_json()
    error = llmc.AgentError("the question has no answer")
    error.answer = ANSWER
    assert way(error).answer.to_json() == ANSWER.to_json()


@BY_WAY
def test_events_and_diagnostics_survive(way: Callable[[Any], Any]) -> None:
    """Each kind of them, and what a question tells."""
    for each in (*RUN.events, *work.told()):
        found = way(each)
        assert (type(found), repr(found)) == (type(each), repr(each))
    for mistake in (MISTAKE, *RUN.diagnostics):
        assert way(mistake) == mistake
    assert {type(each) for each in RUN.events} >= {
        llmc_runtime.state.events.FellBack,
        llmc_runtime.state.events.Retried,
    }
    assert any(isinstance(each, agent_events.Happened) for each in work.told())


@BY_WAY
@pytest.mark.parametrize(
    "value",
    [
        llmc.Limits(width=3, tools={"f": llmc.ToolLimits(width=1, rate=llmc.Rate(10, 1.0))}),
        llmc.Budget(tokens=3),
        Usage(calls=1, read=2),
        llmc.parse("1. f(1)\njoin($1)"),
        work.PROGRAM,
        work.PROGRAM.graph,
        work.PROGRAM.dry_run(),
    ],
    ids=lambda each: type(each).__name__,
)
def test_other_data_survives(value: object, way: Callable[[Any], Any]) -> None:
    """Limits, plans, and programs whose tools can be found by name."""
    assert way(value) == value


def test_a_program_with_a_local_tool_says_why_it_cannot_be_pickled() -> None:
    """The tool that cannot be found by its name is named."""

    @llmc.pure
    def inner(x: int) -> int:
        return x

    with pytest.raises(TypeError, match=r"cannot pickle the tool `inner`: it is not `.*<locals>.inner` of"):
        pickle.dumps(llmc.compile("1. inner(1)\njoin($1)", [inner]))


def test_every_diagnostic_of_the_catalogue_survives() -> None:
    """Their fields too."""
    found: list[type[Diagnostic]] = list(Diagnostic.__subclasses__())
    for kind in found:
        found += kind.__subclasses__()
        fields: dict[str, Any] = {"span": Span(0, 1)} | dict.fromkeys(
            kind.fields.keys() - {"span", "edit", "notes"}, "x"
        )
        made = kind(**fields)
        assert pickled(made) == copy.deepcopy(made) == made
    assert len(found) > 150


SECRET: Final = "hunter2-token"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_pickle_has_no_secrets(protocol: int) -> None:
    """Of a run, its errors and its answer it has what they show; the objects themselves keep their values."""
    run = work.secret_run(SECRET)
    data = pickle.dumps(run, protocol)
    assert SECRET.encode() not in data
    found = read(data)
    assert found.value == found.shown_value == run.shown_value
    assert found.to_json() == run.to_json()
    assert SECRET in str(run.value)
    assert SECRET in str(copy.deepcopy(run).value)
    assert SECRET not in repr(copy.deepcopy(run))
    loop = run.errors["3"]
    assert isinstance(loop, LoopFailed)
    assert loop.results
    for error in run.errors.values():
        assert SECRET.encode() not in pickle.dumps(error, protocol)


def test_the_secrets_of_a_run_are_seen_without_its_care() -> None:
    """The control: the values themselves have them, and the attribute of a cause."""
    run = work.secret_run(SECRET)
    assert SECRET.encode() in pickle.dumps((run.value, run.results))
    assert vars(work.cause_of(run.errors["2"])) == {"token": SECRET}


def test_a_pickle_has_no_secret_that_is_known_too_late() -> None:
    """Nor one that the plan itself has; the places of its text stay."""
    run = work.late_secret_run(SECRET)
    assert SECRET in str(run.errors["1"])
    assert run.source is not None
    assert SECRET in run.source.text
    data = pickle.dumps(run)
    assert SECRET.encode() not in data
    assert len(read(data).source.text) == len(run.source.text)
    assert run.diagnostics
    assert [(each.line, each.code) for each in read(data).diagnostics] == [
        (each.line, each.code) for each in run.diagnostics
    ]
    assert read(data).to_json() == run.to_json()


def test_secrets_themselves_stay() -> None:
    """A set of secrets is empty in a pickle, and the same in a copy."""
    secrets = Secrets()
    secrets.add(SECRET)
    assert SECRET.encode() not in pickle.dumps(secrets)
    assert not pickled(secrets)
    assert copy.deepcopy(secrets) is secrets


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
@pytest.mark.parametrize(("method", "workers"), [("fork", 2), ("spawn", 1)])
def test_a_hundred_of_them_go_through_a_pool_of_processes(method: str, workers: int) -> None:
    """There and back: raised, and given; workers run plans of their own."""
    raised = [each for each in map(sample, KINDS.values()) if isinstance(each, LlmcError)]
    things = [*raised, *[RUN, ANSWER] * ((100 - len(raised)) // 2 + 1)]
    with work.pool(get_context(method), workers) as pool:
        back = list(pool.map(work.given_back, things, chunksize=10))
        own = pool.submit(work.PROGRAM.run_sync, {"place": "Baltic"}).result()
        with pytest.raises(LlmcError) as refused:
            pool.submit(work.refused_run).result()
    assert len(things) >= 100
    assert [*map(work.shown, back)] == [*map(work.shown, things)]
    assert own.value == RUN.value
    assert work.shown(refused.value) == (
        "RunRefused",
        "the run would have 3 tasks; at most 1 are allowed (limit `tasks`)",
    )
