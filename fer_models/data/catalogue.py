"""Every data set, one row each: what it is called, its labels and rights, how it is got, recognised and read.

A recipe names no data set but a label rule, which belongs to one: ``data_set_of`` finds it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from fer_models.data import fer2013, ferplus, raf_db, rafd
from fer_models.data.class_folders import list_class_folders, list_repack
from fer_models.data.faces import DataError, is_zip
from fer_models.data.ferplus_folders import is_ferplus_folders
from fer_models.data.picture_files import picture_files
from fer_models.data.pictures import Listing
from fer_models.labels import FER2013, FERPLUS, RAF_DB, RAFD, LabelSet


@dataclass(frozen=True)
class CsvFiles:
    """A data set as FER2013's official ``files``; ``official`` counts the rows of each part.

    ``dataset`` is what a card calls it.
    """

    files: tuple[str, ...]
    dataset: str
    official: Mapping[str, int]


@dataclass(frozen=True)
class PictureFolder:
    """A data set as picture files.

    ``listing`` finds the pictures of a folder; ``names`` are what its parts are called, ``dataset`` what a card calls
    the whole; ``official`` counts the pictures of each part, or under None of all; ``side`` of the faces in pixels
    where no other is asked for; ``align``: find the face in each picture unless told otherwise; ``zips`` are read too;
    ``told``: folders' names are labels, and ``listing`` also takes what else they mean.
    """

    listing: Callable[..., Listing]
    names: Mapping[str, str]
    dataset: str
    official: Mapping[str | None, int]
    side: int
    align: bool = False
    zips: bool = False
    told: bool = False

    def list_pictures(self, place: Path, labels: Mapping[str, str] | None = None, group: str | None = None) -> Listing:
        """The pictures in ``place``; ``labels`` and ``group`` as in ``read_parts``. DataError as there."""
        if self.told:
            return self.listing(place, labels, group)
        refuse_told(labels, group, self.dataset)
        return self.listing(place)


@dataclass(frozen=True, eq=False)  # a row is itself
class DataSet:
    """A row of the catalogue.

    ``title`` as people call it; ``suffix`` of its checkpoints' names, NETWORK.SUFFIX; ``rules`` by which its faces are
    labelled, each with what it is to a person; ``label_set`` is None where folders name the labels; ``pictures`` tells
    which data sets share theirs; ``rights`` goes on cards; ``how_to_get`` ends a sentence on what is missing;
    ``needs_agreement``: it is given only to those who sign one. FERPlus comes as ``csv``, FER2013 also as ``folder``,
    as the others do.
    """

    title: str
    suffix: str
    rules: Mapping[str, str]
    label_set: LabelSet | None
    pictures: str
    rights: str
    how_to_get: str
    needs_agreement: bool = False
    csv: CsvFiles | None = None
    folder: PictureFolder | None = None

    def check(self, place: Path) -> None:
        """DataError when the folder (or zip) ``place`` does not look like it; whether it is whole shows when read."""
        if self.csv is None:
            assert self.folder is not None  # it is one or the other
            self.folder.list_pictures(place)
        elif self.folder is None or not is_repack(place):
            for name in () if self.folder is None and is_ferplus_folders(place) else self.csv.files:
                if not (place / name).is_file():
                    raise DataError(f"{name} is missing in {place}.")


def refuse_told(labels: Mapping[str, str] | None, group: str | None, dataset: str) -> None:
    """DataError when ``labels`` or a ``group`` are told of a ``dataset`` that tells these itself."""
    for name, told in (("labels", labels), ("group", group)):
        if told:
            raise DataError(f"`{name}` is for class folders of one's own (label rule folder), not for {dataset}.")


def is_repack(folder: Path) -> bool:
    """Whether a folder, or zip, is taken for FER2013 as folders of pictures rather than for its official files."""
    has_parts = (folder / "train").is_dir() or (folder / "test").is_dir()
    return is_zip(folder) or (has_parts and not (folder / "fer2013.csv").exists())


_FER2013_RIGHTS = (
    "Pictures: FER2013, collected from the web for research; the rights to them are unresolved, and none of them is "
    "distributed here."
)
_OURS = "Weights: Apache-2.0, as far as they are ours."
_RESEARCH = "which its agreement gives to non-commercial research; read it before you pass these weights on."
_FER2013_FILE = (
    "fer2013.csv comes from Kaggle ('Challenges in Representation Learning: Facial Expression Recognition Challenge')"
)
_CSV_ROWS = {"Training": 28_709, "PublicTest": 3_589, "PrivateTest": 3_589}
#: What the parts of picture files are called where they have no names of their own.
_PARTS = {"train": "train", "val": "val", "test": "test"}

DATA_SETS = (
    DataSet(
        title="FERPlus",
        suffix="ferplus",
        rules={name: rule.words for name, rule in ferplus.RULES.items()},
        label_set=FERPLUS,
        pictures="FER2013",
        rights=f"{_OURS} Labels: FERPlus, MIT. {_FER2013_RIGHTS}",
        how_to_get=f"{_FER2013_FILE}, fer2013new.csv from github.com/microsoft/FERPlus. Put both into one folder, with "
        "leaks.csv if PrivateTest is not at hand.",
        csv=CsvFiles(("fer2013.csv", "fer2013new.csv"), "FER2013 pictures, FERPlus votes", _CSV_ROWS),
    ),
    DataSet(
        title="FER2013",
        suffix="fer2013",
        rules={"fer2013": "FER2013's own"},
        label_set=FER2013,
        pictures="FER2013",
        rights=f"{_OURS} Labels and pictures come from FER2013. {_FER2013_RIGHTS}",
        how_to_get=f"{_FER2013_FILE}. Put it into a folder, with leaks.csv if PrivateTest is not at hand.",
        csv=CsvFiles(("fer2013.csv",), "FER2013", _CSV_ROWS),
        folder=PictureFolder(
            listing=lambda folder: list_repack(picture_files(folder)),
            names={"train": "train", "test": "test (PublicTest + PrivateTest)"},
            dataset="FER2013 (image-folder repack)",
            official={"train": 28_709, "test": 7_178},
            side=fer2013.SIDE,
            zips=True,
        ),
    ),
    DataSet(
        title="RAF-DB",
        suffix="raf-db",
        rules={"raf-db": "RAF-DB's own"},
        label_set=RAF_DB,
        pictures="RAF-DB",
        rights=f"Pictures and labels: RAF-DB, {_RESEARCH}",
        how_to_get="it is given to research groups that agree to its terms, on request: "
        "http://whdeng.cn/RAF/model1.html. Unpack EmoLabel/list_patition_label.txt and Image/aligned into "
        "one folder.",
        needs_agreement=True,
        folder=PictureFolder(
            listing=raf_db.list_raf_db,
            names=_PARTS,
            dataset="RAF-DB",
            official={"train": 12_271, "test": 3_068},
            side=raf_db.SIDE,
        ),
    ),
    DataSet(
        title="RaFD",
        suffix="rafd",
        rules={"rafd": "what RaFD's people were asked to show"},
        label_set=RAFD,
        pictures="RaFD",
        rights=f"Pictures and labels: RaFD, {_RESEARCH}",
        how_to_get="it is given to researchers at universities who agree to its terms, on request: "
        "https://rafd.socsci.ru.nl. Put its pictures (Rafd090_01_Caucasian_female_angry_frontal.jpg ...) into a "
        "folder.",
        needs_agreement=True,
        folder=PictureFolder(
            listing=rafd.list_rafd,
            names={"train": "four fifths of the people", "test": "a fifth of the people, none of them in training"},
            dataset="RaFD",
            official={None: rafd.PEOPLE * len(RAFD) * len(rafd.GAZES) * len(rafd.ANGLES)},
            side=rafd.SIDE,
            align=True,
        ),
    ),
    DataSet(
        title="Own pictures",
        suffix="own",
        rules={"folder": "the names of the pictures' folders"},
        label_set=None,
        pictures="own",
        rights="Pictures and labels: the trainer's own; their rights decide what may be done with the weights.",
        how_to_get="put the pictures of each expression into a folder of its name, and all these into one.",
        folder=PictureFolder(
            listing=lambda folder, labels, group: list_class_folders(picture_files(folder), labels, group),
            names=_PARTS,
            dataset="own pictures in class folders",
            official={},
            side=112,
            zips=True,
            told=True,
        ),
    ),
)
_BY_RULE = {rule: data_set for data_set in DATA_SETS for rule in data_set.rules}
LABEL_RULES = tuple(_BY_RULE)


def data_set_of(label_rule: str) -> DataSet:
    """The data set that a label rule belongs to; ValueError naming the rules when there is none such."""
    if label_rule not in _BY_RULE:
        raise ValueError(f"A label rule is one of {', '.join(LABEL_RULES)}, not '{label_rule}'.")
    return _BY_RULE[label_rule]


def same_pictures(rule: str, other: str) -> bool:
    """Whether two label rules, known or not, label the same pictures."""
    known = _BY_RULE.get(rule), _BY_RULE.get(other)
    return rule == other or (None not in known and len({one.pictures for one in known if one}) == 1)
