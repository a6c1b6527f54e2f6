"""Mistakes of expressions, references and strings: E100, E128, E160 to E189, W101."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class Unexpected(Diagnostic):
    """A word or symbol that is not allowed here."""

    code = "E160"
    title = "expected {expected}, found {found}"
    label = "expected {expected}"

    expected: str
    found: str


@mistake
class AdjacentStrings(Diagnostic):
    """Two strings side by side."""

    code = "E161"
    title = "two strings side by side"
    label = "nothing joins it to the previous string"
    help = "write `+` between them"


@mistake
class LeadingZero(Diagnostic):
    """A number with a leading zero."""

    code = "E162"
    title = "numbers have no leading zeros"
    label = "begins with 0"
    help = "write `{suggestion}`"

    suggestion: str


@mistake
class BadSlice(Diagnostic):
    """A slice without bounds, or with a third one."""

    code = "E128"
    title = "a slice has {bounds}"
    label = "not a slice"
    help = "{suggestion}"

    bounds: str
    suggestion: str


@mistake
class LooseStep(Diagnostic):
    """A step that does not directly follow its value."""

    code = "E164"
    title = "a step must directly follow its value"
    label = "a space before it"
    help = "delete the space"


@mistake
class BadStep(Diagnostic):
    """Something after a value that is not a step."""

    code = "E165"
    title = 'a step is `.name`, `["key"]`, `[number]` or `[$k]`'
    label = "not a step"
    help = "{suggestion}"

    suggestion: str = "write the name of the part after the full stop, or its key in the brackets"


@mistake
class BadReference(Diagnostic):
    """A `$` in an expression that does not begin a reference."""

    code = "E166"
    title = "`{found}` is not a reference"
    label = "a reference is `$1` to `$9999` or `$name`"
    help = "write `{suggestion}`"
    is_safe = True

    found: str
    suggestion: str | None = None


@mistake
class ChainedComparison(Diagnostic):
    """`a < b < c`."""

    code = "E167"
    title = "comparisons cannot be chained"
    label = "the second comparison"
    help = "write `{suggestion}`"

    suggestion: str


@mistake
class BareChoice(Diagnostic):
    """A choice without brackets where an `if` or a loop follows or surrounds it."""

    code = "E168"
    title = "`X if C else Y` needs brackets next to a guard or loop"
    label = "a second condition"
    help = "write `(X if C else Y)`"


@mistake
class MissingElse(Diagnostic):
    """A choice without `else`."""

    code = "E169"
    title = "`X if C` has no `else`"
    label = "expected `else` here"
    help = "write `X if C else Y`"


@mistake
class NotNeedsBrackets(Diagnostic):
    """`not` after an operator that binds more tightly."""

    code = "E170"
    title = "`not` after `{op}` needs brackets"
    label = "binds less tightly than `{op}`"
    help = "write `{op} (not …)`"

    op: str


@mistake
class DuplicateKeyword(Diagnostic):
    """An argument name used twice in one call."""

    code = "E171"
    title = "the argument `{name}` is given twice"
    label = "the second"
    help = "keep one"

    name: str


@mistake
class PositionalAfterKeyword(Diagnostic):
    """A positional argument after a named one."""

    code = "E172"
    title = "positional arguments must come before named ones"
    label = "after `{name}=…`"
    help = "name it, or move it to the front"

    name: str


@mistake
class DuplicateKey(Diagnostic):
    """A key written twice in one mapping."""

    code = "E173"
    title = "the key `{key}` is given twice"
    label = "the second"
    help = "keep one"

    key: str


@mistake
class KeyNotString(Diagnostic):
    """A key of a mapping that is not a string."""

    code = "E174"
    title = "the keys of a mapping must be strings"
    label = "not a string"
    help = "write `{suggestion}`"
    is_safe = True

    suggestion: str | None = None


@mistake
class UnquotedWord(Diagnostic):
    """A bare word where a value is expected."""

    code = "E175"
    title = "`{word}` is neither a string nor a reference"
    label = "a bare word"
    help = "write {suggestion}"
    is_safe = True

    word: str
    suggestion: str


@mistake
class ColonArgument(Diagnostic):
    """`name: value` as an argument."""

    code = "E176"
    title = "an argument is written `{name}=value`"
    label = "`{found}` here"
    help = "write `=`"
    is_safe = True

    name: str
    found: str = ":"


@mistake
class ForeignOperator(Diagnostic):
    """An operator of another language."""

    code = "E177"
    title = "`{found}` is not an operator"
    label = "unknown operator"
    help = "write `{suggestion}`"

    found: str
    suggestion: str | None = None


@mistake
class MissingComma(Diagnostic):
    """Two values side by side."""

    code = "E178"
    title = "a comma is missing"
    label = "a second value"
    help = "write `,` before it"


@mistake
class Placeholder(Diagnostic):
    """A placeholder such as `<best flight>` as a value."""

    code = "E179"
    title = "`{found}` is a placeholder, not a value"
    label = "nothing fills it in"
    help = "refer to a task: `$k`"

    found: str


@mistake
class CallBracket(Diagnostic):
    """A tool's name without a bracket directly after it."""

    code = "E180"
    title = "a call's bracket must directly follow the tool's name"
    label = "{what}"
    help = "write `{suggestion}`"
    is_safe = True

    what: str
    suggestion: str


