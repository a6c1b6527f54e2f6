"""What models are told."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from jinja2 import Environment
from pydantic import BaseModel

import llmc
from llmc_runtime import input_files
from llmc_runtime.agent.agent import Agent
from llmc_runtime.agent.agent_errors import ExampleError, PromptError
from llmc_runtime.agent.planning.planner import Planner
from llmc_runtime.agent.prompting.examples import Example, card_samples
from llmc_runtime.agent.prompting.few_shot import worked
from llmc_runtime.agent.prompting.templates import LARGEST, VARIABLES, Prompts
from llmc_runtime.agent.prompting.tool_docs import tool_list
from llmc_runtime.agent.prompting.tool_docs.prompt_texts import END
from llmc_runtime.agent.prompting.tool_docs.tool_entry import ToolText
from llmc_runtime.agent.prompting.tool_docs.tool_list import signature
from tests.agent.fakes import Script, World
from tests.runtime import clock

PLAN = '1. search("a")\njoin($1)'
LOOKED_UP = re.compile(r'(?:article|depth)\("([^"]+)"\)')


def asked(**settings: object) -> Script:
    """The model after one question."""
    model = Script([PLAN])
    clock.run(Agent(World().toolbox(), model=model, **settings).ask("What is a?"))  # type: ignore[arg-type]  # any
    return model


def test_a_planner_is_told_of_the_tools_the_language_and_the_question() -> None:
    """Signatures with types, descriptions, what changes something; the card; at last the question."""
    system, user = asked().asked[0].messages
    assert "- search(entity: str) -> str\n    What is known of an entity." in system.text
    assert "- send(to: str) -> str  (changes something: write(mail))" in system.text
    assert "join($3)" in system.text
    assert 'join("It is $3.")' in system.text
    assert user.text == "Question: What is a?"


def test_a_planner_is_told_which_values_are_secret() -> None:
    """So it can give them where they may go; the marks are those of the declaration."""

    @llmc.read("bank")
    async def login(user: str, password: llmc.Secret[str]) -> llmc.Secret[str]:
        """Log in."""
        return user + password

    assert signature(login) == "login(user: str, password: Secret[str]) -> Secret[str]"


def test_the_same_is_said_whenever_the_same_is_asked() -> None:
    """So a server can keep the beginning of it; the system message does not depend on the question."""
    assert asked().asked[0].messages == asked().asked[0].messages


class Counted(Prompts):
    """Prompts that note each of them that is filled."""

    filled: list[str]

    def render(self, name: str, **variables: object) -> str:
        """Note the name."""
        self.filled.append(name)
        return super().render(name, **variables)


@pytest.mark.parametrize(("own", "count"), [(None, 1), ({"planner": "{{ question }}"}, 2)])
def test_the_system_message_is_made_once_unless_prompts_are_replaced(own: dict[str, str] | None, count: int) -> None:
    """A user's prompt may depend on the question."""
    prompts, tools = Counted(own), list(World().toolbox())
    planner, prompts.filled = Planner(Script([]), prompts), []
    first, second = (planner.messages(question, tools) for question in "ab")
    assert (prompts.filled.count("planner"), prompts.filled.count("question")) == (count, 2)
    assert (first[0] == second[0]) == (own is None)


def test_the_card_shows_plans_for_these_tools() -> None:
    """Each of them is read strictly and compiles, and none calls what changes something."""
    tools = World().toolbox()
    samples = card_samples(tools)
    assert len(samples) == 4
    for sample in samples:
        assert llmc.compile(sample, tools).diagnostics == ()
        assert "send" not in sample
    assert any("join($" in sample for sample in samples)
    assert any('join("' in sample for sample in samples)


def test_a_toolbox_of_writes_has_no_samples() -> None:
    """A card without examples is better than one that shows how to send mails."""
    tools = World().toolbox()
    assert card_samples(llmc.Toolbox([tool for tool in tools if tool.name == "send"])) == []


