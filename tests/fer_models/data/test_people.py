"""People and sequences by the names of pictures: kept on one side where rows are divided, and said."""

from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from fer_models.data import DataError, hold_out_tenth, read_parts, understood
from fer_models.data.people import PATTERNS, groups_by_name, groups_by_pattern
from tests.support.made_up_data import draw, save


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def frames(tmp_path) -> Path:
    """Like CK+: three frames of each of 12 people for each of two expressions."""
    for label, name in enumerate(("happy", "sad")):
        for person in range(12):
            for frame in range(3):
                file = f"S{person:03d}_00{label + 1}_{frame + 10:08d}.png"
                save(draw(label, 31 * person + frame), tmp_path / "frames" / name / file)
    return tmp_path / "frames"


def people_of(folder: Path, rows: np.ndarray) -> set[str]:
    files = sorted(folder.rglob("*.png"))
    return {files[row].name[:4] for row in rows}


def test_frames_of_one_person_are_on_one_side(frames):
    parts = read_parts(frames, "folder")
    rest, tenth = hold_out_tenth(parts.training)
    held = people_of(frames, tenth.rows)
    assert held and len(tenth) == 6 * len(held) and not held & people_of(frames, rest.rows)
    assert "12 people or sequences by name (as in CK+)" in parts.understood
    assert "12 people or sequences by name (as in CK+), kept together" in parts.dataset


def test_people_who_are_in_several_parts_are_counted(frames):
    for number, file in enumerate(sorted(frames.rglob("*.png"))):
        part = "test" if number % 36 in (5, 6, 7, 8) else "train"  # a frame of person 1, three of person 2
        target = frames.parent / "divided" / part / file.parent.name / file.name
        target.parent.mkdir(parents=True, exist_ok=True)
        file.rename(target)
    assert "12 people or sequences by name (as in CK+), 1 in more than one part" in understood(
        "folder", frames.parent / "divided"
    )


@pytest.mark.parametrize(
    ("way", "names"),
    [
        ("CK+", {"S005": ["S005_001_00000011", "S005_003_00000009"], "S010": ["S010_001_00000001"]}),
        (
            "RaFD",
            {
                "01": ["Rafd090_01_Caucasian_female_angry_frontal", "Rafd045_01_Caucasian_female_sad_left"],
                "02": ["Rafd090_02_Caucasian_male_angry_frontal"],
            },
        ),
        ("KDEF", {"F01": ["AF01ANS", "BF01HAHL"], "M01": ["AM01SUS"]}),
        ("JAFFE", {"KA": ["KA.AN1.39", "KA.HA2.30"], "TM": ["TM.SU3.192"]}),
        ("FACES", {"004": ["004_o_m_a_a", "004_o_m_h_b"], "066": ["066_y_f_n_a"]}),
        ("Roboflow", {"mine-1": ["mine-1_jpg.rf.0a1b2c", "mine-1_jpg.rf.ffee00"], "mine-2": ["mine-2_png.rf.77aa"]}),
        ("frames", {"talk": ["talk_frame_0001", "talk-frame2"], "walk": ["walk frame 1"]}),
        (
            "words",
            {
                "subject03": ["subject03_happy_2", "day2-subject03"],
                "p7": ["p7_0001", "happy p7"],
                "clip-12": ["clip-12.0001"],
            },
        ),
    ],
)
def test_names_as_data_sets_write_them(way, names):
    paths = [f"happy/{stem}.jpg" for stems in names.values() for stem in stems]
    expected = [group.lower() for group, stems in names.items() for _ in stems]
    assert groups_by_name(paths, [0] * len(paths)) == (expected, way)
    assert way in PATTERNS


@pytest.mark.parametrize(
    "stems",
    [
        ["1", "2", "3", "4"],
        ["happy_1", "happy_2", "happy_3", "happy_4"],
        ["IMG_0001", "IMG_0002", "steps10", "maps3"],
        ["s1", "s2", "s3", "s4"],  # all groups of one picture
        ["s1_1", "s1_2", "other", "another", "third"],  # fewer than half
        ["film_frame_1", "film_frame_2", "film_frame_3"],  # one sequence is all there is
    ],
)
def test_names_that_tell_nothing(stems):
    assert groups_by_name([f"happy/{stem}.png" for stem in stems], [0] * len(stems)) is None


def test_a_picture_of_nobody_stands_by_itself(frames):
    save(draw(0, 999), frames / "happy" / "other.png")
    parts = read_parts(frames, "folder")
    assert "12 people or sequences by name (as in CK+), 1 picture of none" in parts.understood
    assert len(set(parts.training.people.tolist())) == 13


def test_a_pattern_of_one_s_own(frames):
    parts = read_parts(frames, "folder", group=r"S\d+_\d+")  # sequences instead of people
    assert len(set(parts.training.people.tolist())) == 24
    assert r"24 people or sequences by the pattern S\d+_\d+, kept together" in parts.dataset
    two = read_parts(frames, "folder", group=r"S\d*(\d)_")  # its first group
    files = [PurePosixPath(file.name) for file in sorted(frames.rglob("*.png"))]
    by_digit = {(str(file)[3], number) for file, number in zip(files, two.training.people.tolist(), strict=True)}
    assert len(by_digit) == 10 == len(set(two.training.people.tolist()))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [("(", r"'\(' is none"), ("xyz", "xyz finds nothing in any"), ("S", "finds the same in every path, 'S'")],
)
def test_patterns_that_cannot_be_meant(frames, pattern, message):
    with pytest.raises(DataError, match=message):
        read_parts(frames, "folder", group=pattern)
    with pytest.raises(DataError, match=message):
        groups_by_pattern(["happy/S1.png", "sad/S1.png"], pattern)
