"""Where picture files are: below a folder, or in a zip file, which is read where it lies and never unpacked."""

import io
import lzma
import os
import stat
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from fer_models.data.faces import DataError, is_zip
from fer_models.images import MAX_BYTES, ImageError, RGBImage, open_image

MAX_ZIP_FILES = 100_000
MAX_ZIP_BYTES = 4 * 1024**3  # of all its files, unpacked
MAX_ZIP_DIRECTORY = 24 * 1024**2  # of the list of its files, which is read as one
MAX_ZIP_RATIO = 200  # of a file above 1 MB, unpacked to packed; pictures are packed already

_DEEPEST = 6  # levels of folders; a link that leads back up would never end
_JUNK = {"thumbs.db", "desktop.ini", "__macosx"}
_ARCHIVES = {".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"}
_LOCAL_HEADER = 30  # bytes of a file's header in a zip before its name

# What reading a member raises that is damaged, locked, or packed in a way that is not known here.
_DAMAGE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error, lzma.LZMAError)

Opener: TypeAlias = Callable[[str], RGBImage]


class FolderFiles:
    """Files below a folder on disk; hidden ones and what file managers leave behind are not among them.

    ``files`` and ``folders`` are paths below ``root`` with forward slashes, sorted.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise DataError(f"There is no folder {root}.")
        self.root = root
        files, folders = [], []
        for place, below, names in os.walk(root, followlinks=True):
            path = PurePosixPath(Path(place).relative_to(root).as_posix())
            below[:] = [name for name in below if not _is_junk(name)] if len(path.parts) < _DEEPEST else []
            folders += [str(path / name) for name in below]
            files += [str(path / name) for name in names if not _is_junk(name)]
        self.files, self.folders = tuple(sorted(files)), tuple(sorted(folders))

    def sources(self, names: tuple[str, ...]) -> list[Path]:
        """The files on disk that ``names``, among ``files``, are read from."""
        return [self.root / name for name in names]

    @contextmanager
    def opened(self) -> Iterator[Opener]:
        """A function from one of ``files`` to its picture (H, W, 3) uint8 RGB, which raises ImageError."""
        yield lambda name: open_image(self.root / name, archive=True)


class ZipFiles:
    """The same for a zip file's contents: a picture's bytes, at most 20 MB, are unpacked in memory as it is read.

    Raises DataError for a file that is no zip, leads out of itself, is locked, would unpack to too much, or holds what
    an honest zip of pictures does not: links, archives, files that share their bytes, or names that differ by case.
    """

    def __init__(self, file: Path) -> None:
        self.root = file
        try:
            with _DirectoryReader(io.FileIO(file)) as content, zipfile.ZipFile(content) as archive:
                members, end = archive.infolist(), archive.start_dir
        except FileNotFoundError:
            raise DataError(f"There is no file {file}.") from None
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile) as error:
            raise DataError(f"{file.name} is not a zip file that can be read: {error}.") from error
        _check_members(file, members, end)
        paths = [(PurePosixPath(member.filename), member) for member in members]
        paths = [(path, member) for path, member in paths if path.name and not any(map(_is_junk, path.parts))]
        files = [(str(path), member) for path, member in paths if not member.is_dir()]
        # The archive may spell a path otherwise, './happy/0.png' for 'happy/0.png'.
        self._members = dict(files)
        _check_names(file, [name for name, _ in files])
        folders = {str(path) for path, member in paths if member.is_dir()}
        folders |= {str(parent) for name in self._members for parent in PurePosixPath(name).parents if parent.name}
        self.files, self.folders = tuple(sorted(self._members)), tuple(sorted(folders))

    def sources(self, names: tuple[str, ...]) -> list[Path]:
        return [self.root]

    @contextmanager
    def opened(self) -> Iterator[Opener]:
        one_at_a_time = threading.Lock()
        with zipfile.ZipFile(self.root) as archive:

            def open_member(name: str) -> RGBImage:
                try:
                    with one_at_a_time, archive.open(self._members[name]) as member:
                        content = member.read(MAX_BYTES + 1)
                except _DAMAGE:
                    raise ImageError("This picture is damaged or locked inside the zip file.") from None
                return open_image(content, archive=True)

            yield open_member


class _DirectoryReader(io.BufferedReader):
    """A zip file as far as its directory, which may claim any length: the zipfile module reads what it claims."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_ZIP_DIRECTORY:
            raise zipfile.BadZipFile(f"the list of its files is longer than {MAX_ZIP_DIRECTORY // 1024**2} MB")
        return super().read(size)


PictureFiles: TypeAlias = FolderFiles | ZipFiles


def picture_files(place: Path) -> PictureFiles:
    """The files below a folder or in a zip file."""
    return ZipFiles(place) if is_zip(place) else FolderFiles(place)


def _check_members(file: Path, members: list[zipfile.ZipInfo], end: int) -> None:
    """DataError for what only a folder may be, or nobody packs who means well; files end before the byte ``end``."""
    if len(members) > MAX_ZIP_FILES:
        raise DataError(f"{file.name} holds {len(members):,} files; at most {MAX_ZIP_FILES:,} are read from a zip.")
    if sum(member.file_size for member in members) > MAX_ZIP_BYTES:
        raise DataError(f"{file.name} would unpack to more than {MAX_ZIP_BYTES // 1024**3} GB.")
    for member in members:
        path = PurePosixPath(member.filename)
        # Nothing is written by these names, but an honest zip holds none of them.
        if path.is_absolute() or ".." in path.parts or "\\" in member.filename or ":" in member.filename:
            raise DataError(f"{file.name} holds the path '{member.filename}', which leads out of it.")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise DataError(f"{file.name} holds a link, '{member.filename}'; put the picture itself there.")
        if member.flag_bits & 1:
            raise DataError(f"{file.name} is locked by a password; pack it without one.")
        if member.file_size > max(MAX_ZIP_RATIO * member.compress_size, 1024**2):
            raise DataError(f"{file.name} holds {member.filename}, which would unpack to {member.file_size:,} bytes.")
        if path.suffix.lower() in _ARCHIVES and not any(map(_is_junk, path.parts)):
            raise DataError(f"{file.name} holds another archive, {member.filename}; pack its pictures themselves.")
    in_order = sorted(members, key=lambda member: member.header_offset)
    starts = [member.header_offset for member in in_order[1:]] + [end]
    for member, following in zip(in_order, starts[: len(in_order)], strict=True):
        if member.header_offset + _LOCAL_HEADER + member.compress_size > following:
            raise DataError(f"{file.name} holds {member.filename}, whose bytes are another file's too.")


def _check_names(file: Path, names: list[str]) -> None:
    """DataError for files that are one, to every file system or to those that do not tell case apart."""
    known: dict[str, str] = {}
    for name in names:
        other = known.get(name.casefold())
        if other == name:
            raise DataError(f"{file.name} holds two files of the same name, {name}.")
        if other is not None:
            raise DataError(f"{file.name} holds two files whose names differ by case only: {other}, {name}.")
        known[name.casefold()] = name


def _is_junk(name: str) -> bool:
    return name.startswith(".") or name.lower() in _JUNK
