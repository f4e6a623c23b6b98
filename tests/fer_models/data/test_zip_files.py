"""Zips of class folders: read where they lie; those that nobody packs who means well are refused."""

import lzma
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from fer_models.data import DataError, data_folder, picture_files, read_parts
from tests.support.made_up_data import write_class_folders


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_class_folders(tmp_path / "mine", ("surprised", "Happy", "sad"))


def test_a_zip_is_read_as_its_folder(folder, tmp_path):
    (folder / ".hidden").write_text("x")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "._0.png").write_bytes(b"x")
    file = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path, "mine"))
    before = set(tmp_path.rglob("*"))
    assert data_folder(file) == file
    zipped, plain = read_parts(file, "folder"), read_parts(folder, "folder")
    np.testing.assert_array_equal(zipped.training.images, plain.training.images)
    np.testing.assert_array_equal(zipped.training.labels, plain.training.labels)
    assert zipped.names == plain.names
    written = {path for path in tmp_path.rglob("*") if path not in before}
    assert all(tmp_path / "cache" in (path, *path.parents) for path in written)  # nothing unpacked
    read_parts(file, "folder")  # from the cache


def make_zip(file: Path, members: dict[str, bytes | str | None]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            if content is None:
                info.external_attr = 0o120777 << 16  # a symbolic link
            archive.writestr(info, content or b"", zipfile.ZIP_DEFLATED)
    return file


def test_a_zip_may_spell_its_paths_from_the_current_folder(folder, tmp_path):
    members = {f"./{file.relative_to(folder)}": file.read_bytes() for file in sorted(folder.rglob("*.png"))}
    file = make_zip(tmp_path / "dotted.zip", {"./": "", "./Happy/": "", **members})
    zipped, plain = read_parts(file, "folder"), read_parts(folder, "folder")
    assert zipped.skipped == () and zipped.training.label_set.labels == plain.training.label_set.labels
    np.testing.assert_array_equal(zipped.training.images, plain.training.images)
    np.testing.assert_array_equal(zipped.training.labels, plain.training.labels)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("../happy/1.png", b"x", r"holds the path '\.\./happy/1\.png', which leads out of it"),
        ("happy/../../1.png", b"x", "leads out of it"),
        ("/happy/1.png", b"x", "leads out of it"),
        ("C:/happy/1.png", b"x", "leads out of it"),
        ("happy\\..\\1.png", b"x", "leads out of it"),
        ("happy/link.png", None, r"holds a link, 'happy/link\.png'"),
    ],
)
def test_a_zip_that_leads_out_of_itself(tmp_path, name, content, message):
    picture = (write_class_folders(tmp_path / "set", ("happy",), count=1) / "happy/0.png").read_bytes()
    file = make_zip(tmp_path / "bad.zip", {"happy/0.png": picture, "sad/0.png": picture, name: content})
    with pytest.raises(DataError, match=message):
        read_parts(file, "folder")


def test_a_zip_that_unpacks_to_too_much(tmp_path, monkeypatch):
    bomb = make_zip(tmp_path / "bomb.zip", {"happy/0.png": bytes(21 * 1024**2), "sad/0.png": bytes(21 * 1024**2)})
    assert bomb.stat().st_size < 100_000
    with pytest.raises(DataError, match=r"holds happy/0\.png, which would unpack to 22,020,096 bytes"):
        read_parts(bomb, "folder")
    monkeypatch.setattr(picture_files, "MAX_ZIP_BYTES", 40 * 1024**2)
    with pytest.raises(DataError, match="would unpack to more than"):
        read_parts(bomb, "folder")
    monkeypatch.setattr(picture_files, "MAX_ZIP_FILES", 1)
    with pytest.raises(DataError, match="holds 2 files; at most 1"):
        read_parts(bomb, "folder")


def test_a_picture_that_is_too_large_is_not_unpacked_to_its_end(tmp_path):
    large = np.random.default_rng(0).bytes(21 * 1024**2)  # cannot be packed, so no bomb
    with pytest.raises(DataError, match=r"happy/0\.png: This file is larger than 20 MB"):
        read_parts(make_zip(tmp_path / "large.zip", {"happy/0.png": large, "sad/0.png": large}), "folder")


def test_a_picture_that_packs_well_is_no_bomb(tmp_path):
    plain = cv2.imencode(".bmp", np.full((500, 600, 3), 90, np.uint8))[1].tobytes()
    file = make_zip(tmp_path / "plain.zip", {"happy/0.bmp": plain, "sad/0.bmp": plain})
    assert file.stat().st_size < len(plain) / 100
    assert len(read_parts(file, "folder").training) == 2


def test_a_damaged_zip(folder, tmp_path):
    file = Path(shutil.make_archive(str(tmp_path / "set"), "zip", tmp_path, "mine"))
    whole = file.read_bytes()
    with zipfile.ZipFile(file) as archive:
        info = archive.getinfo("mine/sad/1.png")
    middle = info.header_offset + 30 + len(info.filename) + info.compress_size // 2
    file.write_bytes(whole[:middle] + bytes(20) + whole[middle + 20 :])
    with pytest.raises(DataError, match=r"mine/sad/1\.png: This picture is damaged"):
        read_parts(file, "folder")
    assert len(read_parts(file, "folder", skip_bad=True).training) == 8
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"set\.zip is not a zip file that can be read"):
        read_parts(file, "folder")
    with pytest.raises(DataError, match=r"no file .*none\.zip"):
        read_parts(tmp_path / "none.zip", "folder")
    for rule in ("raf-db", "rafd"):
        with pytest.raises(DataError, match="only class folders are read from a zip"):
            read_parts(file, rule)


