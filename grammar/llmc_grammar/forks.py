"""Locks that survive a fork: a lock that another thread held in the parent would stay locked in the child."""

import os
from threading import Lock


def fork_safe_lock() -> Lock:
    """Return a lock that the forking thread acquires first, so that it is free in the child and its data are intact.

    Use it only for module-level locks that are held briefly, and never fork while holding one.
    """
    lock = Lock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock
