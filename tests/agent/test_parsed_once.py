"""The text of a plan is parsed once, while it arrives."""

from collections import Counter

import pytest

from llmc_compiler.compiler import IncrementalCompiler
from llmc_grammar import Parsed, parse
from llmc_grammar.ast import Statement
from llmc_grammar.split import Piece
from llmc_grammar.statement_reader import StatementReader
from llmc_runtime.agent.agent import Agent
from tests.agent.asking import ask
from tests.agent.fakes import Script, World
from tests.runtime import clock

FIRST = 'Thought: both\n1. search("a")\n2. search("b")\n3. join()\n'
SECOND = 'Thought: more\n4. search("c")\n5. join()\n'
WRONG = FIRST.replace('search("b")', 'serach("b")')
REPLAN, DONE = "Thought: more\nAction: Replan(c)", "Thought: enough\nAction: Finish(x)"


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each line was read as a statement."""
    count: Counter[str] = Counter()
    read = StatementReader.read

    def counted(reader: StatementReader, piece: Piece, bad: list[int]) -> Statement | None:
        count[piece.text] += 1
        return read(reader, piece, bad)

    monkeypatch.setattr(StatementReader, "read", counted)
    return count


def of(text: str, readings: Counter[str]) -> list[int]:
    """The counts of the lines of a text."""
    return [readings[line] for line in text.splitlines()]


def test_the_lines_of_plans_are_read_once(readings: Counter[str]) -> None:
    """Those of the first plan, and those of a later one, which is compared with it."""
    answer, _, _ = ask([FIRST, REPLAN, SECOND, DONE])
    assert [len(plan.statements) for plan in answer.plans] == [4, 3]
    assert of(FIRST, readings) == [1, 1, 1, 1]
    assert of(SECOND, readings) == [1, 1, 1]


def test_parsing_the_text_anew_is_noticed(readings: Counter[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: a compiler that keeps no statements."""

    def parsed(front: IncrementalCompiler) -> Parsed:
        return parse(front.source.text, mode="lenient")

    monkeypatch.setattr(IncrementalCompiler, "parsed", property(parsed))
    ask([FIRST, DONE])
    assert min(of(FIRST, readings)) > 1


def test_the_lines_of_a_mended_plan_are_read_once_more(readings: Counter[str]) -> None:
    """The broken plan, the reply, and the plan that the two are merged into are each read once."""
    answer, _, _ = ask([WRONG, '2. search("b")\n', DONE])
    assert answer.plans[0].text == FIRST
    assert of(FIRST, readings) == [2, 2, 2, 2]
    assert readings['2. serach("b")'] == 1


def test_the_lines_of_a_plan_to_be_read_are_read_once(readings: Counter[str]) -> None:
    """A plan that is written and compiled, but not run."""
    program = clock.run(Agent(World().toolbox(), model=Script([FIRST])).plan("What is a?"))
    assert len(program.plan.statements) == 4
    assert of(FIRST, readings) == [1, 1, 1, 1]