def test_a_zip_whose_lzma_is_damaged(folder, tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_LZMA) as archive:
        for picture in sorted(folder.rglob("*.png")):
            archive.write(picture, picture.relative_to(folder))
        damaged = archive.getinfo("sad/1.png")
    whole = (tmp_path / "set.zip").read_bytes()
    start = damaged.header_offset + 30 + len(damaged.filename) + 9  # behind the header and LZMA's own properties
    (tmp_path / "set.zip").write_bytes(whole[:start] + b"\xff" * 20 + whole[start + 20 :])
    with zipfile.ZipFile(tmp_path / "set.zip") as archive, pytest.raises(lzma.LZMAError):
        archive.read("sad/1.png")
    with pytest.raises(DataError, match=r"sad/1\.png: This picture is damaged"):
        read_parts(tmp_path / "set.zip", "folder")
    assert len(read_parts(tmp_path / "set.zip", "folder", skip_bad=True).training) == 8


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_zip_with_two_files_of_one_name(tmp_path):
    with zipfile.ZipFile(tmp_path / "twice.zip", "w") as archive:
        for name in ("happy/0.png", "sad/0.png", "sad/0.png"):
            archive.writestr(name, b"x")
    with pytest.raises(DataError, match="two files of the same name"):
        read_parts(tmp_path / "twice.zip", "folder")


@pytest.fixture
def packed(folder, tmp_path) -> Path:
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for picture in sorted(folder.rglob("*.png")):
            archive.write(picture, picture.relative_to(folder))
    return tmp_path / "set.zip"


def change_directory(file: Path, place: int, form: str, change: Callable[[int, int], int]) -> None:
    """Change one field, ``place`` bytes into it, of every entry of a zip's directory: change(old, number of entry)."""
    content = bytearray(file.read_bytes())
    at, number = content.find(b"PK\1\2"), 0
    while at >= 0:
        (old,) = struct.unpack_from(form, content, at + place)
        struct.pack_into(form, content, at + place, change(old, number))
        at, number = content.find(b"PK\1\2", at + 4), number + 1
    assert number == 9
    file.write_bytes(content)


def test_a_zip_whose_files_share_their_bytes(packed):
    whole = packed.read_bytes()
    assert len(read_parts(packed, "folder").training) == 9
    change_directory(packed, 42, "<I", lambda start, number: 0)  # nine files, one header and one content
    with pytest.raises(DataError, match="whose bytes are another file's too"):
        read_parts(packed, "folder")
    packed.write_bytes(whole)
    reaches_on = [(20, 100), (24, 100)]  # the first file's sizes, packed and unpacked: it holds the second one's header
    for place, more in reaches_on:
        change_directory(packed, place, "<I", lambda size, number, more=more: size + more * (number == 0))
    with pytest.raises(DataError, match=r"holds Happy/0\.png, whose bytes are another file's too"):
        read_parts(packed, "folder")
    packed.write_bytes(whole)
    for place, more in reaches_on:  # the last one reaches into the directory
        change_directory(packed, place, "<I", lambda size, number, more=more: size + more * (number == 8))
    with pytest.raises(DataError, match=r"holds surprised/2\.png, whose bytes are another file's too"):
        read_parts(packed, "folder")


def test_a_zip_whose_list_of_files_is_too_long_is_refused_before_it_is_read(packed, monkeypatch):
    whole = packed.read_bytes()
    monkeypatch.setattr(picture_files, "MAX_ZIP_DIRECTORY", len(whole) - whole.index(b"PK\1\2"))
    assert len(read_parts(packed, "folder").training) == 9
    monkeypatch.setattr(picture_files, "MAX_ZIP_DIRECTORY", 100)
    with pytest.raises(DataError, match="the list of its files is longer than"):
        read_parts(packed, "folder")


def test_a_locked_zip(packed):
    change_directory(packed, 8, "<H", lambda flags, number: flags | (number == 4))
    with pytest.raises(DataError, match="locked by a password"):
        read_parts(packed, "folder")


@pytest.mark.parametrize("name", ["happy/more.zip", "more.TAR.GZ", "happy/a.7z"])
def test_a_zip_with_an_archive_in_it(folder, tmp_path, name):
    picture = (folder / "sad" / "0.png").read_bytes()
    file = make_zip(tmp_path / "nested.zip", {"happy/0.png": picture, "sad/0.png": picture, name: b"x"})
    with pytest.raises(DataError, match=f"holds another archive, {name}"):
        read_parts(file, "folder")


@pytest.mark.parametrize("names", [("sad/a.png", "sad/A.PNG"), ("sad/straße.png", "sad/STRASSE.png")])
def test_a_zip_whose_names_differ_by_case_only(folder, tmp_path, names):
    picture = (folder / "sad" / "0.png").read_bytes()
    file = make_zip(tmp_path / "case.zip", {"happy/0.png": picture, **dict.fromkeys(names, picture)})
    with pytest.raises(DataError, match="differ by case only"):
        read_parts(file, "folder")


def test_what_file_managers_leave_in_a_zip_is_ignored(folder, tmp_path):
    picture = (folder / "sad" / "0.png").read_bytes()
    junk = ("__MACOSX/happy/._0.png", ".DS_Store", "happy/.DS_Store", "sad/Thumbs.db", "__MACOSX/sad/._a.zip")
    file = make_zip(tmp_path / "junk.zip", {"happy/0.png": picture, "sad/0.png": picture, **dict.fromkeys(junk, b"x")})
    parts = read_parts(file, "folder")
    assert len(parts.training) == 2 and "ignored" not in parts.understood
