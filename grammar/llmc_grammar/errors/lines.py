"""Mistakes of characters, sizes, brackets and lines: E101 to E129."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class NotUtf8(Diagnostic):
    """Bytes that are not UTF-8."""

    code = "E101"
    title = "the text is not UTF-8"
    label = "these bytes are not a character"
    help = "save the file as UTF-8"


@mistake
class ForbiddenCharacter(Diagnostic):
    """A control character, a lone surrogate, or an invisible character that changes lines or direction."""

    code = "E102"
    title = "{character} is not allowed in a plan"
    label = "invisible, but changes how the text reads"
    help = "delete it; inside a string, write `{escape}`"

    character: str
    escape: str


@mistake
class StrayCharacter(Diagnostic):
    """A character outside ASCII that is not in a string, comment or thought."""

    code = "E103"
    title = "{character} is outside a string"
    label = "allowed only in strings, comments and thoughts"
    help = "{suggestion}"
    is_safe = True

    character: str
    suggestion: str = "put the text in double quotes"


@mistake
class CurlyQuote(Diagnostic):
    """A typographic quote as a delimiter."""

    code = "E104"
    title = "a string begins and ends with straight quotes"
    label = "{character}"
    help = 'write `"`'
    is_safe = True

    character: str


@mistake
class TextTooLong(Diagnostic):
    """A text longer than the bounds allow; the rest is not read."""

    code = "E105"
    title = "the text is longer than {limit} bytes"
    label = "not read from here on"
    help = "split the plan, or raise the bound `text`"

    limit: int


@mistake
class TooManyTasks(Diagnostic):
    """More tasks than the bounds allow; the rest is not read."""

    code = "E106"
    title = "the plan has more than {limit} tasks"
    label = "not read from here on"
    help = "use a loop, or raise the bound `tasks`"

    limit: int


@mistake
class StringTooLong(Diagnostic):
    """A string longer than the bounds allow."""

    code = "E107"
    title = "this string has {length} characters; at most {limit} are allowed"
    label = "too long"
    help = "pass long texts as inputs, or raise the bound `string`"

    length: int
    limit: int


@mistake
class TooManyReferences(Diagnostic):
    """More references in one task than the bounds allow."""

    code = "E108"
    title = "this task has more than {limit} references"
    label = "one too many"
    help = "collect some of them in a separate task"

    limit: int


@mistake
class NestedTooDeep(Diagnostic):
    """More brackets open than the bounds allow."""

    code = "E109"
    title = "more than {limit} brackets are open at once"
    label = "one too many"
    help = "move an inner part to a separate task"

    limit: int


@mistake
class ExpressionTooDeep(Diagnostic):
    """More levels of operators and brackets than the bounds allow."""

    code = "E110"
    title = "this expression has more than {limit} levels"
    label = "too deep"
    help = "move a part of it to a separate task"

    limit: int


@mistake
class NameTooLong(Diagnostic):
    """A name longer than the bounds allow."""

    code = "E111"
    title = "this name has {length} characters; at most {limit} are allowed"
    label = "too long"
    help = "choose a shorter name"

    length: int
    limit: int


@mistake
class NumberTooLong(Diagnostic):
    """A number with more digits than the bounds allow."""

    code = "E112"
    title = "this number has {length} digits; at most {limit} are allowed"
    label = "too long"
    help = "write a long number as a string, or a large one as `1e30`"

    length: int
    limit: int


@mistake
class TooManySteps(Diagnostic):
    """A value with more steps in a row than the bounds allow."""

    code = "E113"
    title = "this value has {count} steps; at most {limit} are allowed"
    label = "too many"
    help = "name an intermediate value in a separate task"

    count: int
    limit: int


@mistake
class TaskTooLarge(Diagnostic):
    """More words and symbols in one task than the bounds allow."""

    code = "E114"
    title = "this task has more than {limit:,} words and symbols"
    label = "too large"
    help = "move its parts to separate tasks, or pass a long list as an input"

    limit: int


@mistake
class UnclosedBracket(Diagnostic):
    """A bracket that is not closed before the next task or the end of the text."""

    code = "E120"
    title = "`{opener}` is never closed"
    label = "opened here"
    help = "add `{closer}` at the end of the statement"
    is_safe = True

    opener: str
    closer: str


@mistake
class UnclosedString(Diagnostic):
    """A string that is not closed before the end of its line or of the text."""

    code = "E121"
    title = "this string is never closed"
    label = "begins here"
    help = "{suggestion}"

    suggestion: str


@mistake
class MismatchedBracket(Diagnostic):
    """A closing bracket that does not match the last opening one."""

    code = "E122"
    title = "expected `{expected}`, found `{found}`"
    label = "does not close `{opener}`"
    help = "write `{expected}`"
    is_safe = True

    found: str
    expected: str
    opener: str


@mistake
class StrayBracket(Diagnostic):
    """A closing bracket without an opening one."""

    code = "E123"
    title = "`{found}` closes nothing"
    label = "no bracket is open here"
    help = "delete it"
    is_safe = True

    found: str


@mistake
class TwoStatements(Diagnostic):
    """A second statement on the same line."""

    code = "E124"
    title = "two statements on one line"
    label = "the second begins here"
    help = "put it on a separate line"
    is_safe = True