def test_samples_follow_the_types() -> None:
    """Lists, records, words and numbers are written as they are wanted; what cannot be guessed is left out."""

    @llmc.pure
    def mean(values: list[float], kind: str = "plain") -> float:
        """The mean."""
        return sum(values) / len(values)

    schema = {
        "type": "object",
        "properties": {
            "unit": {"enum": ["metre", "foot"]},
            "place": {"type": "object", "properties": {"x": {"type": "integer"}}, "required": ["x"]},
            "deep": {"anyOf": [{"type": "boolean"}, {"type": "null"}]},
        },
        "required": ["unit", "place", "deep"],
    }
    measure = llmc.Tool.from_schema("measure", "Measure.", schema, "pure", call=print)
    odd = llmc.Tool.from_schema(
        "odd",
        "",
        {"type": "object", "properties": {"a": {"type": "string", "pattern": "^z+$"}}, "required": ["a"]},
        "pure",
        print,
    )
    tools = llmc.Toolbox([mean, measure, odd])
    samples = card_samples(tools)
    assert "mean([2])" in samples[0]
    assert '2. measure("foot", {"x": 2}, ' in samples[0]
    assert not any("odd" in sample for sample in samples)
    assert signature(measure) == 'measure(unit: "metre" | "foot", place: {"x": int}, deep: bool?) -> any'
    assert signature(mean) == 'mean(values: list[float], kind: str = "plain") -> float'


class Colour(Enum):
    """A colour."""

    RED = "red"


def test_a_default_that_is_no_json_is_not_told_as_null() -> None:
    """It is told as a plan would write it; where no plan can, the parameter has `?` behind its name."""

    @llmc.pure
    def paint(colour: Colour = Colour.RED, layer: int | None = None, width: float = 0.5, brush: object = print) -> None:
        """Paint."""

    told = 'paint(colour: "red" = "red", layer: int? = null, width: float = 0.5, brush?: any) -> null'
    assert signature(paint) == told


class Point(BaseModel):
    """A place on a map; points may lie below it."""

    x: float
    colour: Colour | None = None
    below: "list[Point]" = []


def test_types_are_told_in_the_words_of_the_language() -> None:
    """Enums, models, mappings, unions; a model inside itself has a name."""

    @llmc.pure
    def move(
        point: Point, names: dict[str, int], one: Literal["a"], by: int | str | None = None, *more: str
    ) -> list[Point]:
        """Move."""
        return [point]

    found = signature(move)
    point = '({"x": float, "colour"?: "red"?, "below"?: list[Point]} as Point)'
    assert found.startswith(
        f'move(point: {point}, names: dict[str, int], one: "a", by: int | str | null = null, *more: '
    )
    assert found.endswith(f") -> list[{point}]")


def test_users_examples_are_shown() -> None:
    """Between the card and the question."""
    text = asked(examples=[Example("How is b?", '1. search("b")\njoin($1)')]).asked[0].text
    assert f'Question: How is b?\n1. search("b")\njoin($1){END}' in text


@pytest.mark.parametrize(
    ("plan", "code"),
    [('1. serch("b")\njoin($1)', "E201"), ("1. search('b'\njoin($1)", "E1"), ("**1.** add(1, 2)", "E1")],
)
def test_an_example_must_be_a_plan_for_these_tools(plan: str, code: str) -> None:
    """Otherwise the agent is not made, and it is said where the mistake is."""
    with pytest.raises(
        ExampleError, match=r"(?s)the plan of the example “How is b\?” does not compile.*error\[" + code
    ):
        Agent(World().toolbox(), model=Script([]), examples=[Example("How is b?", plan)])


def test_a_base_model_continues_one_text() -> None:
    """Tools, card and questions in one message that ends where the plan begins; the next question ends the reply."""
    model = Script([PLAN, " it is\nAction: Finish(yes)"], api="completions")
    clock.run(
        Agent(World().toolbox(), model=model, examples=[Example("How is b?", PLAN)]).ask(
            "What is a?", history=[llmc.Message("user", "before")]
        )
    )
    (message,) = model.asked[0].messages
    assert message.role == "user"
    assert message.text.endswith("user: before\n\nQuestion: What is a?\n\nPlan:\n")
    assert f"\nQuestion: How is b?\n\nPlan:\n{PLAN}{END}\n" in message.text
    assert message.text.count("Plan:") == 2
    assert model.asked[0].stop == (END, "\n###", "\nQuestion:")


