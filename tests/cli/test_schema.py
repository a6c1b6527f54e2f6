"""`llmc schema`: documents are as their schemas say, and have no key that the schemas do not describe."""

import asyncio
import copy
import json
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, Final, get_args

import pytest
from jsonschema import Draft202012Validator

import llmc
from llmc.config.config import KEYS, NUMBERS, OTHERS, TEXTS, WHOLE, ConfigError, find_config
from llmc.schemas import ABOUT, schema
from llmc_compiler.expressions.terms import NodeId
from llmc_compiler.ir.graph import TaskId
from llmc_compiler.passes.pipeline import PIPELINE
from llmc_runtime.agent.agent_events import Progress
from llmc_runtime.state.events import Finished
from llmc_runtime.tracing.trace import LONGEST_VALUE, event_line, head_line
from tests.agent.fakes import World
from tests.cli.conftest import Cli, Say
from tests.runtime import clock
from tests.semantics.compared import WORLD, Trial
from tests.semantics.generator import random_sample

EXAMPLES: Final = Path(__file__).parent.parent.parent / "examples"
SEEDS: Final = 48
SAME: Final = 6
"""Random documents of one kind, and with the same keys, that are looked at."""

Documents = dict[str, list[Any]]


def closed(found: Any) -> Any:  # noqa: ANN401 — a schema
    """The schema in which no object has a key that is not described."""
    if isinstance(found, list):
        return [closed(each) for each in found]
    if not isinstance(found, dict):
        return found
    inside = {key: closed(value) for key, value in found.items()}
    is_object = isinstance(found.get("properties"), dict) and found.get("type") == "object"
    return {"additionalProperties": False, **inside} if is_object else inside


@cache
def validator(name: str, *, strict: bool) -> Draft202012Validator:
    """That of a document; `strict` is that of the closed schema, as the one of graphs is itself."""
    return Draft202012Validator(closed(schema(name)) if strict and name != "graph" else schema(name))


def mistakes(document: object, name: str, *, strict: bool = False) -> list[str]:
    """What a schema has against a document."""
    return [error.message[:300] for error in validator(name, strict=strict).iter_errors(document)]


def random_runs() -> Iterator[tuple[str, Any]]:
    """Runs, dry runs, traces, graphs and explanations of random plans."""
    for seed in range(SEEDS):
        trial = Trial.of(random_sample(Random(seed)), seed)
        program = trial.program(PIPELINE if seed % 2 else ())
        WORLD.begin(seed)
        run = asyncio.run(program.run(trial.sample.inputs))
        yield "run", json.loads(json.dumps(run.to_json()))
        yield "graph", json.loads(json.dumps(program.to_json()))
        yield "dry-run", {"version": 1, "calls": [each.to_json() for each in program.dry_run(trial.sample.inputs)]}
        yield "trace", json.loads(head_line(program.graph, "plan"))
        for event in run.events:
            for line in (json.loads(event_line(event)), json.loads(event_line(event, values=True))):
                yield "trace", line
                yield "events", line


def told() -> Iterator[tuple[str, Any]]:
    """Everything that is told of a question, with values and without, and a line of a trace with a long value."""
    first = (llmc.Reasoning("hm"), '1. search("a")\njoin()')
    model = llmc.ScriptedModel([first, "Replan(more)", '2. serch("b")\njoin()', '2. search("b")', "Finish(x)"])
    for event in watch_model(model):
        for values in (True, False):
            yield "events", json.loads(json.dumps(event.to_json(values=values)))
    long = Finished((NodeId("1"), ()), TaskId("1"), 0.0, 0.0, "x" * LONGEST_VALUE)
    yield "events", json.loads(event_line(long, values=True))


def watch_model(model: llmc.ScriptedModel) -> list[Progress]:
    """What is told of a question to a model."""
    found: list[Progress] = []
    clock.run(llmc.Agent(World().toolbox(), model=model).ask("?", emit=found.append))
    return found


