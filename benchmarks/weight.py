"""The size of an installation, without and with extras: the files that pip puts into a new environment.

`python -m benchmarks.weight` measures those of EXTRAS, which takes minutes; `python -m benchmarks.weight local` one.
"""

import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
EXTRAS: Final = ("", "local", "bench", "dev")


def weight(folder: Path) -> int:
    """The bytes of the files in a folder."""
    return sum(path.stat().st_size for path in _files(folder))


def _files(folder: Path) -> Iterator[Path]:
    """The files in a folder, links left out."""
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def added(extra: str) -> int:
    """The bytes that an installation adds to an empty environment."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        venv.create(folder, with_pip=True)
        empty = weight(folder)
        wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
        command: list[str | Path] = [
            folder / "bin/python",
            "-m",
            "pip",
            "install",
            "-q",
            "--no-compile",
            "--disable-pip-version-check",
        ]
        subprocess.run([*command, wanted], check=True)
        return weight(folder) - empty


def main() -> None:
    """Print a row for each extra that is named, or for those above."""
    for extra in sys.argv[1:] or EXTRAS:
        print(f"{extra or 'no extra':<10}{added(extra) / 2**20:>8.0f} MB", flush=True)


if __name__ == "__main__":
    main()
