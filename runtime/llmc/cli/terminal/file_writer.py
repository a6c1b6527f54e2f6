"""Changes of text files: as a diff, or as an atomic replacement."""

import errno
import os
import re
import stat
from pathlib import Path
from typing import Final

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")


def difference(name: str, before: str, after: str) -> str:
    """Return the changes of a file as a unified diff, empty without changes; line ends count.

    Characters that a plan must not contain are shown as escapes, since a terminal would obey them.
    """
    from difflib import unified_diff

    from llmc_grammar.characters import HIDDEN
    from llmc_grammar.terminal_text import escape_unicode, visible

    shown = visible(name)
    lines = unified_diff(_LINE.findall(before), _LINE.findall(after), shown, shown)
    text = "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
    forbidden = rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{HIDDEN}]|\r(?!\n)"
    return re.sub(forbidden, lambda match: escape_unicode(match[0]), text)


def replace_file(path: Path, data: bytes) -> None:
    """Replace the content of a file atomically; raises OSError. Links and the file's mode are kept."""
    import tempfile

    target = Path(os.path.realpath(path))  # `resolve` raises RuntimeError for circular links up to Python 3.12
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "is not a regular file, and is left unchanged")
    with target.open("r+b"):
        pass  # a file that is not writable must not be replaced either
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(stat.S_IMODE(target.stat().st_mode))
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
