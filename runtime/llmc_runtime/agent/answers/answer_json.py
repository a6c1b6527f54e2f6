"""An answer as JSON data, with its secrets redacted.

    {"version": 1, "question", "answer", "answered", "is_unmarked", "stopped"?, "thoughts": [text],
     "plans": [{"text", "statements": [line], "ids": [task], "repairs", "thoughts": [note], "thought", "reused": [task],
                "began", "ended", "tasks": [{"id", "written", "state", "text", "wrote", "length"?}],
                "results", "errors", …: all of its run but the version, see `llmc_runtime.program.run_result`}],
     "calls", "reused", "usage": {role: …, "total": …}, "times": {"first_task"?, "plan", "answer"}}

`began` and `ended` are seconds since the question. Within a version, keys may be added; keys are never removed, and
never change their meaning.
"""

from dataclasses import asdict
from typing import Any, Final

from llmc_grammar import print_statement
from llmc_runtime.agent.answers.answer_data import AnswerData, Planned
from llmc_runtime.program.run_result import to_json as run_to_json

VERSION: Final = 1
_OF_THE_DOCUMENT: Final = ("version", "language")


def to_json(answer: AnswerData) -> dict[str, Any]:
    """Return an answer as JSON data."""
    hide = answer.secrets.text
    return {
        "version": VERSION,
        "question": hide(answer.question),
        "answer": answer.shown_value,
        "answered": answer.answered,
        "is_unmarked": answer.is_unmarked,
        "stopped": None if answer.stopped is None else hide(answer.stopped),
        "thoughts": list(map(hide, answer.thoughts)),
        "plans": [_plan(each, answer) for each in answer.plans],
        "calls": answer.calls,
        "reused": answer.reused,
        "usage": {**{role: asdict(usage) for role, usage in answer.usage.items()}, "total": asdict(answer.total)},
        "times": asdict(answer.times),
    }


def _plan(planned: Planned, answer: AnswerData) -> dict[str, Any]:
    """Return a plan and its run as JSON data."""
    hide = answer.secrets.text
    run = run_to_json(planned.run)
    return {
        "text": hide(planned.text),
        "statements": [hide(print_statement(each)) for each in planned.statements],
        "ids": list(planned.ids),
        "repairs": planned.repairs,
        "thoughts": list(map(hide, planned.thoughts)),
        "thought": hide(planned.thought),
        "reused": list(planned.reused),
        "began": planned.began,
        "ended": planned.ended,
        "tasks": [{**asdict(each), "written": hide(each.written), "text": hide(each.text)} for each in planned.tasks],
        **{key: value for key, value in run.items() if key not in _OF_THE_DOCUMENT},
    }
