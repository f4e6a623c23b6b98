"""One entry for every data set: which faces to learn from, choose on and score on, and what each part is called."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fer_models.data import fer2013
from fer_models.data.catalogue import DATA_SETS, CsvFiles, PictureFolder, data_set_of, is_repack, refuse_told
from fer_models.data.faces import DataError, Faces, check_classes, is_zip
from fer_models.data.ferplus import STANDARD_RULE
from fer_models.data.ferplus_folders import is_ferplus_folders, read_ferplus_folders
from fer_models.data.partition import random_partition, repeats
from fer_models.data.pictures import Advance, Listing, read_pictures

#: A ``fer2013.csv`` is taken for a made-up sample when each of its parts has fewer rows than this.
SAMPLE = 1_000

#: The share of all rows that training gets by each partition.
_TRAIN_SHARES: dict[str, float | None] = {"official": None, "random-8:2": 0.8, "random-9:1": 0.9}

_UNDIVIDED = "all pictures"
#: The short name of what a random partition leaves to test on.
RANDOM = "random"
#: What a score on hold_out_tenth's second half is called.
TENTH = "a held-out tenth of the training rows"
_SHORT_NAMES = {
    **{name: part for row in DATA_SETS if row.folder for part, name in row.folder.names.items()},
    _UNDIVIDED: "all",
    TENTH: "tenth",
}


@dataclass(frozen=True)
class Parts:
    """A data set, divided.

    ``names`` says what training, validation and test are called, e.g. ('Training', 'PublicTest', 'PrivateTest');
    ``dataset`` names the whole for a card; ``leaked_rows_left_out`` counts training rows that repeat a picture of
    another part and are not in ``training`` (None: not looked for); ``skipped`` names unreadable pictures left out;
    ``understood`` says of picture files what was taken for what; ``files`` are their paths, by the faces' ``rows``.
    """

    training: Faces
    validation: Faces | None
    test: Faces | None
    names: tuple[str, str | None, str | None]
    dataset: str
    leaked_rows_left_out: int | None
    skipped: tuple[str, ...]
    understood: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Whole:
    """A data set before it is divided.

    ``parts`` (N,) 'train', 'val' or 'test', and ``names`` what these are called; ``leaked`` (N,) bool, training faces
    that repeat one of another part, None where not looked for; ``rows`` says what a random partition draws from.
    """

    faces: Faces
    parts: np.ndarray
    names: dict[str, str]
    dataset: str
    leaked: np.ndarray | None
    rows: str = ""
    skipped: tuple[str, ...] = ()
    understood: str = ""
    files: tuple[str, ...] = ()


def short_name(part: str) -> str:
    """What a part is called in file names and on the command line, e.g. 'test' for 'test (PublicTest + PrivateTest)'.

    ``part`` is one of ``Parts.names``, TENTH, or a score's ``split``; one without a short name is returned as it is.
    """
    return RANDOM if part.startswith(f"{RANDOM} ") else _SHORT_NAMES.get(part, part)


def understood(label_rule: str, folder: Path, labels: Mapping[str, str] | None = None, group: str | None = None) -> str:
    """What a folder, or zip, of the data set of ``label_rule`` is taken to hold; no picture is read.

    ``labels`` and ``group`` as in ``read_parts``.

    Raises DataError as ``read_parts`` does.
    """
    data_set = data_set_of(label_rule)
    if data_set.csv is not None and not reads_pictures(label_rule, folder):
        data_set.check(folder)
        data = read_ferplus_folders(folder) if is_ferplus_folders(folder) else fer2013.read_fer2013(folder)
        usage = data.usage
        counts = {split: int((usage == split).sum()) for split in fer2013.SPLITS}
        shown = ", ".join(f"{split} {count:,}" for split, count in counts.items() if count)
        return f"{data_set.csv.dataset}: {shown}."
    if data_set.folder is None:
        raise DataError(f"fer2013.csv is missing in {folder}; FERPlus's votes go by its rows, not by picture files.")
    return data_set.folder.list_pictures(folder, labels, group).understood()


def reads_pictures(label_rule: str, folder: Path) -> bool:
    """Whether the data set of ``label_rule`` lies in ``folder`` as picture files, which are read at any side."""
    return data_set_of(label_rule).csv is None or is_repack(folder)


def read_parts(
    folder: str | Path,
    label_rule: str = STANDARD_RULE,
    *,
    partition: str = "official",
    keep_leaks: bool = False,
    seed: int = 0,
    skip_bad: bool = False,
    any_count: bool = False,
    side: int | None = None,
    align: bool | None = None,
    labels: Mapping[str, str] | None = None,
    group: str | None = None,
    advance: Advance | None = None,
) -> Parts:
    """Read a data set in its official layout.

    Args:
        folder: of FER2013 (``fer2013.csv``, or train/ and test/ with pictures), RAF-DB or RaFD; for the rule 'folder' a
            folder of class folders, or a zip of one.
        label_rule: one of the catalogue; it decides which data set is read.
        partition: 'official' (RaFD, which has none: every fifth of the people is tested, by number), or paper 001's
            'random-8:2' and 'random-9:1' over all rows, without a validation part.
        keep_leaks: keep training rows whose pixels occur in another part, as the papers did.
        seed: of a random partition.
        skip_bad: leave out pictures that cannot be read; they are named in the result.
        any_count: go on where a part has not its official number of rows, and say so in ``dataset``; else raise. A
            ``fer2013.csv`` whose parts all have fewer than 1,000 rows is taken for made up on purpose.
        side: of the faces of picture files, in pixels; None: 48 for FER2013, 100 for RAF-DB, 112 for others. The card's
            source side must be the same.
        align: find the face in each picture and take its crop; None: for RaFD only.
        labels: for the rule 'folder', what class folders mean where their names do not say it, such as
            {'suprise': 'surprise'}; ``read_labels`` makes it of a text.
        group: for the rule 'folder', a regular expression that finds the person or sequence in a picture's path.
        advance: told how many of how many picture files are read, while they are not read from the cache.

    Raises:
        ValueError: an unknown rule or partition. DataError, a kind of it: files are missing, damaged or not as many as
            they should be, or which rows are leaked cannot be known; the message names the file.
    """
    data_set = data_set_of(label_rule)
    if partition not in _TRAIN_SHARES:
        raise ValueError(f"A partition is one of {', '.join(_TRAIN_SHARES)}, not '{partition}'.")
    folder = Path(folder)
    share = _TRAIN_SHARES[partition]
    find_leaks = share is None and not keep_leaks
    repack = is_repack(folder)
    if repack and data_set.folder is None:
        raise DataError(f"fer2013.csv is missing in {folder}; FERPlus's votes go by its rows, not by picture files.")
    if data_set.csv is not None and not repack:
        if side not in (None, fer2013.SIDE) or align:
            raise ValueError(f"The faces of fer2013.csv are cut out already, {fer2013.SIDE} pixels wide.")
        refuse_told(labels, group, "fer2013.csv")
        whole = _read_csv(folder, data_set.csv, label_rule, find_leaks, any_count)
    else:
        assert data_set.folder is not None
        if is_zip(folder) and not data_set.folder.zips:
            raise DataError(
                f"{folder.name}: only class folders are read from a zip file; unpack it and name the folder."
            )
        listing = data_set.folder.list_pictures(folder, labels, group)
        whole = _read_pictures(
            listing, data_set.folder, label_rule, find_leaks, any_count, skip_bad, side, align, advance
        )
    return _official(whole) if share is None else _random(whole, share, seed, keep_leaks)


def _official(whole: _Whole) -> Parts:
    def part(name: str, kept: np.ndarray | None = None) -> Faces | None:
        chosen = whole.parts == name
        return whole.faces.take(chosen if kept is None else chosen & kept) if chosen.any() else None

    training = part("train", None if whole.leaked is None else ~whole.leaked)
    if training is None or not len(training):
        raise DataError(f"{whole.dataset}: no row is left to train on.")
    left_out = None if whole.leaked is None else int((whole.leaked & (whole.parts == "train")).sum())
    validation, test = part("val"), part("test")
    names = (
        whole.names["train"],
        None if validation is None else whole.names["val"],
        None if test is None else whole.names["test"],
    )
    return Parts(
        training, validation, test, names, whole.dataset, left_out, whole.skipped, whole.understood, whole.files
    )


def _random(whole: _Whole, share: float, seed: int, keep_leaks: bool) -> Parts:
    training, test = random_partition(whole.faces, share, seed)
    left_out = None
    if not keep_leaks:
        leaked = repeats(training.images, test.images)
        training, left_out = training.take(~leaked), int(leaked.sum())
    train_name, test_name = (f"{RANDOM} {round(100 * part)} %{whole.rows} (seed {seed})" for part in (share, 1 - share))
    names = (train_name, None, test_name)
    return _parts(whole, (training, None, test), names, left_out)


def _parts(
    whole: _Whole,
    faces: tuple[Faces, Faces | None, Faces | None],
    names: tuple[str, str | None, str | None],
    left_out: int | None,
) -> Parts:
    return Parts(*faces, names, whole.dataset, left_out, whole.skipped, whole.understood, whole.files)


def _read_csv(folder: Path, csv: CsvFiles, label_rule: str, find_leaks: bool, any_count: bool) -> _Whole:
    folders = is_ferplus_folders(folder)
    data = read_ferplus_folders(folder) if folders else fer2013.read_fer2013(folder)
    counts = {split: int((data.usage == split).sum()) for split in fer2013.SPLITS}
    present = [split for split, count in counts.items() if count]
    sample = max(counts.values()) < SAMPLE
    others = ""
    if folders:  # each label.csv names its pictures, so nothing can be missing; versions of FERPlus differ in number
        others = f" (FERPlus's own folders: {', '.join(f'{split} {counts[split]:,}' for split in present)})"
    elif not sample:
        others = _check_counts(
            folder / "fer2013.csv", {split: counts[split] for split in present}, csv.official, any_count
        )
    leaked = fer2013.leaked_rows(data) if find_leaks else None
    faces = fer2013.label_rows(data, np.arange(len(data.usage)), label_rule)
    usage = data.usage[faces.rows]
    if not sample and not any_count:
        check_classes(
            f"{folder if folders else folder / 'fer2013.csv'}", faces.labels[usage == "Training"], faces.label_set
        )
    parts = np.select([usage == "Training", usage == "PublicTest"], ["train", "val"], "test")
    return _Whole(
        faces,
        parts,
        dict(zip(("train", "val", "test"), fer2013.SPLITS, strict=True)),
        csv.dataset + others,
        None if leaked is None else leaked[faces.rows],
        rows="" if len(present) == 3 else f" of {' + '.join(present)}",
    )


def _read_pictures(
    listing: Listing,
    layout: PictureFolder,
    label_rule: str,
    find_leaks: bool,
    any_count: bool,
    skip_bad: bool,
    side: int | None,
    align: bool | None,
    advance: Advance | None,
) -> _Whole:
    dataset = layout.dataset
    counts = {
        part: len(listing.names) if part is None else int((listing.parts == part).sum()) for part in layout.official
    }
    dataset += _check_counts(listing.files.root, counts, layout.official, any_count)
    found = read_pictures(
        listing,
        label_rule,
        side=side or layout.side,
        align=layout.align if align is None else align,
        skip_bad=skip_bad,
        advance=advance,
    )
    if found.without_face:
        dataset += f" (no face found in {found.without_face:,} of {len(found.faces):,} pictures, taken whole)"
    training = found.parts == "train"
    check_classes(f"{listing.files.root}", found.faces.labels[training], listing.label_set)
    leaked = None
    if find_leaks and not training.all():
        leaked = np.zeros(len(training), dtype=bool)
        leaked[training] = repeats(found.faces.images[training], found.faces.images[~training])
    if listing.told:
        dataset += f" ({listing.renamed})"
    names = dict(layout.names)
    if not layout.official and training.all():
        names["train"] = _UNDIVIDED
    if listing.kept_together and not layout.official:
        dataset += f" ({listing.kept_together}, kept together)"
    return _Whole(
        found.faces,
        found.parts,
        names,
        dataset,
        leaked,
        skipped=found.skipped,
        understood=listing.understood(),
        files=listing.names,
    )


def _check_counts(where: Path, found: Mapping[Any, int], official: Mapping[Any, int], any_count: bool) -> str:
    """What a card says of parts that have not their official number of faces; DataError unless any number will do."""
    others = [
        f"{part or 'all'} {count:,} instead of {official[part]:,}"
        for part, count in found.items()
        if count != official[part]
    ]
    if others and not any_count:
        raise DataError(
            f"{where} has other numbers of faces than are official: {', '.join(others)}. Is the copy whole? Say "
            "`any_count` to go on with it as it is."
        )
    return f" (other numbers of faces than are official: {', '.join(others)})" if others else ""
