"""What is read of a visitor's pictures, and what of it is written for the job."""

import zipfile

import numpy as np
import pytest
from PIL import Image

from fer_models.data import DataError
from fer_models.data.class_folders import list_class_folders
from fer_models.data.picture_files import picture_files
from tests.support.made_up_data import draw, save, write_class_folders
from webapp.views.fine_tune.pictures import MOST_PICTURES, Selection, class_lines, offered_label, read_class_pictures
from webapp.views.fine_tune.recipe import command


def read(folder, most=MOST_PICTURES):
    return read_class_pictures(folder, "mine.zip", most)


def counts_written(selection, folder):
    selection.write(folder)
    listing = list_class_folders(picture_files(folder))
    return {
        label: int((listing.labels == index).sum()) for index, label in enumerate(listing.label_set.labels)
    }, listing


def test_faces_are_found_and_cut_out(tmp_path, astronaut):
    save(astronaut, tmp_path / "happy" / "a.png")
    save(draw(3, 1), tmp_path / "sad" / "b.png")
    found = {picture.label: picture for picture in read(tmp_path).pictures}
    assert found["happiness"].face is not None and found["sadness"].face is None
    assert found["happiness"].size == (512, 512)
    # The crop is the face: eyes at the frame's height, darker than the cheeks below them.
    crop = found["happiness"].crop(True)
    assert crop.ndim == 2 and crop.shape[0] <= 128 and not np.array_equal(crop, found["happiness"].crop(False))
    assert np.array_equal(found["sadness"].crop(True), found["sadness"].whole)


def test_unreadable_pictures_notes_and_odd_names_are_said(tmp_path):
    write_class_folders(tmp_path, ("happy", "suprise"))
    (tmp_path / "happy" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "happy" / "notes.txt").write_text("x")
    found = read(tmp_path)
    assert found.labels == ["happiness", "suprise"] and len(found.pictures) == 6
    assert len(found.unreadable) == 1 and found.unreadable[0].startswith("happy/broken.png: ")
    assert found.ignored == ("happy/notes.txt",)
    assert (offered_label("suprise"), offered_label("happiness"), offered_label("cat")) == ("surprise", None, None)


def test_repeats_are_found_exact_and_near(tmp_path):
    rng = np.random.default_rng(0)
    face = np.kron(rng.integers(0, 255, (6, 6)), np.ones((16, 16))).astype(np.uint8)
    for folder, name, picture in (
        ("happy", "0.png", face),
        ("happy", "1.png", face),
        ("sad", "2.png", np.clip(face * 0.9 + 5, 0, 255).astype(np.uint8)),
        ("sad", "3.png", rng.permutation(face)),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.fromarray(picture).convert("RGB").save(tmp_path / folder / name)
    found = read(tmp_path)
    assert found.repeats == {"happy/1.png": ("happy/0.png", True), "sad/2.png": ("happy/0.png", False)}
    lines = class_lines(Selection(found, {}, frozenset(), True))
    assert [line[:6] for line in lines] == [
        ["Happiness", "2", "0", "0", "1", "0"],
        ["Sadness", "2", "0", "0", "0", "1"],
    ]


def test_what_is_chosen_is_what_the_job_gets(tmp_path):
    write_class_folders(tmp_path / "in", ("happy", "suprise", "cat"), count=4)
    found = read(tmp_path / "in")
    selection = Selection(found, {"suprise": "surprise", "cat": None}, frozenset({"happy/0.png"}), True)
    assert selection.counts == {"happiness": 3, "surprise": 4}
    written, listing = counts_written(selection, tmp_path / "out")
    assert written == {"happiness": 3, "surprise": 4}
    used = [picture.crop(True) for picture, _ in selection.used]
    read_back = [np.array(Image.open(tmp_path / "out" / name)) for name in listing.names]
    assert len(used) == len(read_back) and all(any(np.array_equal(a, b) for b in used) for a in read_back)


def test_parts_and_people_are_kept(tmp_path):
    write_class_folders(tmp_path / "in" / "train", ("happy", "sad"), count=4)
    write_class_folders(tmp_path / "in" / "val", ("happy", "sad"), count=2, first=9)
    (tmp_path / "in" / "train" / "happy" / "ann").mkdir()
    (tmp_path / "in" / "train" / "happy" / "0.png").rename(tmp_path / "in" / "train" / "happy" / "ann" / "0.png")
    (tmp_path / "in" / "train" / "happy" / "1.png").rename(tmp_path / "in" / "train" / "happy" / "ann" / "1.png")
    _, listing = counts_written(Selection(read(tmp_path / "in"), {}, frozenset(), True), tmp_path / "out")
    assert sorted(listing.parts.tolist()) == ["train"] * 8 + ["val"] * 4
    people = [
        person for person, name in zip(listing.people.tolist(), listing.names, strict=True) if "happy" not in name
    ]
    assert len(people) == 12
    same = [number for number in set(people) if people.count(number) == 2]
    assert len(same) == 1


def test_more_pictures_than_a_page_takes_are_refused(tmp_path):
    write_class_folders(tmp_path, ("happy", "sad"))
    with pytest.raises(DataError, match="at most 5"):
        read(tmp_path, most=5)


def test_a_zip_that_leads_out_of_itself_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as archive:
        archive.writestr("../happy/1.png", b"x")
    with pytest.raises(DataError, match="leads out"):
        read(tmp_path / "out.zip")


def test_the_command_says_the_same():
    values = {"checkpoint": "a.b", "train": "last", "epochs": 7, "name": "my own", "seed": 0}
    assert command(values, "my zip.zip", {"suprise": "surprise", "cat": None}) == (
        "ferscope jobs submit a.b --data 'my zip.zip' --train last --epochs 7 --name 'my own' --labels suprise=surprise"
    )
