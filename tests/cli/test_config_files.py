"""Which file is the configuration, whom it may belong to, and what of it can be odd."""

import os
import pwd
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from llmc import load_model
from llmc.config.config import LARGEST, ConfigError, find_config
from llmc.config.toml_reader import PARTS, TomlError, read_toml
from llmc_runtime import input_files
from tests.cli.conftest import Cli

STRANGER = 54321
OTHER = 54322
TEXT = "[limits]\nwidth = 8\n"
WIDTH = (("width", "8"),)
PYPROJECT = "[tool.llmc.limits]\nwidth = 8\n"

Own = Callable[[Path, int], None]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Own:
    """Gives files to somebody, as far as this process can see."""
    owners: dict[tuple[int, int], int] = {}
    real_fstat, real_stat, real_lstat = os.fstat, Path.stat, Path.lstat

    def seen(status: os.stat_result) -> os.stat_result:
        owner = owners.get((status.st_dev, status.st_ino), os.geteuid())
        return os.stat_result((*status[:4], owner, *status[5:]))

    monkeypatch.setattr(os, "fstat", lambda descriptor: seen(real_fstat(descriptor)))
    monkeypatch.setattr(Path, "stat", lambda path, **options: seen(real_stat(path, **options)))
    monkeypatch.setattr(Path, "lstat", lambda path: seen(real_lstat(path)))

    def give(path: Path, owner: int) -> None:
        status = real_lstat(path)
        owners[status.st_dev, status.st_ino] = owner

    return give


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    """The folder of a plan, below one that others may write to."""
    folder = tmp_path / "mine" / "plans"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("name", "text"), [("llmc.toml", TEXT), ("pyproject.toml", PYPROJECT)])
@pytest.mark.parametrize("owner", [STRANGER, 0, None])
def test_a_strangers_configuration_is_refused(plans: Path, own: Own, name: str, text: str, owner: int | None) -> None:
    """Its owner and the way to allow it are told; that of root and the user's own are read."""
    file = plans.parent.parent / name
    file.write_text(text, "utf-8")
    if owner is not None:
        own(file, owner)
    if owner != STRANGER:
        assert find_config(plans).limits == WIDTH
        return
    with pytest.raises(ConfigError) as caught:
        find_config(plans)
    assert str(caught.value) == (
        f"{file} belongs to user {STRANGER}, not to you, root or the owner of {plans}: "
        f"review it, then set LLMC_CONFIG={file} to allow it"
    )
    assert find_config(plans, environment={"LLMC_CONFIG": str(file)}).limits == WIDTH


def test_the_owner_of_the_plans_folder_is_trusted(plans: Path, own: Own) -> None:
    """A checkout that is mounted into a container belongs to somebody else as a whole."""
    file = plans.parent / "llmc.toml"
    file.write_text(TEXT, "utf-8")
    own(file, STRANGER)
    own(plans, STRANGER)
    assert find_config(plans).limits == WIDTH
    own(plans, OTHER)
    with pytest.raises(ConfigError, match="belongs to user 54321"):
        find_config(plans)


def test_a_known_user_is_named(plans: Path, own: Own) -> None:
    """As the system does."""
    user = next(user for user in pwd.getpwall() if user.pw_uid not in {0, os.geteuid()})
    file = plans / "llmc.toml"
    file.write_text(TEXT, "utf-8")
    own(file, user.pw_uid)
    with pytest.raises(ConfigError, match=f"belongs to `{user.pw_name}`, not to you"):
        find_config(plans)


def test_the_owner_of_a_link_counts(plans: Path, own: Own) -> None:
    """It moves a trusted file to where its relative names are files of the stranger."""
    trusted = plans / "llmc.toml"
    trusted.write_text(TEXT, "utf-8")
    link = plans.parent.parent / "llmc.toml"
    link.symlink_to(trusted)
    assert find_config(plans.parent).limits == WIDTH
    own(link, STRANGER)
    with pytest.raises(ConfigError, match="belongs to user 54321"):
        find_config(plans.parent)


def test_a_strangers_file_without_our_table_is_passed_over(plans: Path, own: Own) -> None:
    """It says nothing to llmc, and the nearest file above it counts."""
    (plans / "pyproject.toml").write_text("[project]\nname = 'p'\n", "utf-8")
    own(plans / "pyproject.toml", STRANGER)
    (plans.parent / "llmc.toml").write_text(TEXT, "utf-8")
    assert find_config(plans).limits == WIDTH


