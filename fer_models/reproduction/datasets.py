"""Where the data sets of the papers' tables are, and where to get them."""

from collections.abc import Sequence
from pathlib import Path

from fer_models.data import DataError
from fer_models.data.class_folders import list_class_folders
from fer_models.data.ferplus import RULES
from fer_models.data.parts import is_repack
from fer_models.data.picture_files import picture_files
from fer_models.data.raf_db import list_raf_db
from fer_models.data.rafd import list_rafd
from fer_models.reproduction.table import DATASETS

#: Data sets that are given only to those who sign an agreement.
NEEDS_AGREEMENT = ("RAF-DB", "RaFD")

_FER2013 = (
    "fer2013.csv comes from Kaggle ('Challenges in Representation Learning: Facial Expression Recognition Challenge')"
)
HOW_TO_GET = {
    "FER2013": f"{_FER2013}. Put it into a folder, with leaks.csv if PrivateTest is not at hand, and name that by "
    "--data.",
    "FERPlus": f"{_FER2013}, fer2013new.csv from github.com/microsoft/FERPlus. Put both into one folder, with "
    "leaks.csv if PrivateTest is not at hand, and name it by --data.",
    "RAF-DB": "it is given to research groups that agree to its terms, on request: http://whdeng.cn/RAF/model1.html. "
    "Unpack EmoLabel/list_patition_label.txt and Image/aligned, and name the folder that holds both by --data.",
    "RaFD": "it is given to researchers at universities who agree to its terms, on request: https://rafd.socsci.ru.nl. "
    "Put its pictures (Rafd090_01_Caucasian_female_angry_frontal.jpg ...) into a folder, and name it by --data.",
}


def find_data(label_rule: str, folders: Sequence[Path]) -> Path:
    """The first of ``folders`` that holds the data set which ``label_rule`` labels.

    Raises DataError: none does; the message says why the first does not, and where to get the data set.
    """
    reason = ""
    for folder in folders:
        try:
            _look(label_rule, folder)
            return folder
        except DataError as error:
            reason = reason or f" ({str(error).rstrip('.')})"
    # A recorded run may go by a rule that no table has: another one of FERPlus's, or the names of one's own folders.
    dataset = "FERPlus" if label_rule in RULES else DATASETS.get(label_rule, "The folder of one's own pictures")
    raise DataError(f"{dataset} is not at hand{reason}: {HOW_TO_GET.get(dataset, 'name it by --data.')}")


def has_data(label_rule: str, folders: Sequence[Path]) -> bool:
    try:
        find_data(label_rule, folders)
    except DataError:
        return False
    return True


def _look(label_rule: str, folder: Path) -> None:
    """DataError when ``folder`` does not look like that data set; whether it is whole shows when it is read."""
    if label_rule == "raf-db":
        list_raf_db(folder)
    elif label_rule == "rafd":
        list_rafd(folder)
    elif label_rule == "folder":
        list_class_folders(picture_files(folder))
    else:
        needed = ["fer2013.csv"] if label_rule == "fer2013" else ["fer2013.csv", "fer2013new.csv"]
        repack = label_rule == "fer2013" and is_repack(folder)
        for name in needed:
            if not repack and not (folder / name).is_file():
                raise DataError(f"{name} is missing in {folder}.")
