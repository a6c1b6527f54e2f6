"""Mistakes of statements, joins, loops and options: E130 to E159, E190 to E199."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class NumberMark(Diagnostic):
    """A task number followed by something other than a full stop."""

    code = "E130"
    title = "a task's number ends with a full stop"
    label = "`{found}` here"
    help = "write `{number}.`"
    is_safe = True

    found: str
    number: str


@mistake
class TaskNumber(Diagnostic):
    """A task number outside 1 to 9999, or with a leading zero."""

    code = "E131"
    title = "`{number}` is not a task number"
    label = "numbers go from 1 to 9999, without leading zeros"
    help = "{suggestion}"

    number: str
    suggestion: str = "name the task: `name = …`"


@mistake
class ReservedName(Diagnostic):
    """A reserved word as the name of a task, an input, a loop variable or a tool."""

    code = "E132"
    title = "`{name}` is a reserved word"
    label = "cannot name {what}"
    help = "write `{name}_`"

    name: str
    what: str


@mistake
class MissingValue(Diagnostic):
    """A number or name without a call or a value after it."""

    code = "E133"
    title = "nothing follows `{binder}`"
    label = "expected a call or a value"
    help = "write a call or a value, as in `{binder} search(…)`"

    binder: str


@mistake
class HeaderInModelText(Diagnostic):
    """A `use` or an `input` where only tasks are allowed."""

    code = "E134"
    title = "`{word}` is allowed in plan files only"
    label = "not allowed here"
    help = "delete the line"

    word: str


@mistake
class LateUse(Diagnostic):
    """A `use` below an input or a task."""

    code = "E135"
    title = "`use` comes first"
    label = "below an input or a task"
    help = "move the line to the top"


@mistake
class LateInput(Diagnostic):
    """An `input` below a task."""

    code = "E136"
    title = "inputs come before tasks"
    label = "below a task"
    help = "move the line above the first task"


@mistake
class InputNotLiteral(Diagnostic):
    """A default that is not a constant."""

    code = "E137"
    title = "an input's default must be a constant"
    label = "{what}"
    help = "write a string, a number, `true`, `false`, `null`, a list or a mapping"

    what: str


@mistake
class UnknownType(Diagnostic):
    """A type that the language does not have."""

    code = "E138"
    title = "`{name}` is not a type"
    label = "types are `str int float bool any list[T] dict[str, T]`, each with `?` for null"
    help = "write `{suggestion}`"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None


@mistake
class ThoughtMark(Diagnostic):
    """A thought that begins with another spelling of `Thought:`."""

    code = "E139"
    title = "a thought must begin with `Thought:`"
    label = "spelled differently"
    help = "write `Thought:`"
    is_safe = True


@mistake
class BareJoin(Diagnostic):
    """`join` without brackets."""

    code = "E140"
    title = "`join` is written with brackets"
    label = "no brackets"
    help = "write `{suggestion}`"
    is_safe = True

    suggestion: str = "join()"


@mistake
class NestedJoin(Diagnostic):
    """A join inside an expression."""

    code = "E141"
    title = "`join` must be a separate statement"
    label = "inside an expression"
    help = "name this task, and end the plan with `join(…)`; texts are joined with `join_text`"


@mistake
class JoinExtras(Diagnostic):
    """A join with a loop, a guard or an option."""

    code = "E142"
    title = "`join` takes no {what}"
    label = "belongs to a task"
    help = "put it on the task that `join` refers to"

    what: str


@mistake
class JoinMixed(Diagnostic):
    """A join with positional arguments and keywords."""

    code = "E143"
    title = "`join` takes either values or `name=value`, not both"
    label = "unlike the first one"
    help = "name all of them, or none"


@mistake
class SecondJoin(Diagnostic):
    """A join after the join."""

    code = "E144"
    title = "a plan has one `join`"
    label = "the second"
    help = "keep the last one"


@mistake
class TextAfterJoin(Diagnostic):
    """Anything below the join."""

    code = "E145"
    title = "nothing may follow `join`"
    label = "below `join`"
    help = "move this above `join`, or delete it"


@mistake
class LooseEndMark(Diagnostic):
    """An end mark that does not directly follow a join."""

    code = "E146"
    title = "`<END_OF_PLAN>` must directly follow `join(…)`"
    label = "not directly after `join(…)`"
    help = "delete it"


@mistake
class LoopAndGuard(Diagnostic):
    """A guard before a loop."""

    code = "E150"
    title = "a loop has no condition in front of it"
    label = "after a condition"
    help = "put the condition after the loop: `… for x in … if …`"


@mistake
class TwoGuards(Diagnostic):
    """A second condition in one task."""

    code = "E152"
    title = "a task has one condition"
    label = "the second"
    help = "write `and` between the conditions"


@mistake
class UnknownOption(Diagnostic):
    """An unknown option."""

    code = "E190"
    title = "`@{name}` is not an option"
    label = "options are `@timeout`, `@retry` and `@fallback`"
    help = "did you mean `@{suggestion}`?"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None


@mistake
class OptionForm(Diagnostic):
    """An option without a bracket directly after its name."""

    code = "E191"
    title = "the bracket of `@{name}` must directly follow it"
    label = "no bracket directly after it"
    help = "write `{example}`"

    name: str
    example: str


@mistake
class RepeatedOption(Diagnostic):
    """An option written twice."""

    code = "E192"
    title = "`@{name}` is given twice"
    label = "the second"
    help = "keep one"

    name: str


@mistake
class BadDuration(Diagnostic):
    """A timeout that is not a duration."""

    code = "E193"
    title = "a timeout must be a whole number with `ms`, `s`, `m` or `h`"
    label = "not a duration"
    help = "write it as in `@timeout(5s)`"


@mistake
class BadRetry(Diagnostic):
    """A number of retries that is not a whole number."""

    code = "E194"
    title = "the number of retries must be a whole number"
    label = "not a whole number"
    help = "write it as in `@retry(2)`"


@mistake
class OptionWithoutCall(Diagnostic):
    """A timeout or retry on an expression that is not a single call, with or without steps."""

    code = "E195"
    title = "`@{name}` belongs to a single call"
    label = "the task is not a single call"
    help = "make the call a separate task"

    name: str


@mistake
class CallInFallback(Diagnostic):
    """A call in a fallback."""

    code = "E196"
    title = "a fallback cannot call a tool"
    label = "a call"
    help = "call it in a task above, and refer to that task"


@mistake
class OptionsLast(Diagnostic):
    """A loop or guard after an option."""

    code = "E197"
    title = "options must come last"
    label = "after an option"
    help = "move it before the options"


@mistake
class CodeFence(Diagnostic):
    """A line that begins with a code fence."""

    code = "E147"
    title = "a code fence is not part of a plan"
    label = "delete this line"
