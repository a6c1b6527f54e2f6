"""Data that was seen before, by its content, since callers may change it."""

import marshal
from collections import OrderedDict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast

from llmc_grammar.forks import fork_safe_lock


def digest_of(data: Mapping[str, Any]) -> bytes | None:
    """A digest of all that data holds, with its types; None for data with objects that are not Python's own."""
    try:
        # Version 2 refers to no object that it wrote before, so that equal data has equal bytes.
        return sha256(marshal.dumps(cast("dict[str, Any]", data), 2)).digest()
    except ValueError:
        return None


class SeenContent:
    """The digests that were seen last, up to a number of them. What has none was never seen.

    Modules have one each: its lock is never forgotten.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._digests: OrderedDict[bytes, None] = OrderedDict()
        self._lock = fork_safe_lock()

    def has(self, digest: bytes | None) -> bool:
        """Whether it was seen."""
        with self._lock:
            if digest is None or digest not in self._digests:
                return False
            self._digests.move_to_end(digest)
            return True

    def add(self, digest: bytes | None) -> None:
        """Add it, and forget the one unused for longest where there is no room."""
        if digest is not None:
            with self._lock:
                self._digests[digest] = None
                if len(self._digests) > self._most:
                    self._digests.popitem(last=False)
