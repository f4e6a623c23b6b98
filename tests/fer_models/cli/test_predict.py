"""`ferscope predict`: folders, patterns, standard input, videos, tables, and a record for each input."""

import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from fer_models.classifier import load_classifier
from fer_models.cli import app
from fer_models.cli.inputs import named
from fer_models.faces import detect_faces
from tests.conftest import make_checkpoint


@pytest.fixture
def run(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("checkpoints")
    make_checkpoint("mobilenetv3_cpsca", folder, "small.test")
    monkeypatch.setenv("FERSCOPE_CHECKPOINTS", str(folder))
    runner = CliRunner()
    return lambda *arguments, **options: runner.invoke(
        app, ["predict", "--checkpoint", "small.test", *map(str, arguments)], **options
    )


@pytest.fixture
def pictures(tmp_path, astronaut) -> Path:
    """A folder of three pictures of a face, one without, and a text."""
    folder = tmp_path / "pictures"
    (folder / "deeper").mkdir(parents=True)
    Image.fromarray(astronaut).save(folder / "a.jpg", quality=95)
    Image.fromarray(astronaut).save(folder / "deeper" / "b.png")
    Image.fromarray(astronaut).convert("L").save(folder / "c.tiff")
    Image.new("RGB", (200, 200), "white").save(folder / "d.png")
    (folder / "notes.txt").write_text("no picture")
    return folder


def records(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_folder_and_a_pattern_are_read_in_order(run, pictures):
    found = records(run("--json", pictures))
    assert [Path(each["picture"]).name for each in found] == ["a.jpg", "c.tiff", "d.png", "b.png"]
    assert ["error" in each for each in found] == [False, False, True, False]
    assert "No face" in found[2]["error"]
    by_pattern = records(run("--json", pictures / "**" / "*.png"))
    assert sorted(Path(each["picture"]).name for each in by_pattern) == ["b.png", "d.png"]
    assert named([str(pictures / "*.gone")]) == [str(pictures / "*.gone")]


def test_every_input_has_a_record_and_an_address_is_refused_by_name(run, pictures, tmp_path):
    given = ["https://example.org/face.jpg", tmp_path / "none.png", pictures / "notes.txt", pictures / "a.jpg"]
    result = run("--json", *given)
    found = records(result)
    assert result.exit_code == 1
    assert [each["picture"] for each in found] == list(map(str, given))
    assert ["error" in each for each in found] == [True, True, True, False]
    assert "nothing is fetched" in found[0]["error"] and "download" in found[0]["error"]


def test_standard_input(run, pictures):
    (found,) = records(run("--json", "-", input=(pictures / "a.jpg").read_bytes()))
    (expected,) = records(run("--json", pictures / "a.jpg"))
    assert found["picture"] == "-"
    assert {**found, "picture": ""} == {**expected, "picture": ""}


def test_answers_are_the_librarys(run, pictures, astronaut, monkeypatch):
    (found,) = records(run("--json", pictures / "deeper" / "b.png"))
    (face,) = detect_faces(astronaut)
    shares = load_classifier("small.test").predict([face.crop])[0]
    assert list(found["probabilities"].values()) == pytest.approx(shares.tolist())
    assert found["box"] == list(face.box)


def test_pictures_that_are_answered_together_keep_their_own_answers(run, tmp_path, astronaut):
    """Ten pictures of one, two or no faces, each darker: as if each had been asked for alone."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(10):
        picture = np.tile(astronaut, (1, (1, 2, 1)[number % 3], 1))
        picture = np.zeros_like(picture) if number == 5 else (picture * (1 - 0.05 * number)).astype(np.uint8)
        Image.fromarray(picture).save(folder / f"{number}.png")
    classifier = load_classifier("small.test")
    expected = []
    for file in sorted(folder.iterdir()):
        faces = detect_faces(np.array(Image.open(file)))
        expected += [(file.name, *classifier.predict([face.crop])[0]) for face in faces] or [(file.name,)]
    found = [
        (Path(each["picture"]).name, *each.get("probabilities", {}).values()) for each in records(run("--json", folder))
    ]
    assert [each[0] for each in found] == [each[0] for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=1e-5)


def test_what_was_done_to_shallow_values_is_said_in_one_line(pictures, astronaut):
    file = pictures / "deep.png"
    cv2.imwrite(str(file), cv2.cvtColor(astronaut, cv2.COLOR_RGB2GRAY).astype(np.uint16) * 16)
    command = [sys.executable, "-c", "from fer_models.cli import main; main()", "predict", "--json", file]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and len(records(result)) == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("ferscope: ") and "12-bit" in line


def test_a_table(run, pictures, tmp_path):
    file = tmp_path / "new" / "table.csv"
    result = run("--json", "--csv", file, pictures)
    lines = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"))))
    for line, record in zip(lines, records(result), strict=True):
        assert line["picture"] == record["picture"] and line["error"] == record.get("error", "")
        if "error" not in record:
            assert line["expression"] == record["expression"]
            assert [int(line[edge]) for edge in ("left", "top", "right", "bottom")] == record["box"]
            assert float(line[record["expression"]]) == record["probabilities"][record["expression"]]


@pytest.fixture
def video(tmp_path, astronaut) -> Path:
    """Two seconds at 10 frames a second: a face that moves, in the second half beside it another that stands."""
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (512, 256))
    face = cv2.resize(astronaut[:256, 100:356], (200, 200))
    for frame in range(20):
        picture = np.full((256, 512, 3), 200, np.uint8)
        picture[20:220, 10 + 2 * frame : 210 + 2 * frame] = face
        if frame >= 10:
            picture[20:220, 300:500] = face
        writer.write(picture[:, :, ::-1])
    writer.release()
    return file


def test_a_video_has_a_line_for_each_face_and_frame_and_faces_keep_their_track(run, video):
    found = records(run("--json", "--every", 0.5, video))
    assert sorted({each["seconds"] for each in found}) == [0, 0.5, 1.0, 1.5]
    tracks = {
        each["seconds"]: {other["track"]: other["box"][0] for other in found if other["seconds"] == each["seconds"]}
        for each in found
    }
    assert [sorted(each) for each in tracks.values()] == [[1], [1], [1, 2], [1, 2]]
    assert all(each[1] < 256 for each in tracks.values()) and tracks[1.5][2] > 256
    assert len(records(run("--json", "--every", 0.2, video))) > len(found)


def test_a_video_without_a_face_or_that_is_none_is_told(run, tmp_path):
    file = tmp_path / "empty.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 64))
    for _ in range(3):
        writer.write(np.zeros((64, 64, 3), np.uint8))
    writer.release()
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    result = run("--json", file, broken)
    assert result.exit_code == 1
    assert [each["error"] for each in records(result)] == [
        "No face was found in any frame of this video.",
        "This file cannot be read as a video.",
    ]


def test_progress_is_shown_where_a_person_waits_for_a_file(pictures, tmp_path):
    """On a terminal: the bar is on standard error, and gone from what is read by others."""
    leader, follower = pty.openpty()
    command = [Path(sys.executable).with_name("ferscope"), "predict", "--json", pictures / "a.jpg", pictures / "c.tiff"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=follower, text=True, check=False)
    seen = os.read(leader, 65536).decode()
    os.close(follower)
    os.close(leader)
    assert result.returncode == 0 and len(result.stdout.splitlines()) == 2
    assert "Reading" in seen and "100%" in seen
