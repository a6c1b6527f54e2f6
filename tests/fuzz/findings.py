"""What fuzzing found: inputs named after their fault, made small, and kept in the corpus."""

import re
import traceback
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import CodeType
from typing import Final

from tests.fuzz.limits import TooSlow, limited
from tests.fuzz.targets import Check

HERE: Final = Path(__file__).parent
OURS: Final = (*(HERE.parent.parent / name for name in ("grammar", "compiler", "runtime")), HERE / "targets")
_UNFIT: Final = re.compile(r"[^\w-]")

MOST_ATTEMPTS: Final = 2_000
"""How often an input is tried while it is made smaller."""


def corpus(target: str) -> Path:
    """The folder with the inputs of a target."""
    return HERE / "corpus" / target


def dictionary(target: str) -> Path:
    """The file with the words of a target, in the form of AFL."""
    return HERE / "dictionaries" / f"{target}.dict"


def fault_of(check: Check, data: bytes) -> str | None:
    """The name of the fault that an input shows, None where it shows none."""
    try:
        limited(check, data)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 — any is a finding
        return fault_name(error)
    return None


def fault_name(error: BaseException) -> str:
    """The exception and the last function of ours on the way to it: the same for all inputs that show one fault."""
    frames = traceback.walk_tb(error.__traceback__)
    ours = [_place(frame.f_code, line) for frame, line in frames if _is_ours(frame.f_code.co_filename)]
    # How far it got says nothing of why it goes on.
    place = "" if not ours or isinstance(error, TooSlow | RecursionError) else ours[-1]
    return _UNFIT.sub("", f"{type(error).__name__}{place}")


def _place(code: CodeType, line: int) -> str:
    """A function; of a check the line, since each of its laws is another fault."""
    path = Path(code.co_filename)
    return f"-{path.stem}-{line if path.parent == HERE / 'targets' else code.co_name}"


@cache
def _is_ours(file: str) -> bool:
    """Whether a file is of the product, or has a check."""
    return any(Path(file).is_relative_to(folder) for folder in OURS)


def keep(folder: Path, name: str, data: bytes) -> Path:
    """Write an input under the name of its fault."""
    path = folder / f"{name}-{sha256(data).hexdigest()[:8]}"
    path.write_bytes(data)
    return path


def smaller(data: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """The input without what its failure does not need."""
    attempts = 0
    size = max(len(data) // 2, 1)
    while size and attempts < MOST_ATTEMPTS:
        removed = False
        at = 0
        while at < len(data) and attempts < MOST_ATTEMPTS:
            attempts += 1
            less = data[:at] + data[at + size :]
            if fails(less):
                data, removed = less, True
            else:
                at += size
        if not removed or size > 1:
            size //= 2
    return data
