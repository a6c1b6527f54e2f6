"""Estimates of tokens, where no server has counted them.

A token is taken for 4 bytes of UTF-8: 4 letters of English, and a little more than one character of Chinese.
"""

from collections.abc import Iterable
from typing import Final

SIZE_OF_A_TOKEN: Final = 4


def tokens_of(size: int) -> int:
    """About how many tokens a text of so many bytes has."""
    return -(-size // SIZE_OF_A_TOKEN)


def estimated_tokens(*texts: str) -> int:
    """About how many tokens some texts have together."""
    return tokens_of(text_size(texts))


def text_size(texts: Iterable[str]) -> int:
    """The bytes of some texts in UTF-8; halves of characters are counted too."""
    return sum(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")) for text in texts)