COMMANDS: Final = (
    ("run", "run plan.llmc --json"),
    ("run", "run failing.llmc --json --trace out.jsonl"),
    ("run", "run failing.llmc --json --approve ask"),
    ("dry-run", "run failing.llmc --dry-run --json --approve ask"),
    ("trace", "trace out.jsonl --json"),
    ("trace", f"trace {EXAMPLES / 'nine.jsonl'} --json"),
    ("graph", "graph failing.llmc --json"),
    ("graph", "compile failing.llmc --json"),
    ("explanation", "explain failing.llmc --json --width 2"),
    ("explanation", f"explain {EXAMPLES / 'story.llmc'} --json"),
    ("codes", "explain E201 --json"),
    ("codes", "explain --list --json"),
    ("diagnostics", "check failing.llmc --json"),
    ("diagnostics", f"check {EXAMPLES} --json"),
    ("diagnostics", "check loose.llmc --json --lenient"),
    ("tools", "tools tools.py --json"),
    ("tools", f"tools {EXAMPLES / 'atlas.py'} --json"),
    ("tools", f"tools {EXAMPLES / 'tracker.py'} --json"),
    ("functions", "tools --std --json"),
    ("fmt", "fmt plan.llmc failing.llmc none.llmc --json --check"),
    ("fmt", "fmt loose.llmc - --json"),
    ("fmt", "fmt plan.llmc --json --diff"),
    ("grammar", "grammar --tools tools.py --json"),
    ("grammar", "grammar --tools tools.py --json --syntax gbnf --level plain"),
    ("new", "new first --json"),
    ("answer", "ask how --tools tools.py --json"),
    ("plan", "plan how --tools tools.py --json"),
    ("plan", "plan how --tools tools.py --json -o written.llmc"),
)
FAILING: Final = """\
use "tools.py"
a = add(1, 2)
b = fail("no") @retry(2)
c = log("$b")
d = fail($x) for x in ["1", "2"]
e = log("x") if $a > 100
f = fail("x") @fallback("y")
g = add(1, 2)
h = log("y")
join([$a, $f, $g])
"""


MADE: Final[Documents] = {}