def test_a_strangers_pipe_is_not_waited_for(plans: Path, own: Own, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is read."""
    monkeypatch.setattr(input_files, "_wait", lambda *_: pytest.fail("waits"))
    for name in ("llmc.toml", "pyproject.toml"):
        os.mkfifo(plans / name)
        own(plans / name, STRANGER)
        with pytest.raises(ConfigError, match="belongs to user 54321"):
            find_config(plans)
        (plans / name).unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_a_real_stranger_is_refused(plans: Path) -> None:
    """As the fake says, with owners that the system knows."""
    file = plans.parent / "llmc.toml"
    file.write_text(TEXT, "utf-8")
    os.chown(file, STRANGER, -1)
    with pytest.raises(ConfigError, match="belongs to user 54321"):
        find_config(plans)
    os.chown(plans, STRANGER, -1)
    assert find_config(plans).limits == WIDTH


def test_a_named_configuration_counts_instead_of_those_above(plans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its files are relative to it; a pyproject.toml has our table; nothing else is read."""
    (plans / "llmc.toml").write_text("not = [toml", "utf-8")
    elsewhere = plans.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "any.toml").write_text('[tools]\na = "a.py"\n', "utf-8")
    (elsewhere / "pyproject.toml").write_text(PYPROJECT, "utf-8")
    monkeypatch.chdir(plans.parent)
    for name in ("elsewhere/any.toml", str(elsewhere / "any.toml")):
        found = find_config(plans, environment={"LLMC_CONFIG": name})
        assert (found.path, found.tools) == (Path(name), {"a": elsewhere / "a.py"})
    assert find_config(plans, environment={"LLMC_CONFIG": "elsewhere/pyproject.toml"}).limits == WIDTH
    assert find_config(plans, environment={"LLMC_CONFIG": "/dev/null"}).tools == {}
    with pytest.raises(ConfigError, match="cannot be read"):
        find_config(plans, environment={"LLMC_CONFIG": ""})


