"""Where pictures come from: a zip of class folders, or snapshots. The session holds them until they are launched."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

import streamlit as st

import fer_models as fer
from fer_models import jobs
from fer_models.data import DataError
from fer_models.jobs import read_limits
from fer_models.jobs.job import jobs_folder
from fer_models.jobs.uploads import find_pictures
from fer_models.labels import FERPLUS
from fer_models.text import listed
from webapp import keys, state
from webapp.components.words import told
from webapp.views.fine_tune.pictures import MOST_PICTURES, Gathered, Picture, make_picture, read_class_pictures
from webapp.wording import plain

SOURCES = {"zip": "Zip of class folders", "camera": "Teach it your face"}
MOST_UPLOAD_MB = 200
MOST_SNAPSHOTS = 10  # of one expression
MOST_EXPRESSIONS = 8
#: In the session: what was read of a zip, the snapshots, and how many uploads and snapshots were forgotten.
ZIP, SNAPSHOTS, _ROUND = "zip_to_learn", "snapshots_to_learn", "round_to_learn"
_EXPRESSIONS = "expressions_to_learn"
PRIVACY = (
    "Pictures stay in this session's memory until you launch. Then their crops lie in the job's folder on this "
    "machine, for the job alone, and are deleted when it is done."
)


def gather(source: str) -> Gathered | None:
    """Draw what takes pictures in, and return those that are there."""
    return _gather_zip() if source == "zip" else _gather_snapshots()


def forget_pictures() -> None:
    """They are launched, or not wanted any more."""
    for key in (ZIP, SNAPSHOTS):
        st.session_state.pop(key, None)
    st.session_state[_ROUND] = _round() + 1


def take_kept_pictures(job: jobs.Job) -> None:
    """Have a job's crops again, as they are, where they still lie in its folder."""
    place = find_pictures(jobs_folder() / job.id)
    if place is None:
        return
    with suppress(DataError):
        found = read_class_pictures(place, f"crops of {job.spec['name']}", MOST_PICTURES, find_faces=False)
        st.session_state[ZIP] = found
        state.take(keys.PICTURES, "zip")


def _round() -> int:
    return int(st.session_state.get(_ROUND, 0))


# ----------------------------------------------------------------------------------------------------------------- zip


def _gather_zip() -> Gathered | None:
    if (found := st.session_state.get(ZIP)) is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Take other pictures", on_click=forget_pictures)
            st.caption(plain(_read_words(found)))
        return found
    limit = min(MOST_UPLOAD_MB, int(read_limits().megabytes) or 1)
    place = st.empty()
    with place.container():
        file = st.file_uploader(
            f"A zip with one folder of pictures for each expression, at most {limit} MB",
            ["zip"],
            key=f"zip-{_round()}",
            max_upload_size=limit,
        )
        st.caption(
            "For example happy/1.jpg, happy/2.jpg, sad/1.jpg: JPEG, PNG, WebP, AVIF, BMP or TIFF, two pictures or more "
            f"of two expressions or more. {PRIVACY}"
        )
    if file is None:
        return None
    try:
        found = _read_zip(file.name, file.getvalue(), limit)
    except DataError as error:
        st.error(plain(told(error)))
        return None
    st.session_state[ZIP] = found
    place.empty()
    st.rerun()


def _read_zip(name: str, content: bytes, limit: int) -> Gathered:
    """DataError in words that name the zip as its owner does. Nothing stays on disk."""
    title = Path(name).name
    if len(content) > limit * 1_000_000:
        raise DataError(f"{title} takes more than {limit} MB.")
    bar = st.progress(0.0, "Looking at the pictures")
    with tempfile.TemporaryDirectory(prefix="ferscope-") as folder:
        file = Path(folder) / "pictures.zip"
        file.write_bytes(content)
        most = min(MOST_PICTURES, read_limits().pictures)
        try:
            return read_class_pictures(
                file, title, most, tell=lambda share: bar.progress(share, "Looking at the pictures")
            )
        except DataError as error:
            raise DataError(str(error).replace(str(file), title).replace(file.name, title)) from error
        finally:
            bar.empty()


def _read_words(found: Gathered) -> str:
    said = f"{found.title}: {len(found.pictures):,} pictures."
    if found.unreadable:
        more = f" and {len(found.unreadable) - 3:,} more" if len(found.unreadable) > 3 else ""
        said += f" Left out, because they cannot be read: {' '.join(found.unreadable[:3])}{more}"
    if found.ignored:
        more = f" and {len(found.ignored) - 3:,} more" if len(found.ignored) > 3 else ""
        said += f" Ignored: {', '.join(found.ignored[:3])}{more}."
    return said


# ----------------------------------------------------------------------------------------------------------- snapshots


def _gather_snapshots() -> Gathered | None:
    taken: list[Picture] = st.session_state.setdefault(SNAPSHOTS, [])
    wanted = st.pills(
        "Expressions to teach, two or more",
        FERPLUS.labels,
        selection_mode="multi",
        default=["neutral", "happiness"],
        format_func=str.capitalize,
        key=_EXPRESSIONS,
    )
    wanted = [label for label in FERPLUS.labels if label in wanted]
    if len(wanted) < 2:
        st.info("Choose two expressions or more: one alone leaves nothing to tell apart.")
        return _snapshots()
    counts = {label: sum(each.label == label for each in taken) for label in wanted}
    left = [label for label in wanted if counts[label] < MOST_SNAPSHOTS]
    if not left:
        st.success(f"There are {MOST_SNAPSHOTS} snapshots of each expression.")
        return _snapshots()
    shown = st.radio(
        "Which one do you show now?",
        left,
        format_func=str.capitalize,
        horizontal=True,
        key="expression_shown",
    )
    st.caption(f"{counts[shown]} of at most {MOST_SNAPSHOTS} snapshots of it.")
    _take_snapshot(taken, shown)
    return _snapshots()


def _take_snapshot(taken: list[Picture], label: str) -> None:
    camera = st.empty()
    number = f"{_round()}-{len(taken)}"  # another one after each snapshot: the camera is ready at once
    file = camera.camera_input(f"Show {label}, and take a photo", key=f"snapshot-{number}", resolution="720p")
    st.caption(f"Turn your head a little and move between snapshots: five or more of each help. {PRIVACY}")
    if file is None:
        return
    try:
        picture = make_picture(f"{label} {len(taken) + 1}", label, fer.open_image(file.getvalue()))
    except fer.ImageError as error:
        st.error(plain(told(error)))
        return
    if picture.face is None:
        st.error("No face was found in this snapshot. Come closer, or turn to the light, and take another one.")
        return
    taken.append(picture)
    st.rerun()


def _snapshots() -> Gathered | None:
    """Those of expressions that are still wanted."""
    taken: list[Picture] = st.session_state.get(SNAPSHOTS, [])
    wanted = st.session_state.get(_EXPRESSIONS) or []
    kept = tuple(each for each in taken if each.label in wanted)
    if not kept:
        return None
    others = sorted({each.label for each in taken} - set(wanted))
    if others:
        st.caption(f"Not learnt from, since they are not chosen: {plain(listed(others))}.")
    return Gathered("your face", kept)
