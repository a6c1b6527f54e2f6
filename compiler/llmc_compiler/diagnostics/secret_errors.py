"""Mistakes about secrets: E230 to E233."""

from llmc_grammar.diagnostic import Diagnostic
from llmc_grammar.mistake import mistake


@mistake
class WrittenSecret(Diagnostic):
    """A secret that is written in the plan."""

    code = "E230"
    title = "a secret is written in the plan"
    label = "goes to `{name}` of `{tool}`, which takes a secret"
    help = "make it an input: `input {name}: str` at the top, and `${name}` here"

    tool: str
    name: str


@mistake
class SecretArgument(Diagnostic):
    """A secret passed to a parameter that does not take secrets."""

    code = "E231"
    title = "a secret goes to `{name}` of `{tool}`, which does not take secrets"
    label = "this is a secret, or is built from one"
    help = "remove it; a secret may go only to parameters declared as `Secret[str]`"

    tool: str
    name: str


@mistake
class SecretRead(Diagnostic):
    """An operator, a condition, a choice or a loop that reads a secret."""

    code = "E232"
    title = "{what} reads a secret"
    label = "this is a secret, or is built from one"
    help = "move the decision into a tool that takes it as `Secret[str]`"

    what: str


@mistake
class MadeSecret(Diagnostic):
    """A value that turns out to be secret after it was used openly."""

    code = "E233"
    title = "this makes a value secret that {what} reads above"
    label = "{why}"
    help = "use the value either as a secret or openly, not both"

    what: str
    why: str