def test_a_base_model_without_examples_is_shown_worked_questions() -> None:
    """With tools of their own, above those that it has; a model that talks is not."""
    model = Script([PLAN], api="completions")
    clock.run(Agent(World().toolbox(), model=model).ask("What is a?"))
    text = model.asked[0].text
    shown = text.index("- depth(lake: str) -> float"), text.index("3. add($1, $2)"), text.index("- search(entity: str)")
    assert sorted(shown) == list(shown)
    assert text.count("Plan:") == len(worked().examples) + 1
    assert "add($1, $2)" not in asked().asked[0].text


def shortened(example: Example) -> list[str]:
    """The names that a plan looks up and its question does not have."""
    return [name for name in LOOKED_UP.findall(example.plan) if name not in example.question]


def test_names_stand_in_worked_plans_as_in_their_questions() -> None:
    """A model that continues a text shortens names where it sees them shortened."""
    assert all(LOOKED_UP.search(each.plan) and not shortened(each) for each in worked().examples)
    assert shortened(Example("Is the University of Uppsala old?", '1. article("Uppsala University")\n2. join()')) == [
        "Uppsala University"
    ]


def test_a_base_model_joins_and_repairs_in_one_text() -> None:
    """Each of its prompts is one message."""
    model = Script(
        ['1. serch("a")\n2. join()', '1. search("a")', " hm", " it is\nAction: Finish(yes)"], api="completions"
    )
    answer = clock.run(Agent(World().toolbox(), model=model).ask("What is a?"))
    assert answer.text == "yes"
    assert [len(each.messages) for each in model.asked] == [1, 1, 1, 1]
    assert [each.most_tokens for each in model.asked] == [None, 400, 400, 400]
    assert "no tool is called `serch`" in model.asked[1].text
    assert model.asked[2].text.endswith("Thought:")
    assert model.asked[2].text in model.asked[3].text


def test_prompts_are_replaced_one_by_one(tmp_path: Path) -> None:
    """By a mapping or a folder; the others stay."""
    (tmp_path / "question.j2").write_text("Ask: {{ question }}", "utf-8")
    for own in ({"question": "Ask: {{ question }}"}, tmp_path, str(tmp_path)):
        system, user = asked(prompts=own).asked[0].messages
        assert user.text == "Ask: What is a?"
        assert system.text.startswith("You write plans.")


@pytest.mark.parametrize(
    ("own", "words"),
    [
        ({"plannr": "x"}, "no prompt is called `plannr`: did you mean `planner`?"),
        ({"zzz": "x"}, "no prompt is called `zzz`: there are: card, "),
        ({"card": "{% if %}"}, "prompt `card`, line 1: "),
        ({"question": "{{ question.nothing }}"}, "prompt `question` cannot be filled: 'str object' has no attribute"),
        ({"question": "{{ 1 / 0 }}"}, "prompt `question` cannot be filled: division by zero"),
        ({"question": "{{ question() }}"}, "prompt `question` cannot be filled: 'str' object is not callable"),
        ({"question": "{% include 'question.j2' %}"}, "prompt `question` cannot be filled: maximum recursion depth"),
        ({"results": "{{ plans[0].x }}"}, "prompt `results` cannot be filled: "),
        ({"repair": "{{ lines[0].x }}"}, "prompt `repair` cannot be filled: "),
        ({"reminder": "{{ final.x.y }}"}, "prompt `reminder` cannot be filled: "),
        ({"question": "{{ quest }}"}, "prompt `question` has no variable `quest`: it has `examples`, "),
    ],
)
def test_a_prompt_that_cannot_work_is_refused(own: dict[str, str], words: str) -> None:
    """When the agent is made, not in the middle of a question."""
    with pytest.raises(PromptError) as error:
        Agent(World().toolbox(), model=Script([]), prompts=own)
    assert str(error.value).startswith(words)


