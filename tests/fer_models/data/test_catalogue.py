"""The catalogue: every data set is read by its rules, with its labels, and told apart from the others."""

import pytest

from fer_models.data import DATA_SETS, LABEL_RULES, DataError, data_set_of, read_parts
from fer_models.data.catalogue import same_pictures
from tests.support.fer2013_files import write_files
from tests.support.made_up_data import write_class_folders, write_raf_db, write_rafd


@pytest.fixture
def folders(tmp_path, monkeypatch):
    """A made-up folder of every data set, by its title."""
    monkeypatch.setenv("FERSCOPE_CACHE", str(tmp_path / "cache"))
    csv = write_files(tmp_path / "csv")
    return {
        "FERPlus": csv,
        "FER2013": csv,
        "RAF-DB": write_raf_db(tmp_path / "basic"),
        "RaFD": write_rafd(tmp_path / "rafd"),
        "Own pictures": write_class_folders(tmp_path / "own", ("cheering", "frowning"), count=6),
    }


def test_every_data_set_is_recognised_and_read_by_each_of_its_rules(folders):
    assert {row.title for row in DATA_SETS} == folders.keys()
    for row in DATA_SETS:
        row.check(folders[row.title])
        for rule in row.rules:
            assert data_set_of(rule) is row
            parts = read_parts(folders[row.title], rule, any_count=True)
            assert parts.training.label_set == (row.label_set or parts.training.label_set)


def test_no_data_set_is_taken_for_another(folders):
    for row in DATA_SETS:
        for folder in folders.values():
            if folder == folders[row.title] or row.label_set is None:  # any two folders of pictures are classes
                continue
            with pytest.raises(DataError):
                row.check(folder)


def test_rules_and_names_are_told_apart():
    assert len(LABEL_RULES) == len(set(LABEL_RULES)) == sum(len(row.rules) for row in DATA_SETS)
    for what in ("title", "suffix", "how_to_get"):
        assert len({getattr(row, what) for row in DATA_SETS}) == len(DATA_SETS)
    with pytest.raises(ValueError, match=r"A label rule is one of ferplus-majority, .*, not 'majority'"):
        data_set_of("majority")


def test_only_fer2013_and_ferplus_share_their_pictures():
    sharing = {(a, b) for a in LABEL_RULES for b in LABEL_RULES if a != b and same_pictures(a, b)}
    fer2013 = {rule for rule in LABEL_RULES if rule.startswith("fer")}
    assert sharing == {(a, b) for a in fer2013 for b in fer2013 if a != b}
    assert same_pictures("somebody's", "somebody's") and not same_pictures("somebody's", "fer2013")