@mistake
class NotANumber(Diagnostic):
    """NaN or infinity as a word."""

    code = "E181"
    title = "`{found}` is not a JSON number"
    label = "JSON has no such number"
    help = "write `null` where a number is missing"

    found: str


@mistake
class NumberTooLarge(Diagnostic):
    """A number outside the range of floating point."""

    code = "E182"
    title = "this number is too large"
    label = "greater than 1.8e308"
    help = "write a smaller number"


@mistake
class BadNumber(Diagnostic):
    """Something that begins like a number but is not one."""

    code = "E183"
    title = "`{found}` is not a number"
    label = "numbers look like `12`, `-3.5` or `1e6`"
    help = "write `{suggestion}`"

    found: str
    suggestion: str | None = None


@mistake
class MissingOperand(Diagnostic):
    """An operator without a right operand."""

    code = "E184"
    title = "nothing follows `{op}`"
    label = "expected a value"
    help = "write a value, or delete `{op}`"

    op: str


@mistake
class UnknownEscape(Diagnostic):
    """A backslash that does not begin an escape."""

    code = "E185"
    title = "`{found}` is not an escape"
    label = "escapes are \\n \\t \\r \\\\ \\\" \\' and \\u with four hexadecimal digits"
    help = "write `\\{found}` for a backslash"

    found: str


@mistake
class HalfSurrogate(Diagnostic):
    """Half of a surrogate pair, written as an escape."""

    code = "E186"
    title = "`{found}` is half a character"
    label = "half of a surrogate pair"
    help = "write both halves, or the character itself"

    found: str


@mistake
class BadSlot(Diagnostic):
    """`${` in a string without a reference and a closing `}`."""

    code = "E187"
    title = "`${{` in a string begins a reference"
    label = "no reference follows"
    help = "write `${{name}}`, or `$${{` for these characters"


@mistake
class BadFormat(Diagnostic):
    """`${name:…}` in a string with something other than a format after the colon."""

    code = "E100"
    title = "`{found}` is not a format"
    label = "{reason}"
    help = "{suggestion}"

    found: str
    reason: str
    suggestion: str


@mistake
class GluedDollar(Diagnostic):
    """Text such as `$5M` in a string, which looks like a reference."""

    code = "W101"
    title = "`{found}` is text, since a letter follows directly"
    label = "not a reference"
    help = "write `{reference}` for the value, or `{text}` for this text"

    found: str
    reference: str
    text: str
