"""Locks on files: held by a process for as long as it lives, and by nobody afterwards, however it ended."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def take(file: Path) -> int | None:
    """Take the lock on ``file``: a descriptor that holds it until it is closed, or None where another holds it.

    A process that inherits the descriptor holds the lock too (flock belongs to the open file), so it can be handed to
    a child without a moment in which nobody holds it.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def taken(file: Path) -> Iterator[int | None]:
    """``take`` for the length of a block."""
    descriptor = take(file)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def is_held(file: Path) -> bool:
    """Whether any process holds the lock."""
    if not file.exists():
        return False
    with taken(file) as descriptor:
        return descriptor is None


def write_leader(descriptor: int, pid: int) -> None:
    """Put down, in the locked file, whose process group is to be asked to end."""
    os.pwrite(descriptor, str(pid).encode(), 0)


def read_leader(file: Path) -> int | None:
    """The number that ``write_leader`` put down; None where there is none yet."""
    text = file.read_text()
    return int(text) if text.isdecimal() else None
