"""How well the local model plans, with a decoder grammar and without: `make bench-local`.

    python benchmarks/local.py --hotpotqa hotpot_dev_distractor_v1.json --parallelqa parallelqa_dataset.json

The files are those that HotpotQA and LLMCompiler publish. Of HotpotQA the comparisons are asked, and `search` finds the
paragraphs of all its questions; they are answered whole: planned, run while the plan arrives, joined. Of ParallelQA the
plans alone count, so that its `math` is a stand-in. Examples stand before each question; with `--no-examples` there are
only those that the prompt brings. With `--prompt chat` it is asked for plans like a model that talks: by the card.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final, Literal

import typer

import llmc
from llmc_compiler.decoder.decoder_grammar import Level
from llmc_runtime.agent.agent_errors import PlanFailed
from llmc_runtime.agent.agent_events import Happened, Repairing
from llmc_runtime.state import events

Prompt = Literal["completion", "chat"]

LEVELS: Final[tuple[Level | None, ...]] = (None, "tools", "sound", "full")


def compared(question: str, one: str, other: str) -> llmc.Example:
    """A question about two things that are looked up."""
    return llmc.Example(question, f'1. search("{one}")\n2. search("{other}")\n3. join()')


COMPARISONS: Final = (
    compared(
        "Were Giacomo Leopardi and Alphonse de Lamartine of the same nationality?",
        "Giacomo Leopardi",
        "Alphonse de Lamartine",
    ),
    compared(
        "Georg Philipp Telemann and Jean-Philippe Rameau are both what?",
        "Georg Philipp Telemann",
        "Jean-Philippe Rameau",
    ),
    compared("What do the Fram and the Endurance have in common?", "Fram", "Endurance"),
    compared("Who was born first, Marie Curie or Lise Meitner?", "Marie Curie", "Lise Meitner"),
    compared(
        "In which country are both Bergen Airport, Flesland and Tromsø Airport?",
        "Bergen Airport, Flesland",
        "Tromsø Airport",
    ),
    compared("Which river flows through Dresden, the Elbe or the Moselle?", "Elbe", "Moselle"),
    compared("Both Go and Chess are what kind of games?", "Go", "Chess"),
    compared(
        "Which university is further south, University of Nova Gorica or Lund University?",
        "University of Nova Gorica",
        "Lund University",
    ),
    compared(
        "Which is older, the University of Uppsala or the Technical University of Munich?",
        "University of Uppsala",
        "Technical University of Munich",
    ),
)
"""Chosen for names that are easily cut short or run together: those of places, with commas, with `and` before them."""

SUMS: Final = (
    llmc.Example(
        "If Lake Baikal were 20% shallower and Lake Tanganyika 5% deeper, which of them would be the deeper one?",
        """1. search("Lake Baikal")
2. search("Lake Tanganyika")
3. math("depth of Lake Baikal reduced by 20%", [$1])
4. math("depth of Lake Tanganyika increased by 5%", [$2])
5. join()""",
    ),
    llmc.Example(
        "What is the ratio of the length of the Danube to the length of the Rhine?",
        """1. search("Danube")
2. search("Rhine")
3. math("length of the Danube / length of the Rhine", [$1, $2])
4. join($3)""",
    ),
)


class Corpus:
    """Paragraphs, found by their titles."""

    def __init__(self, paragraphs: Iterable[tuple[str, str]]) -> None:
        self._found = {plain(title): f"{title}: {text}" for title, text in paragraphs}

    def find(self, entity: str) -> str:
        """The paragraph whose title this is, else the titles that share most words with it."""
        wanted = plain(entity)
        if wanted in self._found:
            return self._found[wanted]
        words = set(wanted.split())
        near = sorted(self._found, key=lambda title: len(words ^ set(title.split())))[:3]
        return f"There is nothing about {entity}. Near to it: {', '.join(near)}"


def plain(title: str) -> str:
    """A title without brackets behind it, marks and capitals."""
    return " ".join(re.findall(r"\w+", re.sub(r"\s\(.*\)$", "", title).casefold()))


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the answer that its authors gave, and the titles that have to be looked up."""

    text: str
    answer: str
    titles: frozenset[str] = frozenset()


@dataclass
class Row:
    """What came of a question.

    `valid`: the plan was one as it was first written; `repaired`: in the end it was. `right`: all of the titles were
    looked up, and nothing else. Times are seconds since the question.
    """

    valid: bool = True
    repaired: bool = False
    right: bool = False
    correct: bool = False
    first: float | None = None
    plan: float = 0.0
    seconds: float = 0.0
    read: int = 0
    written: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """How questions are asked: `examples` are those of each set, none where the prompt's own are to stand alone."""

    model: llmc.Model
    examples: Mapping[str, Sequence[llmc.Example]]
    levels: Sequence[Level | None]
    whole: bool


