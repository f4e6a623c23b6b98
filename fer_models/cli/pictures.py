"""Pictures that a command is given: the files, the faces in each, and folders for what is written of them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

if TYPE_CHECKING:
    from fer_models.faces import Face

SUFFIXES = {
    *(".jpg", ".jpeg", ".png", ".webp", ".avif", ".heic", ".heif"),
    *(".tif", ".tiff", ".bmp", ".gif", ".pgm", ".ppm"),
}
WholeOption = Annotated[bool, typer.Option("--whole", help="Take each whole picture as the face.")]


def faces_in(picture: "Path | BinaryIO", *, whole: bool) -> "list[Face]":
    """Every face of a picture, largest first, or with ``whole`` the picture itself.

    Raises ImageError when the file is no picture, or no face is found and ``whole`` is False.
    """
    from fer_models.faces import detect_faces, whole_picture
    from fer_models.images import ImageError, open_image

    image = open_image(picture, archive=True)
    faces = [whole_picture(image)] if whole else detect_faces(image)
    if not faces:
        raise ImageError("No face was found. Give a picture with a larger, frontal face, or --whole for the whole one.")
    return faces


def picture_files(given: Iterable[Path]) -> list[Path]:
    """Files as they were given, and for a folder the pictures in it and below, sorted. Raises DataError: see data."""
    from fer_models.data.picture_files import FolderFiles

    files = []
    for path in given:
        found = FolderFiles(path).files if path.is_dir() else None
        files += [path] if found is None else [path / name for name in found if Path(name).suffix.lower() in SUFFIXES]
    return files


def new_folder(parent: Path, name: str) -> Path:
    """``parent / name``, or with a number behind it when that exists: what two calls write never mixes."""
    folder, number = parent / name, 1
    while folder.exists():
        number += 1
        folder = parent / f"{name}-{number}"
    return folder