def test_a_named_configuration_has_to_be_there(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And to have our table, where it is a pyproject.toml."""
    monkeypatch.setenv("LLMC_CONFIG", "gone.toml")
    ended = cli("run", "-", stdin="join(1)\n")
    assert (ended.status, ended.stderr) == (2, "llmc: gone.toml cannot be read: No such file or directory\n")
    (folder / "pyproject.toml").write_text("[project]\nname = 'p'\n", "utf-8")
    monkeypatch.setenv("LLMC_CONFIG", "pyproject.toml")
    ended = cli("run", "-", stdin="join(1)\n")
    assert (ended.status, ended.stderr) == (2, "llmc: pyproject.toml, which LLMC_CONFIG names, has no `[tool.llmc]`\n")


@pytest.mark.parametrize("name", ["llmc.toml", "pyproject.toml"])
def test_what_is_no_file_is_told(plans: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A configuration that is there is never passed over for what it is."""
    monkeypatch.setattr(input_files, "WRITER_SECONDS", 0.0)
    path = plans / name
    makers: list[tuple[Callable[[], object], str]] = [
        (path.mkdir, "Is a directory"),
        (lambda: os.mkfifo(path), "is a pipe that had no writer"),
        (lambda: path.symlink_to("/dev/zero"), "is a device"),
        (lambda: path.symlink_to(name), "Too many levels of symbolic links"),
        (lambda: path.write_bytes(b"#" * (LARGEST + 1)), "has more than 1 MiB"),
    ]
    for make, words in makers:
        make()
        ended = cli("run", str(plans / "plan.llmc"))
        assert ended.status == 2
        assert ended.stderr.startswith(f"llmc: {path} cannot be read: {words}")
        assert ended.stderr.count("\n") == 1
        path.rmdir() if path.is_dir() else path.unlink()


LONG = "1" + "0" * 5000
HEXADECIMAL = "0x" + "f" * 9000
ODD: dict[str, tuple[str, str]] = {
    "digits": (f"[limits]\nwidth = {LONG}", "a number in it has too many digits"),
    "lists": (f"limits = {'[' * 5000}", "its lists or tables are nested too deeply"),
    "tables": (f"limits = {'{a=' * 5000}", "its lists or tables are nested too deeply"),
    "parts": (f"{'a.' * 5000}a = 1", f"a name in it has more than {PARTS} parts"),
    "limit": (f"[limits]\nwidth = {HEXADECIMAL}", "not 'an integer of 36,000 bits'"),
    "endless limit": ("[limits]\ncost = inf", "limit `cost` must be a number, such as 2.5, not 'inf'"),
    "date": ("[limits]\nwidth = 1979-05-27", "limit `width` must be a number or a string, not datetime.date"),
    "tool": (f"[tools]\na = {HEXADECIMAL}", "not an integer of 36,000 bits"),
    "tools": (f"tools = {HEXADECIMAL}", "`tools` must be a table, not an integer of 36,000 bits"),
    "key": (f"{'k' * 5000} = 1", f"`{'k' * 100}` is not a known key"),
    "text": (f'models = "{"x" * 5000}"', "`models` must be a table, not 'xxx"),
    "timeout": (f"[models.m]\ntimeout = {HEXADECIMAL}", "must be a number, not an integer of 36,000 bits"),
    "temperature": ("[models.m]\ntemperature = nan", "`models.m.temperature` must be a number, not nan"),
    "endless": ("[models.m]\ntimeout = inf", "`models.m.timeout` must be a number, not inf"),
    "retries": (f"[models.m]\nretries = {HEXADECIMAL}", "must be a whole number, not an integer of 36,000 bits"),
    "time": ("[models.m]\nname = 07:32:00", "`models.m.name` must be a string, not datetime.time(7, 32)"),
    "nul": ('[models.m]\npath = "a\\u0000b"', r"`models.m.path` must be a string, not 'a\x00b'"),
    "prices": ("[models.m]\nprices = {}", "`models.m.prices` needs `read` and `written`"),
    "price": ("[models.m]\nprices = {read = -inf, written = 1}", "must be a number, not -inf"),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_values_are_told_in_short(tmp_path: Path, name: str) -> None:
    """In a message of one line, whatever was written."""
    text, words = ODD[name]
    (tmp_path / "llmc.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        find_config(tmp_path)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_usual_model_can_be_made(tmp_path: Path) -> None:
    """The control for its options."""
    text = '[models.m]\nname = "x"\nbase_url = "http://localhost:1/v1"\ntimeout = 1e3\nretries = 0x10\n'
    (tmp_path / "llmc.toml").write_text(text, "utf-8")
    assert load_model("m", config=find_config(tmp_path)).settings.timeout == 1000


@pytest.mark.parametrize(
    "text",
    [
        "a" + ".a" * PARTS + " = 1",
        "[a" + ".a" * PARTS + "]",
        "b = {a" + " . 'a'" * PARTS + " = 1}",
        "a = 1 # '''\nb" + ".a" * PARTS + " = 1",
        'a = """x"""" #\\\nb' + ".a" * PARTS + " = 1",
        "a = '''x'''''\nb" + ".a" * PARTS + " = 1",
        'a = {b = """x"""", c' + ".a" * PARTS + " = 1}",
    ],
)
def test_long_names_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Wherever they are, also behind strings and comments; one part less is read."""
    read: list[str] = []

    def loads(text: str) -> dict[str, Any]:
        read.append(text)
        return {}

    monkeypatch.setattr(tomllib, "loads", loads)
    with pytest.raises(TomlError, match=r"more than 32 parts"):
        read_toml(text.encode())
    assert read == []
    shorter = text[::-1].replace("a.", "", 1).replace("'a' .", "", 1)[::-1]
    assert (read_toml(shorter.encode()), len(read)) == ({}, 1)


@pytest.mark.parametrize(
    "text",
    [
        'a = "' + "x." * 99 + '"',
        "a = '" + "x." * 99 + "' # " + "x." * 99,
        'a = """\n' + '"." \\" ' * 99 + '"""',
        "a = '''\n" + "'.\" " * 99 + "'''",
        "a = [" + "1.5, " * 99 + "]",
        'a."' + "x." * 99 + '" = 1',
    ],
)
def test_other_dots_are_fine(text: str) -> None:
    """In strings, comments and numbers."""
    assert list(read_toml(text.encode())) == ["a"]
