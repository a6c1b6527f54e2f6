"""Console blocks have `$ ` as their only prompt: a line of output may begin with `#` or `%`."""

import re

from pygments.lexers.shell import BashSessionLexer

BashSessionLexer._ps1rgx = re.compile(r"^(\$ )(.*\n?)")  # noqa: SLF001 — the lexer has no option for it
