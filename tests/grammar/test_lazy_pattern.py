"""Patterns that are compiled on first use."""

import copy
import pickle
import re
from typing import Final

import pytest

from llmc_grammar.lazy_pattern import lazy_pattern

BROKEN: Final = "("


def test_a_pattern_is_compiled_for_its_first_method() -> None:
    """A broken text is an error only then; `re` finds it at once, the control."""
    with pytest.raises(re.error):
        re.compile(BROKEN)
    pattern = lazy_pattern(BROKEN)
    with pytest.raises(re.error):
        pattern.match("(")


@pytest.mark.parametrize("flags", [0, re.IGNORECASE])
def test_a_pattern_does_what_a_compiled_one_does(flags: int) -> None:
    """All methods and attributes are those of the compiled pattern, on the first call and later."""
    lazy, compiled = lazy_pattern(r"(?P<name>a+)b", flags), re.compile(r"(?P<name>a+)b", flags)
    for text in ("aab", "AB", "ab ab", ""):
        assert str(lazy.match(text)) == str(compiled.match(text))
        assert lazy.findall(text) == compiled.findall(text)
        assert lazy.sub("-", text) == compiled.sub("-", text)
    assert (lazy.pattern, lazy.flags, lazy.groupindex) == (compiled.pattern, compiled.flags, compiled.groupindex)


def test_a_pattern_is_copied_and_pickled() -> None:
    """Before and after its first use."""
    pattern = lazy_pattern("a")
    for _ in range(2):
        for same in (copy.deepcopy(pattern), copy.copy(pattern), pickle.loads(pickle.dumps(pattern))):  # noqa: S301
            assert same.fullmatch("a")
        assert pattern.fullmatch("a")
