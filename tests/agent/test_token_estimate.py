"""Tokens that nobody counted are estimated."""

import pytest

from llmc_runtime.models.token_estimate import estimated_tokens


@pytest.mark.parametrize(
    ("texts", "count"),
    [
        ((), 0),
        (("",), 0),
        (("a",), 1),
        (("word",), 1),
        (("words",), 2),
        (("wo", "rd"), 1),
        (("\u57ce\u5e02\u57ce\u5e02",), 3),
        (("\N{GRINNING FACE}",), 1),
        (("\ud83d",), 1),
    ],
)
def test_a_token_is_four_bytes_of_all_texts_together(texts: tuple[str, ...], count: int) -> None:
    """Rounded up, once: pieces of any size have the same sum."""
    assert estimated_tokens(*texts) == count
