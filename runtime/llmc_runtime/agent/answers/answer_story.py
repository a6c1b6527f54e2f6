"""The story of an answer in lines: its plans, the reasons for replans, the ending, and the usage of models.

question: What do tea and coffee cost together?

plan 1: 2 calls, from 0.00 s to 0.40 s
  1. price("tea")  4.5
  2. price("coffee")  6
  another plan: add both up (their sum is missing)
…
answer from the join of plan 2: Both cost 10.5.

planner: 2 replies, 512 tokens read, 40 written
"""

from collections.abc import Iterator
from typing import Final

from llmc_compiler.representation.brief import REACH
from llmc_compiler.representation.sheet import TextLines
from llmc_compiler.representation.short_repr import cut
from llmc_runtime.agent.answers.answer_data import AnswerData, Planned, ShownTask, counted, tokens_in_words
from llmc_runtime.text_format import beginning_of

MOST_TASKS: Final = 40
"""Maximum number of tasks of a plan that are shown."""

_LONGEST: Final = 400
_LONGEST_TASK: Final = 100


def explained(answer: AnswerData) -> TextLines:
    """Tell the story of an answer, with its secrets redacted."""
    return TextLines("\n".join(_lines(answer)) + "\n")


def _lines(answer: AnswerData) -> Iterator[str]:
    """Yield the lines of the story."""
    yield f"question: {_cut(answer, answer.question)}"
    for number, planned in enumerate(answer.plans, start=1):
        yield ""
        yield from _plan(answer, number, planned)
    yield ""
    yield _ending(answer)
    if answer.stopped is not None:
        yield f"stopped: {_cut(answer, answer.stopped)}"
    yield ""
    for role, usage in answer.usage.items():
        if usage.calls:
            replies = "1 reply" if usage.calls == 1 else f"{usage.calls:,} replies"
            yield f"{role}: {replies}, {tokens_in_words(usage)}, {usage.seconds:.2f} s"
    yield answer.summary()


def _plan(answer: AnswerData, number: int, planned: Planned) -> Iterator[str]:
    """Yield the lines of a plan: its tasks, and the reason for the next plan."""
    words = [counted(planned.run.calls, "call")]
    words += [f"reused: {', '.join(planned.reused[:MOST_TASKS])}"] if planned.reused else []
    words += [f"after {counted(planned.repairs, 'repair')}"] if planned.repairs else []
    yield f"plan {number}: {', '.join(words)}; from {planned.began:.2f} s to {planned.ended:.2f} s"
    for task in planned.tasks[:MOST_TASKS]:
        yield f"  {_task(answer, task)}"
    if len(planned.tasks) > MOST_TASKS:
        yield f"  … and {counted(len(planned.tasks) - MOST_TASKS, 'task')} more"
    thought = answer.thoughts[number - 1] if number <= len(answer.thoughts) else ""
    if planned.thought:
        reason = f" ({_cut(answer, thought)})" if thought and thought != planned.thought else ""
        yield f"  another plan: {_cut(answer, planned.thought)}{reason}"


def _task(answer: AnswerData, task: ShownTask) -> str:
    """Return the line of a task with its result or outcome."""
    state = "" if task.state in {"done", "failed"} else f"{task.state}: "  # an error names its task
    return f"{_cut(answer, task.written, _LONGEST_TASK)}  {state}{_cut(answer, task.text, _LONGEST_TASK)}"


def _ending(answer: AnswerData) -> str:
    """Return the line of the answer and its source."""
    if not answer.answered:
        return "no answer"
    if answer.is_unmarked:
        source = "a model's prose, in which no answer is marked"
    elif answer.plans and answer.plans[-1].is_answer:
        source = f"the join of plan {len(answer.plans)}"
    else:
        source = "the joiner"
    return f"answer from {source}: {_cut(answer, answer.shown_text)}"


def _cut(answer: AnswerData, text: str, most: int = _LONGEST) -> str:
    """Write a text in one line of bounded length, with secrets redacted and without control characters."""
    beginning = str(beginning_of(text, most + REACH)[0])
    line = "".join(filter(str.isprintable, " ".join(answer.secrets.text(beginning).split())))
    return cut(line, most)
