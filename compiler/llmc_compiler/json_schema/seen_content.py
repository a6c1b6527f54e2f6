"""A set of recently seen data, identified by content, since callers may change the objects."""

import marshal
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast

from llmc_grammar.forks import fork_safe_lock


def digest_of(data: Mapping[str, Any]) -> bytes | None:
    """Return a digest of data with its types, or None for data with objects that are not Python's own."""
    try:
        # Version 2 does not refer to objects written before, so that equal data has equal bytes.
        return sha256(marshal.dumps(cast("dict[str, Any]", data), 2)).digest()
    except ValueError:
        return None


class SeenContent:
    """The most recently seen digests, up to a number of them. Data without a digest counts as never seen.

    Only for use at module level: the fork handlers of its lock are never removed.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = fork_safe_lock()

    def has(self, digest: bytes | None) -> bool:
        """Whether a digest was seen."""
        with self._lock:
            if digest is None or digest not in self._digests:
                return False
            self._digests.move_to_end(digest)
            return True

    def add(self, digest: bytes | None) -> None:
        """Add a digest, and forget the least recently used one if the set is full."""
        if digest is not None:
            with self._lock:
                self._digests[digest] = None
                if len(self._digests) > self._most:
                    self._digests.popitem(last=False)
