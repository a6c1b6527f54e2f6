"""The grammar as Lark reads it, and the cache of its tables."""

import os
import re
import stat
from pathlib import Path

import pytest
from lark import Lark

from llmc_grammar import parse, tables
from llmc_grammar.ast import KEYWORDS


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of our own, and a parser that is built anew."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture(autouse=True)
def fresh() -> None:
    """No parser of another test's folder."""
    tables.parser.cache_clear()


def works() -> bool:
    """Whether a plan can be read."""
    return parse("1. f($a)\n").diagnostics == ()


def test_the_grammar_is_strict() -> None:
    """Lark builds it with `strict=True`: no conflict of rules, and no two terminals that read the same text."""
    Lark(
        tables.grammar(),
        parser="lalr",
        start=list(tables.STARTS),
        strict=True,
        maybe_placeholders=True,
        postlex=tables.WholeWords(),
    )


def test_the_grammar_holds_nothing_that_other_readers_lack() -> None:
    """No look-around, lazy quantifier, priority, template, import or shorthand class."""
    text = re.sub(r"^//.*|\s//.*$", "", tables.grammar(), flags=re.MULTILINE)
    for pattern in (r"\(\?", r"[*+?]\?(?!\s*[|)])\S*/", r"^\w+\.\d+\s*:", r"\{\w+", "%import", r"\\d", r"\\w", r"\\s"):
        assert not re.search(pattern, text, re.MULTILINE), pattern


def test_words_of_operators_are_reserved() -> None:
    """Every word that the rules hold is a keyword."""
    words = set(re.findall(r'"([A-Za-z]+)"', re.sub(r"\s//.*", "", tables.grammar())))
    assert words <= KEYWORDS


def test_tables_are_kept_in_a_private_folder(home: Path) -> None:
    """The first parser writes them, the second reads them."""
    assert works()
    (file,) = (home / "llmc").iterdir()
    assert stat.S_IMODE((home / "llmc").stat().st_mode) == 0o700
    written = file.stat().st_mtime_ns
    tables.parser.cache_clear()
    assert works()
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("content", [b"", b"x", b"\x80\x04", b"0" * 64 + b"\n\x80\x04]."])
def test_a_spoilt_cache_does_no_harm(home: Path, content: bytes) -> None:
    """Tables that cannot be read are built anew."""
    assert works()
    (file,) = (home / "llmc").iterdir()
    file.write_bytes(content)
    tables.parser.cache_clear()
    assert works()


def test_a_cut_cache_does_no_harm(home: Path) -> None:
    """Nor do tables of which only a part was written."""
    assert works()
    (file,) = (home / "llmc").iterdir()
    whole = file.read_bytes()
    for part in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:part])
        tables.parser.cache_clear()
        assert works()


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder's place, a relative path, or no home at all."""
    (tmp_path / "llmc").write_text("in the way")
    for value in (str(tmp_path), str(tmp_path / "llmc"), "relative"):
        monkeypatch.setenv("XDG_CACHE_HOME", value)
        tables.parser.cache_clear()
        assert works()
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path / "llmc"))
    tables.parser.cache_clear()
    assert works()


def test_a_folder_that_others_may_write_is_not_read(home: Path) -> None:
    """What is unpickled must be this user's own."""
    folder = home / "llmc"
    folder.mkdir()
    os.chmod(folder, 0o777)  # noqa: PTH101, S103 (the danger itself)
    assert works()
    assert list(folder.iterdir()) == []
