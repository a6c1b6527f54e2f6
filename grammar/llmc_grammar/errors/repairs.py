"""Repairs of a model's text: W110 to W136; damage that cannot be repaired: E125 to E127."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class LeftOut(Diagnostic):
    """Text between the tasks that is not a task."""

    code = "W110"
    title = "text that is not a task is ignored"
    label = "not part of the plan"
    help = "write `Thought: …` for a thought, `# …` for a comment"


@mistake
class AfterTheEnd(Diagnostic):
    """Text below the join of a model's plan."""

    code = "W111"
    title = "text after the end of the plan is ignored"
    label = "the plan has ended"
    help = "delete it, or move it above `join`"


@mistake
class TailLeftOut(Diagnostic):
    """An arrow, a fence or a mark after a call."""

    code = "W112"
    title = "text after the call is ignored"
    label = "not part of the task"
    help = "write it as a comment, after `#`"


@mistake
class TaskHead(Diagnostic):
    """A task's number or name with decorations."""

    code = "W113"
    title = "the head of this task has another form"
    label = "read without its decoration"
    help = "{suggestion}"
    is_safe = True

    suggestion: str


@mistake
class JoinSpelled(Diagnostic):
    """Another word for `join`, or `join` without brackets."""

    code = "W114"
    title = "`{found}` is read as `join(…)`"
    label = "the end of the plan"
    help = "write `join(…)`"

    found: str


@mistake
class TwoTasks(Diagnostic):
    """Two numbered tasks on one line."""

    code = "W115"
    title = "two tasks on one line"
    label = "the second begins here"
    help = "put it on a separate line"
    is_safe = True


@mistake
class CloserAdded(Diagnostic):
    """A bracket or a quote that is missing where the next task begins."""

    code = "W116"
    title = "a closing `{closer}` is added"
    label = "not closed before the end of the statement"
    help = "write `{closer}`"
    is_safe = True

    closer: str


@mistake
class QuoteInside(Diagnostic):
    """A quote inside a string of the same quotes."""

    code = "W120"
    title = "a quote inside a string is read as text"
    label = "one string"
    help = "write a backslash before it"
    is_safe = True


@mistake
class QuoteAtStart(Diagnostic):
    """An apostrophe before text without quotes."""

    code = "W121"
    title = "an apostrophe is read as text"
    label = "never closed, so it does not open a string"
    help = "put the text in double quotes"
    is_safe = True


@mistake
class LineBreakInside(Diagnostic):
    """A line break inside a string without triple quotes."""

    code = "W122"
    title = "this string spans several lines"
    label = "its line breaks are kept"
    help = 'write `\\n`, or begin and end it with `"""`'


@mistake
class CurlyQuotes(Diagnostic):
    """Typographic quotes around a string."""

    code = "W123"
    title = "typographic quotes are read as straight ones"
    label = "a string"
    help = 'write `"`'
    is_safe = True


@mistake
class BackslashKept(Diagnostic):
    """A string with an unknown escape: all of its backslashes are text."""

    code = "W124"
    title = "the backslashes of this string are read as text"
    label = "{reason}"
    help = "write each backslash twice"
    is_safe = True

    reason: str = "one of them does not begin an escape"


@mistake
class BraceKept(Diagnostic):
    """`${` in a string without a reference after it."""

    code = "W125"
    title = "`${{` without a reference is read as text"
    label = "contains `${{`"
    help = "write `$${{` for these characters"
    is_safe = True


@mistake
class StringsJoined(Diagnostic):
    """Strings side by side."""

    code = "W126"
    title = "strings side by side are joined"
    label = "read as one"
    help = "write one string"
    is_safe = True


@mistake
class TextQuoted(Diagnostic):
    """An argument without quotes that is not an expression."""

    code = "W127"
    title = "an argument without quotes is read as text"
    label = "not an expression"
    help = "put it in double quotes"
    is_safe = True


@mistake
class ColonRead(Diagnostic):
    """`name: value` as an argument."""

    code = "W128"
    title = "`{name}:` is read as `{name}=`"
    label = "a colon"
    help = "write `=`"
    is_safe = True

    name: str


@mistake
class TupleRead(Diagnostic):
    """Values in round brackets."""

    code = "W129"
    title = "values in round brackets are read as a list"
    label = "a list"
    help = "write `[…]`"
    is_safe = True


@mistake
class ReasoningLeftOut(Diagnostic):
    """Reasoning in a model's reply, which may hold drafts of plans."""

    code = "W130"
    title = "reasoning is ignored"
    label = "all text {place} this tag is ignored"
    help = "delete the reasoning; write a thought as `Thought: …`"

    place: str


@mistake
class DialectRead(Diagnostic):
    """Calls that are not written in the plan language."""

    code = "W131"
    title = "calls in another form are read as a plan (dialect `{dialect}`)"
    label = "not the plan language"
    help = "write `1. tool(…)`, one call per line, and `join(…)` at the end"

    dialect: str


@mistake
class OrderOnly(Diagnostic):
    """A dependency in a JSON plan that no reference expresses."""

    code = "W132"
    title = "the task depends on `${number}`, but does not use its value"
    label = "no reference expresses this"
    help = "pass the value with `${number}`; order alone delays only calls with conflicting effects"

    number: int


@mistake
class UnreadableCall(Diagnostic):
    """A call in another form that cannot be read."""

    code = "E126"
    title = "this call cannot be read"
    label = "{why}"
    help = "{suggestion}"

    why: str
    suggestion: str = "write it as `1. tool(argument=value)`"


@mistake
class TwoReadings(Diagnostic):
    """Damage that can be repaired in more than one way."""

    code = "E125"
    title = "this can be read in more than one way"
    label = "{what}"
    help = "{suggestion}"

    what: str = "a string may end or continue here"
    suggestion: str = "write a backslash before each quote that is text"


@mistake
class CallUnread(Diagnostic):
    """A call of a known tool in text that cannot be read as a task."""

    code = "E127"
    title = "a call of `{tool}` cannot be read"
    label = "not called"
    help = "write a line with only a number and `{tool}(…)`, or `Thought: …` if nothing is to be called"

    tool: str


@mistake
class FullWidth(Diagnostic):
    """A full-width character in place of an ASCII character."""

    code = "W133"
    title = "a full-width character is read as `{plain}`"
    label = "full-width"
    help = "write `{plain}`"

    plain: str


@mistake
class FormatKept(Diagnostic):
    """`${name:…}` in a string with something other than a format after the colon."""

    code = "W134"
    title = "`{found}` is not a format, so the braces are read as text"
    label = "text"
    help = "write `$${{` for these characters"
    is_safe = True

    found: str


@mistake
class WholeSlice(Diagnostic):
    """A slice without bounds."""

    code = "W135"
    title = "a slice without bounds is read as the whole value"
    label = "no bound"
    help = "write `[0:]`"
    is_safe = True


@mistake
class LoopBracketed(Diagnostic):
    """A loop without square brackets as an argument."""

    code = "W136"
    title = "a loop without brackets is read as a list"
    label = "a list"
    help = "write `[… for … in …]`"
    is_safe = True
