"""Why a job failed, whoever says that a disk or a memory is full."""

import errno
import os
import sqlite3

import pytest

from fer_models.jobs.work import reason_of


def of_sqlite(name: str) -> sqlite3.Error:
    """As the driver raises it: one text for many codes."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    return error


def test_what_the_disk_does_not_hold_is_the_disks_fault():
    written = [OSError(number, os.strerror(number)) for number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)]
    stored = [of_sqlite(name) for name in ("SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")]
    for error in written + stored:
        assert reason_of(error) == "The disk is full; what was saved before is whole."


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
        of_sqlite("SQLITE_IOERR_SHMMAP"),
        of_sqlite("SQLITE_IOERR_NOMEM"),
        RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory: you tried 9 bytes."),
        RuntimeError("unable to mmap 128 bytes from file <weights>: Cannot allocate memory (12)"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("can't start new thread"),
        ImportError("libone.so: failed to map segment from shared object"),
    ],
    ids=lambda error: str(error)[:30] or type(error).__name__,
)
def test_what_the_memory_does_not_hold_is_the_memorys_fault(error):
    assert reason_of(error) == f"The memory did not suffice: {str(error) or type(error).__name__}"


def test_another_fault_keeps_its_words():
    assert reason_of(ValueError("The loss became nan.")) == "The loss became nan."
    assert reason_of(of_sqlite("SQLITE_IOERR_READ")) == "disk I/O error"
    assert reason_of(KeyError()) == "KeyError"