def test_agents_share_compiled_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second agent compiles none, with its own prompts or without; other prompts are compiled, the control."""
    compiled: list[str] = []
    original = Environment.compile

    def counting(environment: Environment, source: str, name: str | None = None, *rest: Any) -> Any:  # noqa: ANN401
        compiled.append(str(name))
        return original(environment, source, name, *rest)

    monkeypatch.setattr(Environment, "compile", counting)
    asked()
    asked(prompts={"question": "Please answer: {{ question }}"})
    compiled.clear()
    asked()
    asked(prompts={"question": "Please answer: {{ question }}"})
    assert compiled == []
    asked(prompts={"question": "Please tell: {{ question }}"})
    assert "question.j2" in compiled


def test_agents_share_the_list_of_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same tools are listed once, also those whose functions have no hash; other tools are listed, the control."""

    @dataclass
    class Search:
        """A callable object that is equal to its like, and so has no hash."""

        __name__ = "search"

        def __call__(self, entity: str) -> str:
            """Search."""
            return entity

    listed: list[str] = []

    class Counted(ToolText):
        """An entry that is counted."""

        def __init__(self, tool: llmc.Tool) -> None:
            listed.append(tool.name)
            super().__init__(tool)

    monkeypatch.setattr(tool_list, "ToolText", Counted)
    tools = [llmc.read(Search())]
    for _ in range(3):
        Agent(tools, model=Script([]))
    assert listed == ["search"]
    Agent([llmc.read(Search())], model=Script([]))
    assert listed == ["search", "search"]


def test_an_agent_checks_effects() -> None:
    """An effect that names a missing parameter is an error before any question."""

    def send(to: str) -> str:
        """Send."""
        return to

    with pytest.raises(llmc.ToolboxError, match="has no parameter `whom`"):
        Agent([llmc.write("mail:{whom}")(send)], model=Script([]))


def test_a_folder_must_be_there_and_readable(tmp_path: Path) -> None:
    """What cannot be read is said in one line."""
    with pytest.raises(PromptError, match="is not a folder with prompts"):
        Prompts(tmp_path / "none")
    (tmp_path / "card.j2").write_bytes(b"\xff")
    with pytest.raises(PromptError, match="cannot be read"):
        Prompts(tmp_path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.mkdir(), "Is a directory"),
        (os.mkfifo, "is a pipe that had no writer"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device"),
        (lambda path: path.write_bytes(b"x" * (LARGEST + 1)), "has more than 1 MiB"),
        (lambda path: path.write_text("{{ " + "(" * 5000), "nested too deeply"),
        (lambda path: path.write_text("{{ " + "9" * 5000 + " }}"), "a number has too many digits"),
    ],
    ids=["folder", "pipe", "device", "large", "deep", "digits"],
)
def test_an_odd_file_in_the_folder_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], object], words: str
) -> None:
    """Which names the folder, or the prompt; nothing waits."""
    monkeypatch.setattr(input_files, "WRITER_SECONDS", 0.0)
    (tmp_path / "math.j2").write_text("fine", "utf-8")
    assert Prompts(tmp_path).texts["math"] == "fine"
    make(tmp_path / "card.j2")
    with pytest.raises(PromptError, match=f"card.*{words}"):
        Prompts(tmp_path)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300])
def test_a_folder_of_no_name_is_not_there(name: str) -> None:
    """Whatever the system says of it."""
    with pytest.raises(PromptError, match="is not a folder with prompts"):
        Prompts(name)


def test_templates_reach_nothing_but_data() -> None:
    """Python's insides are refused, and what is in a value is never a template."""
    with pytest.raises(PromptError, match="access to attribute '__class__' of 'str' object is unsafe"):
        Prompts({"question": "{{ question.__class__.__mro__ }}"}).render("question", question="x")
    assert Prompts({"question": "{{ question }}"}).render("question", question="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_every_prompt_is_a_file_and_every_file_a_prompt() -> None:
    """The table of variables names those of the package."""
    folder = Path(llmc.__file__).parent.parent / "llmc_runtime" / "agent" / "prompts"
    assert {path.stem for path in folder.glob("*.j2")} == set(VARIABLES)
    Prompts({path.stem: path.read_text("utf-8") for path in folder.glob("*.j2")})
