"""Habits of other languages: E115 to E119, E129, E148, E149, E154 to E159, E188, E189, E198, E199."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class ForeignComment(Diagnostic):
    """A comment of another language."""

    code = "E115"
    title = "`{found}` does not begin a comment"
    label = "a comment begins with `#`"
    help = "write `#`"
    is_safe = True

    found: str


@mistake
class StatementEnd(Diagnostic):
    """A semicolon behind a statement, or a colon at its end."""

    code = "E116"
    title = "a statement ends with its line, not with `{found}`"
    label = "`{found}` here"
    help = "{suggestion}"
    is_safe = True

    found: str
    suggestion: str


@mistake
class ForeignStatement(Diagnostic):
    """A statement of another language."""

    code = "E117"
    title = "a plan has no `{word}`"
    label = "unknown in plans"
    help = "{suggestion}"

    word: str
    suggestion: str


@mistake
class ForeignBlock(Diagnostic):
    """A loop or a condition in front of a block of lines."""

    code = "E118"
    title = "`{word}` stands behind a call, and has no block"
    label = "in front of a block"
    help = "{suggestion}"

    word: str
    suggestion: str


@mistake
class DollarBinder(Diagnostic):
    """A task that is named with a dollar sign."""

    code = "E119"
    title = "`$` refers to a task, and does not name one"
    label = "names a task"
    help = "write `{suggestion}`"
    is_safe = True

    suggestion: str


@mistake
class BinderForm(Diagnostic):
    """A task that is named in the form of another language."""

    code = "E129"
    title = "a task is named `name = …`"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str


@mistake
class ChangedTask(Diagnostic):
    """A value that is changed after it was computed."""

    code = "E148"
    title = "the value of a task never changes"
    label = "changes `{name}`"
    help = "{suggestion}"

    name: str
    suggestion: str


@mistake
class Unpacking(Diagnostic):
    """Several names for the parts of one value."""

    code = "E149"
    title = "a task has one name"
    label = "several names"
    help = "name the whole value, as in `parts = …`, and refer to `{part}`"

    part: str


@mistake
class UseForm(Diagnostic):
    """A `use` line in the form of another language."""

    code = "E154"
    title = "`use` names one file in quotes, or one entry of the configuration"
    label = "{what}"
    help = "{suggestion}"
    is_safe = True

    what: str
    suggestion: str = 'write `use "tools.py"`; the plan may call all tools in that file'


@mistake
class InputForm(Diagnostic):
    """An `input` line in the form of another language."""

    code = "E155"
    title = "an input is declared as `input name: type = default`"
    label = "{what}"
    help = "{suggestion}"
    is_safe = True

    what: str
    suggestion: str = 'write one input a line, as in `input city: str = "Rome"`'


@mistake
class LooseOption(Diagnostic):
    """An option in front of its call, or without `@`."""

    code = "E156"
    title = "an option stands behind its call, and begins with `@`"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str


@mistake
class CallWord(Diagnostic):
    """A word such as `await` in front of a call."""

    code = "E157"
    title = "a call takes no `{word}`"
    label = "in front of a call"
    help = "delete `{word}`; a line that holds a call runs it"

    word: str


@mistake
class Filter(Diagnostic):
    """A value that is piped into a filter."""

    code = "E158"
    title = "plans have no filters: `{found}` hands no value on"
    label = "a filter"
    help = "call a tool with the value: `{suggestion}`"

    found: str
    suggestion: str


@mistake
class ForeignChoice(Diagnostic):
    """A choice between two values in the form of another language."""

    code = "E159"
    title = "a choice is written `X if C else Y`"
    label = "another form"
    help = "write `{suggestion}`"

    suggestion: str


@mistake
class MethodCall(Diagnostic):
    """A method that is called on a value."""

    code = "E188"
    title = "a value has no methods, such as `{name}`"
    label = "a method"
    help = "{suggestion}"

    name: str
    suggestion: str


@mistake
class ForeignString(Diagnostic):
    """A string with a prefix, or with quotes of another language."""

    code = "E189"
    title = "{found} does not begin a string"
    label = 'a string begins with `"`, `\'` or `"""`'
    help = "{suggestion}"
    is_safe = True

    found: str
    suggestion: str


@mistake
class Spread(Diagnostic):
    """A list or a mapping that is spread over arguments or elements."""

    code = "E198"
    title = "`{found}` does not spread a value"
    label = "not an operator here"
    help = "{suggestion}"

    found: str
    suggestion: str


@mistake
class ForeignList(Diagnostic):
    """Values in round brackets or braces, or in none."""

    code = "E199"
    title = "a list is written in square brackets"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str = "[…]"
