"""Decoded faces kept between runs, so that a data set is parsed once: a memory-mapped .npy and a small .npz beside it.

The folder is FERSCOPE_CACHE, else `ferscope` in the platform's folder for caches; removing it costs time only. An entry
belongs to a place and to options, and is valid while the paths, sizes and times of change of its source files stay as
they were. What is damaged, out of date or cannot be written is read from the source again.
"""

import hashlib
import json
import os
import sys
import threading
import zlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fer_models.atomic import written_aside

Table = tuple[np.ndarray, dict[str, np.ndarray]]
"""Images (N, s, s) uint8 and named columns of their facts; plain arrays, no objects."""

CACHE_VARIABLE = "FERSCOPE_CACHE"

# Part of every entry's key: raise it when readers or the preparation of pictures change what they return.
_VERSION = 1
_STATE, _CHECKSUM = "_state", "_checksum"
# Two processes may fill one entry at once, each writing aside; two threads would write to the same place.
_one_thread = threading.Lock()


def cache_folder() -> Path:
    """Where entries are; the folder need not exist. ValueError where the user has no home folder."""
    named = os.environ.get(CACHE_VARIABLE)
    if named:
        return Path(named)
    try:
        if sys.platform == "win32":
            base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        raise ValueError(f"There is no home folder; name one for the cache in {CACHE_VARIABLE}.") from None
    return Path(base) / "ferscope"


def cached(
    name: str,
    root: Path,
    sources: Iterable[Path],
    read: Callable[[], Table],
    options: Mapping[str, str | int | bool] | None = None,
) -> Table:
    """What ``read`` returns, from the cache where its sources have not changed.

    Args:
        name: of the data set; begins the file's name.
        root: where the data set is; together with ``options`` it tells entries apart.
        sources: the files that ``read`` reads.
        read: called when there is no valid entry; what it raises is passed on.

    Returns: the table; its images are a read-only memory map where the cache could be used.
    """
    place = json.dumps([_VERSION, name, os.path.abspath(root), options])
    try:
        state = _state(sources)
        file = cache_folder() / f"{name}-{hashlib.sha256(place.encode()).hexdigest()[:16]}.npy"
    except (OSError, ValueError):  # a source is missing, which read says better; or there is no home folder
        return read()
    found = _load(file, state)
    if found is not None:
        return found
    table = read()
    try:
        with _one_thread:
            _save(file, state, table)
    except OSError:  # a full disk or a read-only home folder
        return table
    return _load(file, state) or table


def _state(sources: Iterable[Path]) -> str:
    found = hashlib.sha256()
    for source in sources:
        about = source.stat()
        found.update(os.fsencode(f"{os.path.abspath(source)}\0{about.st_size}\0{about.st_mtime_ns}\n"))
    return found.hexdigest()


def _load(file: Path, state: str) -> Table | None:
    try:
        with np.load(file.with_suffix(".npz"), allow_pickle=False) as saved:
            columns = {key: saved[key] for key in saved.files}
        if columns.pop(_STATE) != state or columns.pop(_CHECKSUM) != _checksum(file):
            return None
        return np.load(file, mmap_mode="r", allow_pickle=False), columns
    except Exception:  # damaged bytes may raise nearly anything; whatever it is, the sources are read again
        return None


def _save(file: Path, state: str, table: Table) -> None:
    images, columns = table
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with written_aside(file) as aside:
        with open(aside, "wb") as out:
            np.save(out, images)
        checksum = _checksum(aside)
    # Last: until it is there the faces are not believed, and it holds their checksum.
    with written_aside(file.with_suffix(".npz")) as aside, open(aside, "wb") as out:
        entry: dict[str, Any] = {**columns, _STATE: np.array(state), _CHECKSUM: np.array(checksum)}
        np.savez(out, **entry)


def _checksum(file: Path) -> int:
    value = 0
    with open(file, "rb") as content:
        while block := content.read(2**24):
            value = zlib.crc32(block, value)
    return value
