"""Files that are whole or not there: written aside, then renamed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_aside(file: Path) -> Iterator[Path]:
    """Yield a path beside ``file`` to write to; when the block ends well it becomes ``file``, else it is removed."""
    aside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        yield aside
        os.replace(aside, file)
    finally:
        aside.unlink(missing_ok=True)
