"""Numbers as files, read again."""

import csv
import io
import json

import numpy as np

from fer_models.export.arrays import csv_text, npz
from fer_models.version import __version__
from tests.support.sheets import FACE, made_up_sheet


def test_every_array_of_an_npz_is_what_it_was_and_the_manifest_says_which_is_which():
    sheet = made_up_sheet()
    stored = np.load(io.BytesIO(npz(sheet)), allow_pickle=False)
    manifest = json.loads(str(stored["manifest"]))
    assert (manifest["title"], manifest["version"]) == (sheet.title, __version__)
    assert len(manifest["maps"]) == 3
    for panel, told in zip(sheet.panels, manifest["maps"], strict=True):
        assert np.array_equal(stored[told["array"]], panel.values) and np.array_equal(stored[told["face"]], FACE)
        assert {name: told[name] for name in panel.facts} == panel.facts
        assert (told["low"], told["high"]) == (panel.low, panel.high)
    (answer,) = manifest["answers"]
    assert dict(zip(answer["labels"], stored[answer["array"]].tolist(), strict=True))["happiness"] == np.float32(0.7)
    assert len(stored.files) == 1 + 3 + 1 + 1  # one face, though three maps lie on it


def test_a_csv_has_every_place_of_every_map():
    sheet = made_up_sheet()
    lines = list(csv.DictReader(io.StringIO(csv_text(sheet))))
    assert len(lines) == sum(panel.values.size for panel in sheet.panels)
    for line in lines:
        panel = sheet.panels[int(line["panel"]) - 1]
        assert np.float32(line["value"]) == panel.values[int(line["row"]), int(line["column"])]
        assert (line["network"], line["picture"], line["layer"]) == (panel.network, panel.picture, panel.layer or "")
