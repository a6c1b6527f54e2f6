"""Which edits are safe: a closed list of mistakes, and of their edits those that keep all of the author's words."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from llmc_compiler.compiler import check
from llmc_grammar import Diagnostic, Edit, Span, parse
from llmc_grammar.fix import edited
from llmc_grammar.safety import is_safe, keeps_words
from tests.cases.test_text import CASES, written
from tests.cases.world import TOOLS
from tests.grammar.lenient.samples import MENDED
from tests.grammar.samples import BAD
from tests.test_catalogue import ENTRIES, MISTAKES

SAFE: Final = frozenset(
    {
        *("E103", "E104", "E115", "E116", "E119", "E120", "E122", "E123", "E124", "E129", "E130", "E138", "E139"),
        *("E140", "E154", "E155", "E156", "E166", "E174", "E175", "E176", "E180", "E189", "E190", "E199"),
        *("E201", "E202", "E208", "W203"),
        *("W113", "W115", "W116", "W120", "W121", "W123", "W124", "W125", "W126", "W127", "W128", "W129"),
        *("W134", "W135", "W136"),
    }
)
RENAMING: Final = frozenset({"E138", "E190", "E201", "E202", "E208"})

Offered = tuple[Diagnostic, str]


def offered() -> Iterator[Offered]:
    """Every mistake with an edit, in the examples of the catalogue, in the cases and in the samples; and its text."""
    texts = [*((entry.plan, "strict") for _, entry in ENTRIES), *((text, "strict") for text in BAD.values())]
    texts += [*(written(case) for case in CASES), *((sample[0], "lenient") for sample in MENDED.values())]
    for text, mode in texts:
        parsed = parse(text, mode="lenient" if mode == "lenient" else "strict", tools=TOOLS)
        found = check(parsed, TOOLS, lenient=mode == "lenient")
        yield from ((one, parsed.source.text) for one in found if one.edit is not None)


OFFERED: Final = list(offered())


def words(text: str) -> Counter[str]:
    """The runs of letters and digits of a text."""
    return Counter(re.findall(r"[^\W_]+", text.lower()))


def test_these_mistakes_may_offer_safe_edits() -> None:
    """Every other one has unsafe edits, and so has a new one."""
    assert {mistake.code for mistake in MISTAKES if mistake.is_safe} == SAFE
    assert {mistake.code for mistake in MISTAKES if mistake.renames} == RENAMING
    assert not Diagnostic.is_safe


def test_a_safe_edit_keeps_the_words_of_the_text() -> None:
    """All of them, outside of a name that is mended; of the other edits many do not."""
    kept = {True: 0, False: 0}
    for found, text in OFFERED:
        assert found.edit is not None
        same = words(edited(text, [found.edit])) == words(text)
        if is_safe(found, text):
            assert same or found.code in RENAMING
        else:
            kept[same] += 1
    assert kept[False] > 20


def test_every_safe_edit_is_on_the_list() -> None:
    """And most of the list is seen here."""
    seen = {found.code for found, text in OFFERED if is_safe(found, text)}
    assert seen <= SAFE
    assert len(seen) > len(SAFE) // 2


@pytest.mark.parametrize(
    ("wrong", "right", "safe"),
    [
        ("serach", "search", True),
        ("serch", "search", True),
        ("searchh", "search", True),
        ("haeght", "height", False),
        ("heigth_of", "height_of", True),
        ("Price", "price", True),
        ("prise", "price", True),
        ("get_user", "set_user", False),
        ("unload", "upload", False),
        ("delete_note", "create_note", False),
        ("end", "send", False),
        ("sent", "send", False),
    ],
)
def test_one_slip_is_no_other_word(wrong: str, right: str, safe: bool) -> None:
    """A letter left out, doubled or swapped is a slip; another beginning, or another short word, is another name."""
    tool = next(mistake for mistake in MISTAKES if mistake.code == "E201")
    found = tool(span=Span(4, 4 + len(wrong)), name=wrong, edit=Edit(Span(4, 4 + len(wrong)), right))  # type: ignore[call-arg]  # its own fields
    assert is_safe(found, f"a = {wrong}(1)\n") is safe


def test_words_that_grow_together_are_not_kept() -> None:
    """Deleting a blank between two of them makes another word."""
    assert not keeps_words(Edit(Span(1, 2), ""), "a b")
    assert keeps_words(Edit(Span(1, 2), "-"), "a b")
