"""The pages are read with ease: short sentences, and none of the phrases that the code refuses either."""

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT
from tests.docs.prose import LONGEST, MEAN, mean, plain, sentences
from tests.test_english import phrases

PAGES = [
    *sorted(DOCS.rglob("*.md")),
    *(
        ROOT / name
        for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "benchmarks/README.md", "editors/README.md")
    ),
    *(ROOT / folder / "README.md" for folder in ("compiler", "runtime")),
    *sorted((ROOT / "tests").glob("*/README.md")),
]
"""The pages that people read."""


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_page_is_plain(path: Path) -> None:
    """No sentence is long, the mean is short, and no phrase is refused."""
    page = path.read_text("utf-8")
    found = sentences(page)
    assert [f"{sentence.words}: {sentence.text}" for sentence in found if sentence.words > LONGEST] == []
    assert mean(found) <= MEAN
    assert list(phrases(plain(page), is_about_code=False)) == []


def test_the_pages_are_found() -> None:
    """The list above is not empty by mistake."""
    names = {path.relative_to(ROOT).as_posix() for path in PAGES}
    assert {"README.md", "docs/inside/documentation.md", "tests/fuzz/README.md"} <= names


SAMPLE = """\
# A heading that is not a sentence, however long it becomes, since nobody reads a heading as one

The first sentence has six words. A second one, e.g. this one, names `a piece of code` and
[a link](somewhere.md "with a title"), and ends on the next line.

- An item is a sentence
- The second item has two. This is the other!

| cell | a cell of a table. It has two sentences. |
| --- | --- |

```console
$ nothing here. Is read. Nobody sees it.
```

    Indented code. Is left out.

![a picture](picture.svg)
"""


def test_sentences_end_where_readers_pause() -> None:
    """Code, headings and pictures are left out; items and cells end a sentence."""
    found = sentences(SAMPLE)
    assert [sentence.text for sentence in found] == [
        "The first sentence has six words.",
        "A second one, e.g this one, names Code and a link, and ends on the next line.",
        "An item is a sentence",
        "The second item has two.",
        "This is the other!",
        "cell",
        "a cell of a table.",
        "It has two sentences.",
    ]
    assert [sentence.words for sentence in found][:2] == [6, 17]
    assert [sentence.is_cell for sentence in found] == [False] * 5 + [True] * 3


@pytest.mark.parametrize(
    ("text", "longest", "count"),
    [
        ("word " * 31 + ".", 31, 0),
        ("One. " * 40, 1, 0),
        ("Nobody reads\n  this, and what it\nsays is no secret.", 10, 3),
        ("```text\nnobody\n```", 0, 0),
        ("`nobody` reads.", 2, 0),
    ],
)
def test_long_sentences_and_phrases_are_counted(text: str, longest: int, count: int) -> None:
    """Across lines too, and not in code."""
    assert max((sentence.words for sentence in sentences(text)), default=0) == longest
    assert len(list(phrases(plain(text), is_about_code=False))) == count


def test_a_mean_is_that_of_the_sentences() -> None:
    """Cells do not make a page look easier."""
    assert mean(sentences("One two three. Four.\n\n| a |\n| - |\n")) == 2
    assert mean([]) == 0
