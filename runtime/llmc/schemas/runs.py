"""Types of the JSON data of runs and answers."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # before Python 3.12, pydantic cannot use the one in typing

from llmc_runtime.agent.answers.answer_data import Times
from llmc_runtime.errors import Refusal
from llmc_runtime.models.messages import Usage


class TaskError(TypedDict):
    """The reason why a task has no value; optional keys belong to certain types of errors."""

    type: Annotated[str, Field(description="the class of the error")]
    message: str
    ended: NotRequired[
        Annotated[str, Field(description="the outcome: failed, blocked, held back, not approved, cancelled")]
    ]
    line: NotRequired[int]
    plan: NotRequired[Annotated[str, Field(description="the file of the line, if it is a plan that is called")]]
    file: NotRequired[Annotated[str, Field(description="the file in which the tool failed")]]
    line_in_file: NotRequired[int]
    tool: NotRequired[str]
    attempt: NotRequired[int]
    in_doubt: NotRequired[bool]
    cause: NotRequired[Annotated[str, Field(description="the task that failed")]]
    cause_line: NotRequired[int]
    reason: NotRequired[Refusal]
    why: NotRequired[Annotated[str, Field(description="the reason given for a no")]]


class _Outcomes(TypedDict):
    """The outcome of a plan and its tasks."""

    id: str
    value: Annotated[Any, Field(description="the value of the plan, null if it has no value")]
    has_value: bool
    results: Annotated[dict[str, Any], Field(description="values by task")]
    errors: Annotated[dict[str, TaskError], Field(description="errors by task")]
    skipped: Annotated[list[str], Field(description="tasks whose condition did not hold")]
    seconds: float
    processor_seconds: Annotated[float, Field(description="processor seconds of the process and its children")]
    calls: int
    sum_of_calls: Annotated[float | None, Field(description="the total seconds of all calls, if known")]
    longest_chain: Annotated[float, Field(description="seconds of the longest chain of dependent calls")]
    chain: Annotated[list[str], Field(description="the tasks on the longest chain")]
    in_doubt: Annotated[list[str], Field(description="tasks that may or may not have written")]
    abandoned: Annotated[list[str], Field(description="calls that are still running")]
    notes: list[str]


class Run(_Outcomes):
    """A run of a plan."""

    version: Literal[1]
    language: Literal[1]


class DryCall(TypedDict):
    """A call of a dry run."""

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
    file: NotRequired[Annotated[str, Field(description="the file of the line, if it is a plan that is called")]]


class DryRun(TypedDict):
    """The calls of a dry run."""

    version: Literal[1]
    calls: list[DryCall]


class AnswerTask(TypedDict):
    """A task as models see it."""

    id: str
    written: Annotated[str, Field(description="the line of the task")]
    state: Annotated[str, Field(description="done, failed, skipped, left out")]
    text: Annotated[str, Field(description="its result, or the reason why it has no value; shortened if long")]
    wrote: bool
    length: Annotated[int | None, Field(description="characters of the whole text, 0 if unknown")]


class AnswerPlan(_Outcomes):
    """A plan and its run for a question."""

    text: str
    statements: Annotated[list[str], Field(description="the lines of the plan")]
    ids: Annotated[list[str], Field(description="the ids of its tasks")]
    repairs: int
    thoughts: Annotated[list[str], Field(description="the planner's notes")]
    thought: Annotated[str, Field(description="the joiner's thought about the results")]
    reused: Annotated[list[str], Field(description="tasks whose result came from the call cache")]
    began: Annotated[float, Field(description="seconds since the question")]
    ended: Annotated[float, Field(description="seconds since the question")]
    tasks: list[AnswerTask]


class Answer(TypedDict):
    """A question, its answer, and the plans and calls made for it."""

    version: Literal[1]
    question: str
    answer: Any
    answered: bool
    is_unmarked: Annotated[bool, Field(description="the model wrote prose without marking an answer in it")]
    stopped: Annotated[str | None, Field(description="the reason why replanning stopped")]
    thoughts: list[str]
    plans: list[AnswerPlan]
    calls: int
    reused: int
    usage: Annotated[dict[str, Usage], Field(description="the usage of models by role, and `total`")]
    times: Times
