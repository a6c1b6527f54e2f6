"""How well the local model plans, with a decoder grammar and without: `make bench-local`.

    python benchmarks/local.py --hotpotqa hotpot_dev_distractor_v1.json --parallelqa parallelqa_dataset.json

The files are those that HotpotQA and LLMCompiler publish. Of HotpotQA the comparisons are asked, and `search` finds the
paragraphs of all its questions; they are answered whole: planned, run while the plan arrives, joined. Of ParallelQA the
plans alone count, so that its `math` is a stand-in. Two examples stand before each question.
"""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Final

import typer

import llmc
from llmc_compiler.decoder.grammar import Level
from llmc_runtime import events
from llmc_runtime.agent.failures import PlanFailed
from llmc_runtime.agent.progress import Happened, Repairing

LEVELS: Final[tuple[Level | None, ...]] = (None, "tools", "sound")

COMPARISONS: Final = (
    llmc.Example(
        "Were Emmy Noether and Sofia Kovalevskaya both mathematicians?",
        '1. search("Emmy Noether")\n2. search("Sofia Kovalevskaya")\n3. join()',
    ),
    llmc.Example(
        "Which was founded first, Nature or The Lancet?",
        '1. search("Nature")\n2. search("The Lancet")\n3. join()',
    ),
)
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

    `valid`: the plan was one as it was first written; `mended`: in the end it was. `right`: all of the titles were
    looked up, and nothing else. Times are seconds since the question.
    """

    valid: bool = True
    mended: bool = False
    right: bool = False
    correct: bool = False
    first: float | None = None
    plan: float = 0.0
    seconds: float = 0.0
    read: int = 0
    written: int = 0


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
                    row.mended, row.correct = True, plain(question.answer) in plain(text)
                    row.first, row.plan, row.seconds = times.first_task, times.plan, times.answer
                    row.read, row.written = total.read, total.written
                case _:
                    pass
    except llmc.LlmcError as error:
        row.valid = row.valid and not isinstance(error, PlanFailed)
        print(f"    {question.text}\n      {str(error).splitlines()[0]}")
    row.right = asked == {plain(title) for title in question.titles}
    return row


def line(name: str, rows: Sequence[Row], *, whole: bool) -> str:
    """A line of the table; what belongs to answers is left out where questions are not answered whole."""
    many = len(rows)
    valid, mended, right, correct = (
        f"{sum(getattr(row, what) for row in rows)} of {many}" for what in ("valid", "mended", "right", "correct")
    )
    begun = [row for row in rows if row.first is not None]
    first, plan, seconds = (
        f"{median(getattr(row, what) for row in begun):.2f} s" if begun else "" for what in ("first", "plan", "seconds")
    )
    tokens = f"{sum(row.read for row in rows) // many:,} + {sum(row.written for row in rows) // many:,}"
    of_answers = (right, correct) if whole else ("", "")
    return f"| {' | '.join([name, valid, mended, *of_answers, first, plan, seconds if whole else '', tokens])} |"


async def measure(
    name: str, box: llmc.Toolbox, examples: Sequence[llmc.Example], asked: Sequence[Question], *, whole: bool
) -> None:
    """Ask all questions at each level, and print its line."""
    model = llmc.Model("local")
    for level in LEVELS:
        joiner = None if whole else llmc.ScriptedModel(lambda _: "Action: Finish(seen)")
        agent = llmc.Agent(box, model=model, joiner=joiner, examples=examples, grammar=level, max_replans=0)
        rows = [await ask(agent, question) for question in asked]
        print(line(f"{name}, {level or 'no grammar'}", rows, whole=whole), flush=True)


def main(
    hotpotqa: Annotated[Path, typer.Option(help="Questions with paragraphs, as HotpotQA publishes them.")],
    parallelqa: Annotated[Path, typer.Option(help="Questions, as LLMCompiler publishes them.")],
    comparisons: int = 37,
    sums: int = 25,
) -> None:
    """Measure, and print a table."""
    rows: list[dict[str, Any]] = json.loads(hotpotqa.read_text(encoding="utf-8"))
    box = tools(Corpus((title, "".join(text)) for row in rows for title, text in row["context"]))
    compared = [
        Question(row["question"], row["answer"], frozenset(title for title, _ in row["supporting_facts"]))
        for row in rows
        if row["type"] == "comparison"
    ][:comparisons]
    summed = [Question(row["question"], row["answer"]) for row in json.loads(parallelqa.read_text(encoding="utf-8"))]
    asyncio.run(everything(box, compared, summed[:sums]))


async def everything(box: llmc.Toolbox, compared: Sequence[Question], summed: Sequence[Question]) -> None:
    """Both sets, on one event loop."""
    print("| | valid | mended | titles | correct | first task | plan | answer | tokens |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    await measure(
        "HotpotQA", llmc.Toolbox(tool for tool in box if tool.name == "search"), COMPARISONS, compared, whole=True
    )
    await measure("ParallelQA", box, SUMS, summed, whole=False)


if __name__ == "__main__":
    typer.run(main)
