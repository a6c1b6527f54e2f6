"""What was mended in a model's text: W110 to W133, and what cannot be, E125 to E127."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class LeftOut(Diagnostic):
    """Lines between the tasks that are none."""

    code = "W110"
    title = "text that is no task is left out"
    label = "no part of the plan"
    help = "write `Thought: …` for a thought, `# …` for a comment"


@mistake
class AfterTheEnd(Diagnostic):
    """Text below the join of a model's plan."""

    code = "W111"
    title = "text after the end of the plan is left out"
    label = "the plan has ended"
    help = "delete it, or move it above `join`"


@mistake
class TailLeftOut(Diagnostic):
    """An arrow, a fence or a mark behind a call."""

    code = "W112"
    title = "what follows the call is left out"
    label = "no part of the task"
    help = "write it as a comment, behind `#`"


@mistake
class TaskHead(Diagnostic):
    """A task's number or name with decorations."""

    code = "W113"
    title = "the head of a task, written otherwise"
    label = "read without its decoration"
    help = "{suggestion}"
    is_safe = True

    suggestion: str


@mistake
class JoinSpelled(Diagnostic):
    """The end of a plan by another word, or without brackets."""

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
    help = "put it on a line of its own"
    is_safe = True


@mistake
class CloserAdded(Diagnostic):
    """Brackets or a quote that were missing where the next task begins."""

    code = "W116"
    title = "a closing `{closer}` is added"
    label = "nothing closed it before the statement's end"
    help = "write it"
    is_safe = True

    closer: str


@mistake
class QuoteInside(Diagnostic):
    """A quote inside a string of the same quotes."""

    code = "W120"
    title = "a quote inside a string is read as text"
    label = "one string"
    help = "write a backslash in front of it"
    is_safe = True


@mistake
class QuoteAtStart(Diagnostic):
    """An apostrophe in front of a text without quotes."""

    code = "W121"
    title = "an apostrophe is read as text"
    label = "nothing closes it, so it opens no string"
    help = "put the text in double quotes"
    is_safe = True


@mistake
class LineBreakInside(Diagnostic):
    """A line break inside a string with simple quotes."""

    code = "W122"
    title = "a string over several lines"
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
    """A string with a backslash that begins no escape: all of its backslashes are text."""

    code = "W124"
    title = "the backslashes of this string are text"
    label = "{reason}"
    help = "write each backslash twice"
    is_safe = True

    reason: str = "one of them begins no escape"


@mistake
class BraceKept(Diagnostic):
    """`${` in a string without a reference behind it."""

    code = "W125"
    title = "`${{` without a reference is text"
    label = "holds such a brace"
    help = "write `$${{` for the characters"
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
    """An argument without quotes that is no expression."""

    code = "W127"
    title = "an argument without quotes is read as text"
    label = "no expression"
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
    title = "reasoning is left out"
    label = "all text {place} this tag is ignored"
    help = "delete the reasoning; write a thought as `Thought: …`"

    place: str


@mistake
class DialectRead(Diagnostic):
    """Calls in another form than that of the language."""

    code = "W131"
    title = "calls in another form are read as a plan (dialect `{dialect}`)"
    label = "not the plan language"
    help = "write `1. tool(…)`, one call a line, and `join(…)` at the end"

    dialect: str


@mistake
class OrderOnly(Diagnostic):
    """A dependency in a JSON plan that no reference expresses."""

    code = "W132"
    title = "the task depends on `${number}`, but does not use its value"
    label = "no reference expresses this"
    help = "pass the value with `${number}`; the order alone holds back only calls with conflicting effects"

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
    """Damage that can be mended in more than one way."""

    code = "E125"
    title = "this can be read in more than one way"
    label = "{what}"
    help = "{suggestion}"

    what: str = "a string may end here, or go on"
    suggestion: str = "write a backslash in front of each quote that is text"


@mistake
class CallUnread(Diagnostic):
    """A call of a known tool in a line, or a part of one, that cannot be read as a task."""

    code = "E127"
    title = "a call of `{tool}` cannot be read"
    label = "not called"
    help = "write a line with a number and `{tool}(…)` alone, or `Thought: …` if nothing is to be called"

    tool: str


@mistake
class FullWidth(Diagnostic):
    """A full-width character where the language has one of ASCII."""

    code = "W133"
    title = "a full-width character is read as `{plain}`"
    label = "full width"
    help = "write `{plain}`"

    plain: str
