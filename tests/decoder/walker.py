"""Random walks through grammars: whatever a model could write, byte by byte, as llguidance allows it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from llguidance import LLMatcher, LLTokenizer, TokenizerWrapper
from llguidance.gbnf_to_lark import gbnf_to_lark

from llmc_compiler.decoder.syntaxes import Syntax

END: Final = 256
LONGEST: Final = 6000
_LONG: Final = 500
"""From here on a walk makes for its end."""

_FREE: Final = 90
"""Where more bytes than these are allowed, a text is being written."""
_CLOSING: Final = frozenset(b'")]}\n')
_OPENING: Final = frozenset(b"([{ ,.")
_LINE: Final = (b"\n", b". ")
"""Where a join may begin."""
_WEIGHTS: Final = {
    **dict.fromkeys(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", 1.0),
    **dict.fromkeys(b"0123456789", 0.4),
    **dict.fromkeys(b"([{", 0.8),
    **dict.fromkeys(b'"$', 4.0),
    **dict.fromkeys(b")]}", 4.0),
    **dict.fromkeys(b", \\.", 2.0),
    ord("T"): 3.0,
    ord("j"): 0.1,
}
_IN_TEXT: Final = {**_WEIGHTS, ord("$"): 4.0, ord('"'): 6.0, ord("\n"): 6.0, ord("\\"): 2.0, ord(" "): 4.0}

_IN_NAME: Final = {**_WEIGHTS, **dict.fromkeys(range(ord("0"), ord("z") + 1), 0.12)}
_LETTERS: Final = 40
"""Where more than these are allowed, a name is."""
_AT_VALUE: Final = {**_WEIGHTS, **dict.fromkeys(b"abcdefghijklmnopqrstuvwxyz", 0.2)}
_FAVOUR: Final = 8.0
_FUNCTIONS: Final = 24
"""Where more than these are allowed, and a text and a reference too, a value begins that may be a call."""


class _Bytes:
    """A tokenizer whose tokens are bytes, and the end."""

    eos_token_id = END
    bos_token_id = None
    tokens: Final = (*(bytes([byte]) for byte in range(END)), b"<end>")
    special_token_ids: Final = (END,)

    def __call__(self, text: str | bytes) -> list[int]:
        """The bytes of a text."""
        return list(text if isinstance(text, bytes) else text.encode())


TOKENIZER: Final = LLTokenizer(TokenizerWrapper(_Bytes()), slices=[])


class StuckError(Exception):
    """A walk that cannot go on, or does not end."""


class GrammarError(Exception):
    """A grammar that llguidance does not take."""


def as_lark(grammar: str, syntax: Syntax) -> str:
    """A grammar as llguidance reads it."""
    return gbnf_to_lark(grammar) if syntax == "gbnf" else grammar


@dataclass(frozen=True, slots=True)
class Walker:
    """Walks through one grammar, again and again; `favoured` words are written more often than others."""

    matcher: LLMatcher
    favoured: tuple[bytes, ...] = ()

    @staticmethod
    def of(grammar: str, syntax: Syntax) -> "Walker":
        """A walker; raises GrammarError for a grammar that is none, or draws a warning."""
        lark = as_lark(grammar, syntax)
        _, warnings = LLMatcher.validate_grammar_with_warnings(lark, TOKENIZER)
        matcher = LLMatcher(TOKENIZER, lark)
        if warnings or matcher.is_error():
            raise GrammarError("\n".join([*warnings, matcher.get_error()]))
        return Walker(matcher)

    def accepts(self, text: str) -> bool:
        """Whether the grammar has a text."""
        self.matcher.reset()
        found = text.encode()
        return self.matcher.try_consume_tokens(list(found)) == len(found) and self.matcher.is_accepting()

    def walk(self, random: Random) -> str:
        """A text of the grammar; raises StuckError."""
        self.matcher.reset()
        found = bytearray()
        for byte in self._bytes(random, found):
            found.append(byte)
            if len(found) > LONGEST:
                break
        else:
            return found.decode()
        raise StuckError(found.decode(errors="replace"))

    def _bytes(self, random: Random, found: bytearray) -> Iterator[int]:
        """The bytes of a walk; `found` are those so far."""
        while True:
            forced = self.matcher.compute_ff_bytes()
            choices = list(forced[:1]) if forced else _allowed(self.matcher.compute_bitmask())
            if not choices:
                raise StuckError(found.decode(errors="replace"))
            byte = forced[0] if forced else self._chosen(choices, random, found)
            if byte == END:
                return
            if not self.matcher.consume_token(byte):
                raise StuckError(self.matcher.get_error())
            yield byte

    def _chosen(self, choices: list[int], random: Random, found: bytearray) -> int:
        """One of the bytes; the longer the text, the sooner one that closes something."""
        if len(choices) == 1:
            return choices[0]
        weights = _weights(choices)
        wanted = {word[at] for word in self.favoured for at in range(len(word)) if found.endswith(word[:at])}
        return random.choices(
            choices,
            [weights.get(byte, 0.3) * _haste(byte, found) * (_FAVOUR if byte in wanted else 1.0) for byte in choices],
        )[0]


def _weights(choices: list[int]) -> Mapping[int, float]:
    """The weights of bytes, by the kind of place at which these bytes are allowed."""
    if len(choices) > _FREE:
        return _IN_TEXT
    if len(choices) > _LETTERS:
        return _IN_NAME
    return _AT_VALUE if len(choices) > _FUNCTIONS and {*b'"$'} <= {*choices} else _WEIGHTS


def _allowed(mask: bytes) -> list[int]:
    """The tokens whose bits are set."""
    bits = int.from_bytes(mask, "little")
    found = []
    while bits:
        low = bits & -bits
        found.append(low.bit_length() - 1)
        bits ^= low
    return found


def _haste(byte: int, found: bytearray) -> float:
    """How a byte is favoured in a long text."""
    if len(found) < _LONG:
        return 1.0
    if byte in _CLOSING or byte == END or (byte == ord("j") and found.endswith(_LINE)):
        return 30.0
    return 0.02 if byte in _OPENING else 0.5
