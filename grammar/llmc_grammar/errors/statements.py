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
    title = "`{number}` is no task number"
    label = "numbers go from 1 to 9999, without leading zeros"
    help = "{suggestion}"

    number: str
    suggestion: str = "name the task: `name = …`"


@mistake
class ReservedName(Diagnostic):
    """A word of the language as the name of a task, an input, a loop variable or a tool."""

    code = "E132"
    title = "`{name}` is a word of the language"
    label = "cannot name {what}"
    help = "write `{name}_`"

    name: str
    what: str


@mistake
class MissingValue(Diagnostic):
    """A binder with nothing behind it."""

    code = "E133"
    title = "nothing follows `{binder}`"
    label = "a call or a value is due"
    help = "write what the task does, as in `{binder} search(…)`"

    binder: str


@mistake
class HeaderInModelText(Diagnostic):
    """A `use` or an `input` where only tasks may stand."""

    code = "E134"
    title = "`{word}` stands in plan files only"
    label = "not here"
    help = "leave the line out"

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
    """A default that is more than a plain value."""

    code = "E137"
    title = "an input's default is a plain value"
    label = "{what}"
    help = "write a text, a number, `true`, `false`, `null`, a list or a mapping"

    what: str


@mistake
class UnknownType(Diagnostic):
    """A type that is none of the language's."""

    code = "E138"
    title = "`{name}` is no type"
    label = "types are `str int float bool any list[T] dict[str, T]`, each with `?` for null"
    help = "write `{suggestion}`"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None


@mistake
class ThoughtMark(Diagnostic):
    """A thought whose first word is spelled otherwise."""

    code = "E139"
    title = "a thought begins `Thought:`"
    label = "spelled otherwise"
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
    title = "`join` is a statement of its own"
    label = "inside an expression"
    help = "name this task, and end the plan with `join(…)`"


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
    label = "not like the one before"
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
    title = "nothing comes after `join`"
    label = "below it"
    help = "move this above `join`, or delete it"


@mistake
class LooseEndMark(Diagnostic):
    """An end mark that is not glued to a join."""

    code = "E146"
    title = "`<END_OF_PLAN>` is glued to `join(…)`"
    label = "stands alone"
    help = "leave it out"


@mistake
class LoopAndGuard(Diagnostic):
    """A guard in front of a loop."""

    code = "E150"
    title = "a task has a loop or a guard, not both"
    label = "after a guard"
    help = "put the condition behind the loop: `… for x in … if …`"


@mistake
class TwoLoops(Diagnostic):
    """A loop behind a loop."""

    code = "E151"
    title = "a task has one loop"
    label = "the second"
    help = "name the inner loop: give it a task of its own"


@mistake
class TwoGuards(Diagnostic):
    """A condition behind a condition."""

    code = "E152"
    title = "a task has one condition"
    label = "the second"
    help = "write `and` between the conditions"


@mistake
class LoopInside(Diagnostic):
    """A loop inside brackets."""

    code = "E153"
    title = "a loop stands at the end of a task, not inside brackets"
    label = "inside brackets"
    help = "give it a task of its own: `name = … for x in …`"


@mistake
class UnknownOption(Diagnostic):
    """An option that is none of the three."""

    code = "E190"
    title = "`@{name}` is no option"
    label = "options are `@timeout`, `@retry` and `@fallback`"
    help = "did you mean `@{suggestion}`?"
    is_safe = True
    renames = True

    name: str
    suggestion: str | None = None


@mistake
class OptionForm(Diagnostic):
    """An option without its bracket glued to it."""

    code = "E191"
    title = "`@{name}` is followed by its bracket"
    label = "no bracket right behind it"
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
    """A time-out that is no duration."""

    code = "E193"
    title = "a time-out is a whole number with `ms`, `s`, `m` or `h`"
    label = "not a duration"
    help = "write it as in `@timeout(5s)`"


@mistake
class BadRetry(Diagnostic):
    """A number of retries that is no whole number."""

    code = "E194"
    title = "retries are a whole number"
    label = "not a whole number"
    help = "write it as in `@retry(2)`"


@mistake
class OptionWithoutCall(Diagnostic):
    """A time-out or retry on an expression that is not one call."""

    code = "E195"
    title = "`@{name}` belongs to one call"
    label = "the task is not one call"
    help = "give the call a task of its own"

    name: str


@mistake
class CallInFallback(Diagnostic):
    """A call in a fallback."""

    code = "E196"
    title = "a fallback calls no tool"
    label = "a call"
    help = "call it in a task above, and refer to that"


@mistake
class OptionsLast(Diagnostic):
    """A loop or guard behind an option."""

    code = "E197"
    title = "options stand last"
    label = "after an option"
    help = "move it in front of the options"


@mistake
class CodeFence(Diagnostic):
    """A line that begins with a fence, as around code in a chat."""

    code = "E147"
    title = "a code fence is no part of a plan"
    label = "leave this line out"
