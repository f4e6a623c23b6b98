"""The cache of decoded faces: used, out of date, damaged, filled by several at once, not writable."""

import os
import subprocess
import sys
import threading
import zlib
from pathlib import Path

import numpy as np
import pytest

from fer_models.data import read_fer2013, read_parts
from fer_models.data.cache import cache_folder
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def data(tmp_path) -> Path:
    return write_files(tmp_path / "data")


def change_unseen(file: Path) -> None:
    """Other contents of the same size and time: only who reads the file itself notices."""
    before = file.stat()
    content = file.read_bytes()
    file.write_bytes(content.replace(b"\n1,", b"\n6,"))
    assert file.stat().st_size == before.st_size and file.read_bytes() != content
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_the_second_read_does_not_parse(data, own_cache):
    first = read_fer2013(data)
    change_unseen(data / "fer2013.csv")
    second = read_fer2013(data)
    assert isinstance(second.faces, np.memmap) and not second.faces.flags.writeable
    for name in ("faces", "emotion", "usage", "votes"):
        np.testing.assert_array_equal(getattr(second, name), getattr(first, name))
    assert second.leaks == {0, 3}
    assert sorted(file.suffix for file in own_cache.iterdir()) == [".npy", ".npz"]


@pytest.mark.parametrize("name", ["fer2013.csv", "fer2013new.csv"])
def test_a_changed_file_is_read_again(data, name, own_cache):
    read_fer2013(data)
    file = data / name
    text = file.read_text().replace("\n1,", "\n6,").replace(",8,0,2,", ",7,0,2,")
    file.write_text(text)
    os.utime(file, ns=(0, file.stat().st_mtime_ns + 1))
    found = read_fer2013(data)
    assert found.emotion[1] == 6 if name == "fer2013.csv" else found.votes[0, 0] == 7
    assert len(list(own_cache.iterdir())) == 2  # the old entry has gone


def test_votes_that_come_later_are_seen(data):
    (data / "fer2013new.csv").rename(data / "aside")
    assert read_fer2013(data).votes is None
    (data / "aside").rename(data / "fer2013new.csv")
    assert read_fer2013(data).votes.shape == (64, 10)


def flip(file: Path, place: int) -> None:
    content = bytearray(file.read_bytes())
    content[place] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize(
    "damage",
    [
        lambda faces, facts: flip(faces, -5),
        lambda faces, facts: flip(faces, 60),  # the header, which tells the shape
        lambda faces, facts: flip(facts, 200),
        lambda faces, facts: faces.write_bytes(faces.read_bytes()[:5_000]),
        lambda faces, facts: faces.write_bytes(b""),
        lambda faces, facts: facts.write_bytes(b"not a zip file"),
        lambda faces, facts: facts.write_bytes(b""),
        lambda faces, facts: facts.unlink(),  # as after a kill between the two
        lambda faces, facts: faces.unlink(),
    ],
)
def test_a_damaged_entry_is_made_anew(data, own_cache, damage):
    first = read_fer2013(data)
    expected = np.array(first.faces)
    whole = {file.name: file.read_bytes() for file in own_cache.iterdir()}
    del first
    damage(next(own_cache.glob("*.npy")), next(own_cache.glob("*.npz")))
    np.testing.assert_array_equal(read_fer2013(data).faces, expected)
    assert {file.name for file in own_cache.iterdir()} == set(whole)
    assert next(own_cache.glob("*.npy")).read_bytes() == whole[next(own_cache.glob("*.npy")).name]
    change_unseen(data / "fer2013.csv")
    assert read_fer2013(data).emotion[1] == 1  # the new entry is used


def test_two_processes_fill_it_at_once(data, own_cache):
    code = (
        "import sys, zlib\n"
        "from fer_models.data import read_fer2013\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "print(*[zlib.crc32(read_fer2013(sys.argv[1]).faces.tobytes()) for _ in range(5)])\n"
    )
    command = [sys.executable, "-c", code, str(data)]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, text=True) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [process.communicate()[0].split() for process in processes]
    expected = str(zlib.crc32(read_fer2013(data).faces.tobytes()))
    assert answers == [[expected] * 5] * 2
    assert sorted(file.suffix for file in own_cache.iterdir()) == [".npy", ".npz"]  # nothing left aside


def test_threads_fill_it_at_once(data):
    found: list[np.ndarray] = []
    start = threading.Barrier(4)

    def read() -> None:
        start.wait()
        found.append(read_fer2013(data).faces)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for faces in found[1:]:
        np.testing.assert_array_equal(faces, found[0])


def test_without_a_place_to_write(data, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "file" / "cache"))
    assert read_fer2013(data).faces.shape == (64, 48, 48)
    assert (tmp_path / "file").read_text() == "in the way"


def test_without_a_home_folder_data_are_read_without_a_cache(data, monkeypatch):
    def no_home(*_args):
        raise RuntimeError("Could not determine home directory.")

    for name in ("FERSCOPE_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pathlib.Path.home", no_home)
    assert read_fer2013(data).faces.shape == (64, 48, 48)
    with pytest.raises(ValueError, match="FERSCOPE_CACHE"):
        cache_folder()


def test_progress_is_told_while_pictures_are_read_and_not_from_the_cache(tmp_path):
    folder = write_class_folders(tmp_path / "pictures", ("happy", "sad"), count=140)
    told: list[tuple[int, int]] = []
    for _ in range(2):
        read_parts(folder, "folder", side=16, advance=lambda *done: told.append(done))
    assert told == [(256, 280), (280, 280)]


def test_options_have_entries_of_their_own(tmp_path, own_cache):
    folder = write_class_folders(tmp_path / "pictures", ("happy", "sad"))
    for _ in range(2):
        for side in (48, 32):
            assert read_parts(folder, "folder", side=side).training.images.shape == (6, side, side)
    assert len(list(own_cache.glob("folder-*.npy"))) == 2


def test_pictures_are_decoded_once_and_again_when_changed(tmp_path):
    folder = write_class_folders(tmp_path / "pictures", ("happy", "sad"))
    first = read_parts(folder, "folder").training
    file = folder / "sad" / "1.png"
    before, content = file.stat(), file.read_bytes()
    file.write_bytes(bytes(len(content)))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    np.testing.assert_array_equal(read_parts(folder, "folder").training.images, first.images)
    file.write_bytes((folder / "happy" / "0.png").read_bytes())
    os.utime(file, ns=(0, before.st_mtime_ns + 1))
    images = read_parts(folder, "folder").training.images
    np.testing.assert_array_equal(images[4], images[0])


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the folder for caches is another one there")
def test_the_user_s_cache_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("FERSCOPE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "ferscope"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "ferscope"
