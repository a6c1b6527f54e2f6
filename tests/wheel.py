"""The built wheel, alone in an environment."""

import fcntl
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from typing import Final

import pytest

from tests.patience import PATIENCE

ROOT: Final = Path(__file__).parent.parent


def build(folder: Path, kind: str, root: Path = ROOT) -> Path:
    """Build a `wheel` or `sdist` of the project in a folder, with the build backend that is here, and return it."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", str(folder)]
    subprocess.run(command, cwd=root, timeout=PATIENCE, check=True)
    (path,) = folder.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[kind])
    return path


def clean_environment(folder: Path) -> Path:
    """Make an environment with the wheel, and return its folder of commands, with `llmc` and `python`.

    The libraries are those of this environment, without this checkout. The wheel stays in the folder. Commands are
    started without PYTHONPATH.
    """
    wheel = build(folder, "wheel")
    venv.create(folder / "clean", with_pip=False, symlinks=True)
    commands = folder / "clean" / "bin"
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder / "clean")}))
    here = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
    # Python reads no .pth file of a folder that it finds through one, and our editable install is such a file.
    (site / "libraries.pth").write_text("".join(f"{path}\n" for path in here), "utf-8")
    options = ["--no-deps", "--no-index", "--no-compile", "--no-warn-script-location", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "--python", str(commands / "python"), "install", "-q", *options, str(wheel)]
    subprocess.run(command, timeout=PATIENCE, check=True)
    return commands


def shared_environment(factory: pytest.TempPathFactory) -> Path:
    """The clean environment that all processes of a test run share, made by the first that asks for it."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "wheel"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = folder / "made"
        if not made.exists():
            made.write_text(str(clean_environment(folder)), "utf-8")
    return Path(made.read_text("utf-8"))
