"""What is published: the sdist and the wheel, as builders make them and as users install them."""

import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Final
from zipfile import ZipFile

import pytest

from tests.patience import PATIENCE
from tests.test_packaging import PYPROJECT
from tests.wheel import ROOT, build

ADDRESS: Final = "https://example.org/owner/llmc/blob/HEAD/"
LINK: Final = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def wheel(wheel_commands: Path) -> Path:
    """The wheel that is installed in the clean environment."""
    (path,) = wheel_commands.parent.parent.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist."""
    return build(tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="module")
def unpacked(sdist: Path) -> Path:
    """The folder that is in the sdist."""
    with tarfile.open(sdist) as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python 3.11.2, as in Debian 12, has none
        archive.extractall(sdist.parent)  # noqa: S202 — our own files, and filtered where Python can
    return sdist.parent / sdist.name.removesuffix(".tar.gz")


def files(wheel: Path) -> Mapping[str, bytes]:
    """The files of a wheel with their bytes."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def metadata(wheel: Path) -> Message:
    """The metadata of a wheel."""
    (text,) = (data for name, data in files(wheel).items() if name.endswith(".dist-info/METADATA"))
    return message_from_string(text.decode())


def described(root: Path) -> str:
    """The long description of a project."""
    command = [sys.executable, "-m", "hatchling", "metadata", "readme"]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=PATIENCE, check=True)
    return run.stdout


def prose(text: str) -> str:
    """A page without its code."""
    return re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)


def links(text: str) -> set[tuple[bool, str]]:
    """Where the links of a page lead, outside of code, and whether each is a picture."""
    return {(bool(mark), target) for mark, target in LINK.findall(prose(text)) if not target.startswith("#")}


def test_the_metadata_is_that_of_the_project(wheel: Path) -> None:
    """Name, version, Python, licence, libraries and commands."""
    found, project = metadata(wheel), PYPROJECT["project"]
    assert [found[key] for key in ("Name", "Version", "Summary", "License-Expression", "Requires-Python")] == [
        project[key] for key in ("name", "version", "description", "license", "requires-python")
    ]
    needed = {
        re.split(r"[>=;\s\[]", value)[0] for value in found.get_all("Requires-Dist", []) if "extra ==" not in value
    }
    assert needed == {re.split(r"[>=]", value)[0] for value in project["dependencies"]}
    assert set(found.get_all("Provides-Extra", [])) == project["optional-dependencies"].keys()
    (entries,) = (data.decode() for name, data in files(wheel).items() if name.endswith("entry_points.txt"))
    assert "[console_scripts]\nllmc = llmc.cli:main\n" in entries


def test_without_an_address_links_stay_as_they_are(wheel: Path) -> None:
    """The description is the README."""
    text = (ROOT / "README.md").read_text("utf-8")
    found = metadata(wheel)
    assert str(found.get_payload()).strip() == text.strip()
    assert found["Description-Content-Type"] == "text/markdown"
    assert not re.search(r"^\[[^\]]+\]: |<(a|img|source) |\]\([^)]* ", prose(text), re.MULTILINE), (
        "a link that is not found"
    )


def test_with_an_address_links_lead_there(tmp_path: Path) -> None:
    """One setting is enough: every relative link begins with it, and pictures with that of their bytes."""
    for name in ("README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "README.md").open("a", encoding="utf-8") as readme:
        readme.write(
            "\n![a run](docs/pictures/run.svg) [more](docs/a-b.md#c-d) [x](https://python.org/x) [top](#top)\n"
        )
    setting = (ROOT / "pyproject.toml").read_text("utf-8")
    assert setting.count(r"replacement = '\1'") == 1
    (tmp_path / "pyproject.toml").write_text(setting.replace(r"= '\1'", rf"= '{ADDRESS}\1'"), "utf-8")
    text = described(tmp_path)
    found, raw = links(text), ADDRESS.replace("/blob/", "/raw/")
    assert {target for _, target in found if "://" not in target} == set()
    assert found >= {(True, f"{raw}docs/pictures/run.svg"), (False, f"{ADDRESS}docs/a-b.md#c-d")}
    assert (False, "https://python.org/x") in found
    assert "[top](#top)" in text
    assert {target.startswith(raw) for is_picture, target in found if is_picture} == {True}
    before = (tmp_path / "README.md").read_text("utf-8")
    assert len(found) == len(links(before))
    code = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    assert code.findall(text) == code.findall(before)


def test_twine_accepts_both(wheel: Path, sdist: Path) -> None:
    """Their metadata is complete, and the index knows the format of the description."""
    command = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(sdist)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_wheel_of_the_sdist_is_the_wheel(wheel: Path, unpacked: Path, tmp_path: Path) -> None:
    """Byte for byte, and it has all files of the packages and nothing else."""
    ours = files(wheel)
    assert files(build(tmp_path, "wheel", unpacked)) == ours
    packages = [ROOT / package for package in PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]]
    there = {
        path.relative_to(package.parent).as_posix()
        for package in packages
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in ours if ".dist-info/" not in name} == there


def test_the_sdist_has_what_is_tested_and_read(unpacked: Path) -> None:
    """All that git has, but for what only the repository needs, and nothing that was made."""
    git = shutil.which("git")
    listed = git and subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if not listed or not listed.stdout:  # also an unpacked sdist inside of another repository
        pytest.skip("only the repository can tell")
    known = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    found = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    assert known - found == {".ci/run"}
    made = re.compile(r"\.pyc$|^(build|dist|\.venv)/|\.coverage|node_modules")
    assert [name for name in found if made.search(name)] == []


def test_the_wheel_alone_runs_a_new_plan(wheel_commands: Path, tmp_path: Path) -> None:
    """What a user types first, in an environment without this checkout."""

    def output(*command: str) -> str:
        program = [str(wheel_commands / command[0]), *command[1:]]
        run = subprocess.run(
            program, cwd=tmp_path, env={}, capture_output=True, text=True, timeout=PATIENCE, check=True
        )
        return run.stdout

    place = output("python", "-c", "import llmc, llmc_grammar; print(llmc.__file__, llmc_grammar.__file__)")
    assert all(path.startswith(str(wheel_commands.parent)) for path in place.split())
    output("llmc", "new", "trip")
    assert output("llmc", "run", "trip.llmc").startswith("Oslo: ")
    assert PYPROJECT["project"]["version"] in output("llmc", "--version")
