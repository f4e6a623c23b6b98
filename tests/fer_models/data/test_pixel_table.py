"""Tables of faces as Kaggle's copies of FER2013 have them, and how other tables are refused."""

import numpy as np
import pytest

from fer_models.data.faces import DataError
from fer_models.data.pixel_table import find_pixel_table, read_pixel_table

FACES = np.random.default_rng(3).integers(0, 256, (3, 16, 16), dtype=np.uint8)


def pixels(number: int) -> str:
    return " ".join(map(str, FACES[number].ravel()))


def test_columns_go_by_name_and_usage_may_be_missing(tmp_path):
    for head, rows, parts in (
        ("emotion, Usage, pixels", ["3, Training, {}", "0, PublicTest, {}", "6, PublicTest, {}"], ["Training"]),
        ("pixels,emotion", ["{},happy", "{},Anger", "{},neutral"], [""]),
    ):
        file = tmp_path / "faces.csv"
        file.write_text("\n".join([head, *(row.format(pixels(number)) for number, row in enumerate(rows))]))
        found = read_pixel_table(file)
        assert np.array_equal(found.faces, FACES)
        assert found.names.tolist() == ["happiness", "anger", "neutral"]
        assert found.parts.tolist()[:1] == parts


def test_a_table_that_was_read_before_is_read_anew_once_it_has_changed(tmp_path):
    file = tmp_path / "faces.csv"
    file.write_text(f"emotion,pixels\n3,{pixels(0)}\n")
    assert [read_pixel_table(file).names.tolist() for _ in range(2)] == [["happiness"]] * 2
    file.write_text(f"emotion,pixels\n3,{pixels(0)}\n0,{pixels(1)}\n")
    assert read_pixel_table(file).names.tolist() == ["happiness", "anger"]
    assert np.array_equal(read_pixel_table(file).faces, FACES[:2])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("emotion,pixels\n7,{}\n", "line 2: emotion '7'"),
        ("emotion,pixels\nbored,{}\n", "line 2: emotion 'bored'"),
        ("emotion,pixels\n1,{}\n1,1 2 3\n", "line 3: .* not these 3"),
        ("emotion,pixels\n1,{}\n1,1 2 3 4\n", "line 3: 2 pixels wide, but 16 in the lines before"),
        ("emotion,pixels\n1,1 2 3 400\n", "line 2: .* 0 to 255"),
        ("emotion,pixels\n1,\n", "line 2"),
        ("emotion,pixels\n1,a b c d\n", "line 2"),
        ("emotion,pixels\n", "faces.csv is empty"),
        ("label,pixels\n1,{}\n", "line 1: no column emotion"),
    ],
)
def test_the_line_that_is_wrong_is_named(tmp_path, rows, message):
    file = tmp_path / "faces.csv"
    file.write_text(rows.format(pixels(0)))
    with pytest.raises(DataError, match=message):
        read_pixel_table(file)


def test_a_folders_only_table_is_found_by_its_columns(tmp_path):
    (tmp_path / "people.csv").write_text("name,age\n")
    (tmp_path / "broken.csv").write_bytes(b"\xff\xfe\x00")
    assert find_pixel_table(tmp_path) is None
    table = tmp_path / "icml_face_data.csv"
    table.write_text("emotion, Usage, pixels\n")
    assert find_pixel_table(tmp_path) == find_pixel_table(table) == table
    (tmp_path / "train.csv").write_text("emotion,pixels\n")
    with pytest.raises(DataError, match=r"several tables: icml_face_data\.csv, train\.csv"):
        find_pixel_table(tmp_path)
