"""Locks and forks: a thread that held a lock in the parent does not go on in the child, and would never release it."""

import os
from threading import Lock


def fork_safe_lock() -> Lock:
    """A lock that no other thread holds at a fork, so that it is free in the child, and its data whole.

    Only for module-level locks that are held shortly, and behind which nothing forks.
    """
    lock = Lock()
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=lock.acquire, after_in_parent=lock.release, after_in_child=lock.release)
    return lock