def tools(corpus: Corpus) -> llmc.Toolbox:
    """`search` and `math`."""

    @llmc.read("corpus")
    async def search(entity: str) -> str:
        """A paragraph about a person, a place, a work or another thing."""
        return corpus.find(entity)

    @llmc.pure
    async def math(problem: str, context: list[Any] | None = None) -> float:
        """The number that a problem in words gives, with numbers from its context."""
        return float(len(problem) + len(context or ()))

    return llmc.Toolbox([search, math])


async def ask(agent: llmc.Agent, question: Question) -> Row:
    """What comes of a question."""
    row = Row()
    asked: set[str] = set()
    try:
        async for event in agent.stream(question.text):
            match event:
                case Repairing():
                    row.valid = False
                case Happened(event=events.Started(task=task), written=call) if task != "join":
                    asked.add(plain(call.partition("(")[2]))
                case llmc.Answer(text=text, times=times, total=total):
                    row.repaired, row.correct = True, plain(question.answer) in plain(text)
                    row.first, row.plan, row.seconds = times.first_task, times.plan, times.answer
                    row.read, row.written = total.read, total.written
                case _:
                    pass
    except llmc.LlmcError as error:
        row.valid = row.valid and not isinstance(error, PlanFailed)
        print(f"    {question.text}\n      {str(error).splitlines()[0]}")
    row.right = asked == {plain(title) for title in question.titles}
    return row


def line(name: str, rows: Sequence[Row], *, titles: bool, whole: bool) -> str:
    """A line of the table; titles are left out where none are known, answers where questions are not answered whole."""
    many = len(rows)
    valid, repaired, right, correct = (
        f"{sum(getattr(row, what) for row in rows)} of {many}" for what in ("valid", "repaired", "right", "correct")
    )
    begun = [row for row in rows if row.first is not None]
    first, plan, seconds = (
        f"{median(getattr(row, what) for row in begun):.2f} s" if begun else "" for what in ("first", "plan", "seconds")
    )
    tokens = f"{sum(row.read for row in rows) // many:,} + {sum(row.written for row in rows) // many:,}"
    found = (right if titles else "", correct if whole else "")
    return f"| {' | '.join([name, valid, repaired, *found, first, plan, seconds if whole else '', tokens])} |"


async def measure(asking: Asking, name: str, box: llmc.Toolbox, asked: Sequence[Question], *, whole: bool) -> None:
    """Ask all questions at each level, and print its line."""
    for level in asking.levels:
        joiner = None if whole else llmc.ScriptedModel(lambda _: "Action: Finish(seen)")
        examples = asking.examples.get(name, ())
        agent = llmc.Agent(box, model=asking.model, joiner=joiner, examples=examples, grammar=level, max_replans=0)
        rows = [await ask(agent, question) for question in asked]
        titles = any(question.titles for question in asked)
        print(line(f"{name}, {level or 'no grammar'}", rows, titles=titles, whole=whole), flush=True)


def main(
    hotpotqa: Annotated[Path, typer.Option(help="Questions with paragraphs, as HotpotQA publishes them.")],
    parallelqa: Annotated[Path, typer.Option(help="Questions, as LLMCompiler publishes them.")],
    *,
    comparisons: int = 37,
    sums: int = 25,
    prompt: Annotated[Prompt, typer.Option(help="That of models that continue a text, or of those that talk.")] = (
        "completion"
    ),
    examples: Annotated[bool, typer.Option(help="Whether examples of ours stand before a question.")] = True,
) -> None:
    """Measure, and print a table."""
    rows: list[dict[str, Any]] = json.loads(hotpotqa.read_text(encoding="utf-8"))
    box = tools(Corpus((title, "".join(text)) for row in rows for title, text in row["context"]))
    chosen = [
        Question(row["question"], row["answer"], frozenset(title for title, _ in row["supporting_facts"]))
        for row in rows
        if row["type"] == "comparison"
    ][:comparisons]
    summed = [Question(row["question"], row["answer"]) for row in json.loads(parallelqa.read_text(encoding="utf-8"))]
    asyncio.run(everything(asking(prompt, examples=examples), box, chosen, summed[:sums]))


def asking(prompt: Prompt, *, examples: bool) -> Asking:
    """How a model is asked through a prompt; one that never learned to talk goes on for ever without a grammar."""
    shown = {"HotpotQA": COMPARISONS, "ParallelQA": SUMS} if examples else {}
    if prompt == "chat":
        return Asking(llmc.Model("local", api="chat"), shown, ("sound", "full"), whole=False)
    return Asking(llmc.Model("local"), shown, LEVELS, whole=True)


async def everything(
    asking: Asking, box: llmc.Toolbox, compared: Sequence[Question], summed: Sequence[Question]
) -> None:
    """Both sets, on one event loop."""
    print("| | valid | repaired | titles | correct | first task | plan | answer | tokens |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    search = llmc.Toolbox(tool for tool in box if tool.name == "search")
    await measure(asking, "HotpotQA", search, compared, whole=asking.whole)
    await measure(asking, "ParallelQA", box, summed, whole=False)


if __name__ == "__main__":
    typer.run(main)
