"""Mistakes in calls of plans as tools (E222, E223 and E226)."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class PlanOption(Diagnostic):
    """`@retry` or `@timeout` on a call of a plan."""

    code = "E222"
    title = "`{plan}` is a plan, which takes no `@{option}`"
    label = "not for a plan"
    help = "write `@{option}` behind the calls inside `{plan}`"

    plan: str
    option: str


@mistake
class TooManyInlined(Diagnostic):
    """The plans that a plan calls have too many tasks."""

    code = "E223"
    title = "with the tasks of `{plan}`, the plan has more than {most} tasks"
    label = "its tasks are counted here"
    help = "call it less often, or raise the bound with `--max-tasks`"

    plan: str
    most: int


@mistake
class PlansTooDeep(Diagnostic):
    """Plans call one another in too long a chain."""

    code = "E226"
    title = "plans call one another more than {most} levels deep"
    label = "one more level"
    help = "write the tasks of `{plan}` here"

    plan: str
    most: int
