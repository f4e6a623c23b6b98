"""Where `ferscope reproduce` finds its data: in the same places as the readers, and by every rule a run may have."""

import shutil
from pathlib import Path

import pytest

from fer_models.data import LABEL_RULES, DataError, read_parts
from fer_models.reproduction.datasets import find_data
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import REPACK_CLASSES, write_class_folders


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def repack(tmp_path) -> Path:
    for first, part in ((0, "train"), (3, "test")):
        write_class_folders(tmp_path / "repack" / part, REPACK_CLASSES, count=3, first=first)
    return tmp_path / "repack"


def test_what_is_read_is_found(repack, tmp_path):
    zipped = Path(shutil.make_archive(str(tmp_path / "fer2013"), "zip", repack))
    files = write_files(tmp_path / "files")
    both = Path(shutil.copytree(files, tmp_path / "both"))
    (both / "train").mkdir()
    for place in (repack, zipped, files, both):
        assert len(read_parts(place, "fer2013", any_count=True).training)
        assert find_data("fer2013", [tmp_path, place]) == place
    for place in (repack, zipped):
        with pytest.raises(DataError, match=r"fer2013\.csv is missing"):
            read_parts(place)
        with pytest.raises(DataError, match=r"FERPlus is not at hand \(fer2013\.csv is missing"):
            find_data("ferplus-majority", [place])
    assert find_data("folder", [files, repack]) == repack


def test_what_is_half_a_repack_is_named_when_it_is_read(repack):
    shutil.rmtree(repack / "test")
    assert find_data("fer2013", [repack]) == repack
    with pytest.raises(DataError, match="is not FER2013 in folders"):
        read_parts(repack, "fer2013")


@pytest.mark.parametrize("rule", LABEL_RULES)
def test_data_that_are_not_at_hand_are_named_for_every_rule(rule, tmp_path):
    with pytest.raises(DataError, match=r"is not at hand \(.+\): .*`data`"):
        find_data(rule, [tmp_path])
    with pytest.raises(DataError, match=r"is not at hand: .*`data`"):
        find_data(rule, [])
    if rule.startswith("ferplus"):
        with pytest.raises(DataError, match=r"fer2013new\.csv from github"):
            find_data(rule, [])
