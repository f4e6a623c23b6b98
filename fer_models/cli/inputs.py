"""What `ferscope predict` is given: pictures, folders, patterns, standard input, videos; as views with their faces."""

import glob
import os
import re
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fer_models.cli.pictures import faces_in, picture_files

if TYPE_CHECKING:
    from fer_models.faces import Face

STDIN = "-"
VIDEOS = {".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"}
_ADDRESS = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")
_AHEAD = 4  # pictures that are opened and searched before they are asked for, a processor
_SAME = 0.3  # of two boxes: shared part of their union from which on they are one face's


@dataclass(frozen=True)
class View:
    """A picture, or a video's frame at ``seconds``: its faces, largest first, or the ``error`` why there are none.

    ``tracks``: for each face of a video the number that it keeps from frame to frame.
    """

    name: str
    faces: "Sequence[Face]" = ()
    error: str = ""
    seconds: float | None = None
    tracks: Sequence[int] = ()


def named(given: Iterable[str]) -> list[str]:
    """Files: folders and patterns are replaced by what is in them, sorted; the rest stays as it was given.

    Raises DataError: see data.
    """
    files: list[str] = []
    for name in given:
        if os.path.isdir(name):
            files += map(str, picture_files([Path(name)]))
        elif not os.path.exists(name) and glob.has_magic(name) and (found := sorted(glob.glob(name, recursive=True))):
            files += named(found)
        else:
            files.append(name)
    return files


def one_thread_each() -> None:
    """For the whole process, before `views` of many pictures: threads of OpenCV's and PyTorch's own would get in the
    way of those that search a picture a core; they wait for one another by spinning, which takes half of the time."""
    import cv2
    import torch

    cv2.setNumThreads(1)
    torch.set_num_threads(1)


def views(files: Sequence[str], *, whole: bool, every: float) -> Iterator[View]:
    """Every picture, and every frame of a video with a face, in order; pictures are searched ahead, by all cores."""
    workers = os.cpu_count() or 1
    waiting: deque[tuple[str, Future[View] | None]] = deque()
    left = iter(files)
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                while len(waiting) < _AHEAD * workers and (name := next(left, None)) is not None:
                    video = Path(name).suffix.lower() in VIDEOS and not _ADDRESS.match(name)
                    waiting.append((name, None if video else pool.submit(_picture, name, whole)))
                if not waiting:
                    return
                name, found = waiting.popleft()
                if found is None:
                    yield from _video(name, whole=whole, every=every)
                else:
                    yield found.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _picture(name: str, whole: bool) -> View:
    from fer_models.faces import DetectorError

    if _ADDRESS.match(name):
        return View(name, error="This is an address, and nothing is fetched: download the picture and name the file.")
    try:
        return View(name, faces_in(sys.stdin.buffer if name == STDIN else Path(name), whole=whole))
    except (ValueError, OSError, DetectorError) as error:
        return View(name, error=str(error))


def _video(name: str, *, whole: bool, every: float) -> Iterator[View]:
    """A view for every frame, ``every`` seconds apart, in which there is a face."""
    import cv2

    from fer_models.faces import DetectorError, detect_faces, whole_picture

    video = cv2.VideoCapture(name)
    rate, count, frame, due, seen = video.get(cv2.CAP_PROP_FPS) or 25.0, 0, 0, 0.0, False
    latest: list[tuple[int, Face]] = []
    try:
        while video.isOpened() and video.grab():
            seconds, frame = frame / rate, frame + 1
            if seconds + 1e-9 < due:
                continue
            due += every
            read, pixels = video.retrieve()
            if not read:
                continue
            image = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            faces = [whole_picture(image)] if whole else detect_faces(image)
            tracks, count = _follow(latest, faces, count)
            latest = list(zip(tracks, faces, strict=True))
            if faces:
                seen = True
                yield View(name, faces, seconds=round(seconds, 3), tracks=tracks)
    except DetectorError as error:
        yield View(name, error=str(error))
        return
    finally:
        video.release()
    if not frame:
        yield View(name, error="This file cannot be read as a video.")
    elif not seen:
        yield View(name, error="No face was found in any frame of this video.")


def _follow(latest: "Sequence[tuple[int, Face]]", faces: "Sequence[Face]", count: int) -> tuple[list[int], int]:
    """For each face the number of the one that it overlaps most in the frame before, or a new one; and the highest."""
    tracks: list[int] = []
    for face in faces:
        free = [(_overlap(before.box, face.box), track) for track, before in latest if track not in tracks]
        overlap, track = max(free, default=(0.0, 0))
        if overlap < _SAME:
            track = count = count + 1
        tracks.append(track)
    return tracks, count


def _overlap(a: Sequence[int], b: Sequence[int]) -> float:
    """Intersection over union of two boxes (x0, y0, x1, y1)."""
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    areas = [(x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in (a, b)]
    return shared / (sum(areas) - shared) if shared else 0.0
