"""Forms of other languages: E115 to E119, E129, E148, E149, E154 to E159, E188, E189, E198, E199."""

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
    """A semicolon after a statement, or a colon at its end."""

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
    title = "plans have no `{word}`"
    label = "not in the plan language"
    help = "{suggestion}"

    word: str
    suggestion: str


@mistake
class ForeignBlock(Diagnostic):
    """A loop or a condition before a block of lines."""

    code = "E118"
    title = "`{word}` follows a call and has no block"
    label = "begins a block"
    help = "{suggestion}"

    word: str
    suggestion: str


@mistake
class DollarBinder(Diagnostic):
    """A task named with a dollar sign."""

    code = "E119"
    title = "`$` refers to a task and cannot name one"
    label = "names a task"
    help = "write `{suggestion}`"
    is_safe = True

    suggestion: str


@mistake
class BinderForm(Diagnostic):
    """A task named in the form of another language."""

    code = "E129"
    title = "a named task is written `name = …`"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str


@mistake
class ChangedTask(Diagnostic):
    """A change to a value that is already computed."""

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
    title = "a value has one name"
    label = "several names"
    help = "name the whole value, as in `{form}`, then refer to `{part}`"

    part: str
    form: str = "parts = …"


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
    suggestion: str = 'write one input per line, as in `input city: str = "Rome"`'


@mistake
class LooseOption(Diagnostic):
    """An option before its call, or without `@`."""

    code = "E156"
    title = "an option follows its call and begins with `@`"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str


@mistake
class CallWord(Diagnostic):
    """A word such as `await` before a call."""

    code = "E157"
    title = "a call takes no `{word}`"
    label = "before a call"
    help = "delete `{word}`; a line with a call runs it"

    word: str


@mistake
class Filter(Diagnostic):
    """A value piped into a filter."""

    code = "E158"
    title = "plans have no filters: `{found}` does not pass a value on"
    label = "a filter"
    help = "call a tool with the value: `{suggestion}`"

    found: str
    suggestion: str


@mistake
class ForeignChoice(Diagnostic):
    """A choice between two values in the form of another language."""

    code = "E159"
    title = "a choice is written `X if C else Y`"
    label = "the form of another language"
    help = "write `{suggestion}`"

    suggestion: str


@mistake
class MethodCall(Diagnostic):
    """A method called on a value."""

    code = "E188"
    title = "values have no methods such as `{name}`"
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
    """A list or a mapping spread over arguments or elements."""

    code = "E198"
    title = "`{found}` does not spread a value"
    label = "not an operator here"
    help = "{suggestion}"

    found: str
    suggestion: str


@mistake
class ForeignList(Diagnostic):
    """A list or a loop in round brackets, in braces or without brackets."""

    code = "E199"
    title = "{form}"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    form: str = "a list is written in square brackets"
    suggestion: str = "[…]"