@pytest.fixture
def documents(cli: Cli, say: Say, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Documents:
    """Real documents of each kind: of commands, and of random plans. They are made once."""
    if MADE:
        return MADE
    monkeypatch.setattr("llmc_runtime.calls.backoff.FIRST_DELAY", 0.0)
    monkeypatch.setenv("ATLAS_PACE", "0")
    (folder / "plan.llmc").write_text('use "tools.py"\na = add( 1, 2 )\njoin({"a": [$a]})\n', "utf-8")
    (folder / "failing.llmc").write_text(FAILING, "utf-8")
    (folder / "loose.llmc").write_text("a: add(1, 2)\njoin($a)\n", "utf-8")
    found: Documents = {name: [] for name in ABOUT}
    for name, command in COMMANDS:
        say("1. add(1, 2)\n2. fail(x)\n3. join()", "Thought: t\nAction: Finish(3)")
        ended = cli(*command.split(), stdin="join( 1 )\n")
        assert ended.stdout, (command, ended.stderr)
        found[name].append(json.loads(ended.stdout))
    counts = Counter[object]()
    for name, document in chain(random_runs(), told()):
        counts[shape := (name, document.get("event"), *document)] += 1
        if counts[shape] <= SAME:
            found[name].append(document)
    MADE.update(found)
    return found


def test_every_document_is_as_its_schema_says(documents: Documents) -> None:
    """Those of commands, of examples, and of random plans; and every key that they have is described."""
    assert [name for name, some in documents.items() if not some] == ["config"]
    for name, some in documents.items():
        for document in some:
            assert mistakes(document, name) == []
            assert mistakes(document, name, strict=True) == []
    seen = {document["event"] for document in documents["events"]}
    assert seen >= {"Started", "Failed", "Blocked", "FellBack", *(kind.__name__ for kind in get_args(Progress))}
    assert [document["cut"] for document in documents["events"] if "cut" in document] == [True]


def test_another_document_is_not(documents: Documents) -> None:
    """The control: a document with a key less, or with another kind of value, is invalid; one with a key more is valid.

    But not to the closed schema: the test above would see a key that is not described. A graph has no other keys.
    """
    for name, some in documents.items():
        for document in some[:4]:
            for changed in without_a_key(document, set(schema(name).get("required", ()))):
                assert mistakes(changed, name)
            for changed in with_another_value(document):
                assert mistakes(changed, name)
            more = with_a_key_more(document)
            assert (mistakes(more, name) == []) is (name != "graph")
            assert mistakes(more, name, strict=True)


def first(document: Any) -> dict[str, Any]:  # noqa: ANN401 — JSON data
    """The object that a document is, or its first one."""
    found = document[0] if isinstance(document, list) else document
    assert isinstance(found, dict)
    return found


def without_a_key(document: object, names: set[str]) -> Iterator[object]:
    """The document without one of its required keys."""
    for key in names:
        changed = copy.deepcopy(document)
        del first(changed)[key]
        yield changed


def with_another_value(document: object) -> Iterator[object]:
    """The document with something else where it has a text, a number or a list that says what it is."""
    for key, value in first(document).items():
        if key not in {"value", "answer", "parameters", "returns", "default"} and value is not None:
            changed = copy.deepcopy(document)
            first(changed)[key] = {"": object} if not isinstance(value, dict) else 1
            yield json.loads(json.dumps(changed, default=str))


def with_a_key_more(document: object) -> object:
    """The document with a key that nothing describes."""
    changed = copy.deepcopy(document)
    first(changed)["unheard_of"] = 1
    return changed


@pytest.mark.parametrize("name", ABOUT)
def test_a_schema_is_one(cli: Cli, name: str) -> None:
    """Of draft 2020-12, with a description of every document."""
    ended = cli("schema", name)
    found = json.loads(ended.stdout)
    assert (ended.status, ended.stderr) == (0, "")
    assert found["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert found["description"]
    Draft202012Validator.check_schema(found)


def test_the_names_are_listed(cli: Cli) -> None:
    """And another one is wrong usage, with what may have been meant."""
    assert [each.split()[0] for each in cli("schema", "--list").stdout.splitlines()] == list(ABOUT)
    ended = cli("schema", "runs")
    assert (ended.status, ended.stderr) == (2, "llmc: no document is named `runs`; did you mean `run`?\n")
    assert "`llmc schema --list` lists all documents" in cli("schema", "x" * 1000).stderr
    assert cli("schema").status == cli("schema", "run", "--list").status == 2


CONFIGS: Final = {
    "": True,
    '[tools]\natlas = "examples/atlas.py"\nmail = "company.mail"\n': True,
    "[tools]\natlas = 1\n": False,
    '[tools]\natlas = ""\n': False,
    "[tool]\natlas = 1\n": False,
    '[limits]\nrun-time = "60s"\nrun_bytes = "1MiB"\nwidth = 8\ncost = 2.5\n': True,
    '[limits]\nwidth = "8"\nresult-bytes = 1_000\ntools.search = { width = 2, rate = "10/s" }\n': True,
    "[limits]\nrun-time = 60\n": False,
    '[limits]\nrun-time = "60"\n': False,
    "[limits]\nwidth = 2.5\n": False,
    "[limits]\nwidht = 2\n": False,
    '[limits]\ntools.search = { rate = "10/x" }\n': False,
    "[limits]\ntools.search = { speed = 1 }\n": False,
    '[models.planner]\nname = "gpt-5"\napi_key_env = "KEY"\ntemperature = 0.5\nretries = 3\n': True,
    "[models.planner]\nprices = { read = 1.25, cached = 0.125, written = 10.0 }\n": True,
    "[models.planner]\nprices = { read = 1.25 }\n": False,
    '[models.planner]\nprices = { read = "x", written = 1 }\n': False,
    '[models.planner]\napi_key = "x"\n': False,
    "[models.planner]\nname = 5\n": False,
    "[models.planner]\nretries = 1.5\n": False,
    "[models.planner]\ntemperature = true\n": False,
    "[models.planner]\ntimeout = 1e99\n": False,
    '[models.planner]\nheaders = { "x-team" = "atlas" }\nheaders_env = { "x-key" = "KEY" }\n': True,
    "[models.planner]\nextra_body = { a = [1] }\n": True,
    '[models.planner]\nstop = ["a"]\nstream = false\nseed = 1\nmax_tokens = 5\ntop_p = 0.5\n': True,
    '[models.planner]\nstop = "a"\nreasoning_effort = "low"\n': True,
    "[models.planner]\nstop = 5\n": False,
    "[models.planner]\nstop = [5]\n": False,
    "[models.planner]\nstream = 1\n": False,
    "[models.planner]\nheaders = { x = 1 }\n": False,
    "[models.planner]\nextra_body = 1\n": False,
    '[models.planner]\nreasoning_tags = ["think"]\n': True,
    '[models.planner]\nreasoning_tags = "think"\n': False,
    "models = 1\n": False,
}
"""Configurations, and whether they are read."""


@pytest.mark.parametrize("text", CONFIGS)
def test_a_configuration_is_valid_if_it_is_read(folder: Path, text: str) -> None:
    """The schema and the reader agree."""
    (folder / "llmc.toml").write_text(text, "utf-8")
    try:
        is_read = bool(find_config(folder))
    except ConfigError:
        is_read = False
    assert is_read is CONFIGS[text]
    assert (mistakes(tomllib.loads(text), "config") == []) is is_read


def test_every_key_of_the_configuration_is_described() -> None:
    """Those that the reader knows, and no others."""
    found = schema("config")
    options = found["properties"]["models"]["additionalProperties"]["properties"]
    assert set(found["properties"]) == set(KEYS)
    assert set(options) == {*TEXTS, *NUMBERS, *WHOLE, *OTHERS}


def test_two_forms_are_wrong_usage(cli: Cli, folder: Path) -> None:
    """`--json` beside another form, or beside a text."""
    (folder / "plan.llmc").write_text("join(1)\n", "utf-8")
    for command in ("check plan.llmc --format github", "graph plan.llmc --format svg", "check plan.llmc --diff"):
        ended = cli(*command.split(), "--json")
        assert (ended.status, ended.stdout) == (2, "")
    assert json.loads(cli("check", "plan.llmc", "--format", "json", "--json").stdout) == []
