"""Runs and answers as JSON data, as types."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # that of typing is too old for pydantic before Python 3.12

from llmc_runtime.agent.answers.answer_data import Times
from llmc_runtime.errors import Refusal
from llmc_runtime.models.messages import Usage


class TaskError(TypedDict):
    """Why a task has no value; the keys that may be missing belong to some types of errors."""

    type: Annotated[str, Field(description="the class of the error")]
    message: str
    ended: NotRequired[Annotated[str, Field(description="how: failed, blocked, held back, not approved, cancelled")]]
    line: NotRequired[int]
    file: NotRequired[Annotated[str, Field(description="the file of the tool in which it failed")]]
    line_in_file: NotRequired[int]
    tool: NotRequired[str]
    attempt: NotRequired[int]
    in_doubt: NotRequired[bool]
    cause: NotRequired[Annotated[str, Field(description="the task that failed")]]
    cause_line: NotRequired[int]
    reason: NotRequired[Refusal]
    why: NotRequired[Annotated[str, Field(description="what was said with a no")]]


class _Outcomes(TypedDict):
    """What became of a plan and its tasks."""

    id: str
    value: Annotated[Any, Field(description="the value of the plan, null where it has none")]
    has_value: bool
    results: Annotated[dict[str, Any], Field(description="values by task")]
    errors: Annotated[dict[str, TaskError], Field(description="errors by task")]
    skipped: Annotated[list[str], Field(description="tasks whose condition did not hold")]
    seconds: float
    processor_seconds: Annotated[float, Field(description="seconds on processors of the process and its children")]
    calls: int
    sum_of_calls: Annotated[float | None, Field(description="seconds of the calls one after another, if known")]
    longest_chain: Annotated[float, Field(description="seconds of the calls that followed each other longest")]
    chain: Annotated[list[str], Field(description="the tasks on the longest chain")]
    in_doubt: Annotated[list[str], Field(description="tasks that may have written something")]
    abandoned: Annotated[list[str], Field(description="calls that still run")]
    notes: list[str]


class Run(_Outcomes):
    """A run of a plan."""

    version: Literal[1]
    language: Literal[1]


class DryCall(TypedDict):
    """A call that would be made."""

    node: str
    task: str
    line: int | None
    tool: str
    text: str
    effects: list[str]
    answer: Literal["runs", "asks", "refused"]
    conditions: list[str]
    in_loop: bool
    elements: int | None
    waits: list[str]


class DryRun(TypedDict):
    """The calls that a run would make."""

    version: Literal[1]
    calls: list[DryCall]


class AnswerTask(TypedDict):
    """A task as models are told of it."""

    id: str
    written: Annotated[str, Field(description="its line")]
    state: Annotated[str, Field(description="done, failed, skipped, left out")]
    text: Annotated[str, Field(description="what it gave, or why it has no value; of a long text the beginning")]
    wrote: bool
    length: Annotated[int | None, Field(description="characters of all of the text, 0 where nobody has counted them")]


class AnswerPlan(_Outcomes):
    """A plan that was run for a question."""

    text: str
    statements: Annotated[list[str], Field(description="its lines")]
    ids: Annotated[list[str], Field(description="the ids of its tasks")]
    repairs: int
    thoughts: Annotated[list[str], Field(description="the planner's notes")]
    thought: Annotated[str, Field(description="what the joiner thought of it")]
    reused: Annotated[list[str], Field(description="tasks whose call had been made before")]
    began: Annotated[float, Field(description="seconds since the question")]
    ended: Annotated[float, Field(description="seconds since the question")]
    tasks: list[AnswerTask]


class Answer(TypedDict):
    """A question, its answer, and what was done for it."""

    version: Literal[1]
    question: str
    answer: Any
    answered: bool
    is_unmarked: Annotated[bool, Field(description="a model wrote prose, and marked no answer in it")]
    stopped: Annotated[str | None, Field(description="why no other plan was made")]
    thoughts: list[str]
    plans: list[AnswerPlan]
    calls: int
    reused: int
    usage: Annotated[dict[str, Usage], Field(description="what models took by their role, and `total`")]
    times: Times
