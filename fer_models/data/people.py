"""Whose picture it is, or which sequence's: by folders, by names as data sets write them, or by one's own pattern.

Pictures of one group are kept on one side where training rows are divided: frames of one sequence on both sides would
let a network be scored on what it has learnt by heart.
"""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from fer_models.data.faces import DataError

#: How names tell, without their endings: whose way it is, and the pattern whose group is the person or sequence.
PATTERNS = {
    "CK+": r"(S\d{3})_\d{3}_\d{8}",  # S005_001_00000011: person, sequence, frame
    "RaFD": r"Rafd\d{3}_(\d+)_.*",  # Rafd090_01_Caucasian_female_angry_frontal
    "KDEF": r"[AB]([FM]\d{2})(?:AF|AN|DI|HA|NE|SA|SU)(?:S|HL|HR|FL|FR)",  # AF01ANS: series, person, expression, angle
    "JAFFE": r"([A-Z]{2})\.[A-Z]{2}\d\.\d+",  # KA.AN1.39: person, expression
    "FACES": r"(\d{1,3})_[ymo]_[mf]_[adfhns]_[ab]",  # 004_o_m_a_a: person, age, sex, expression, set
    "Roboflow": r"(.+)[._](?:jpe?g|png|bmp|webp)\.rf\.\w+",  # mine_jpg.rf.0a1b2c: copies of one picture
    "frames": r"(.+?)[ _.-]*(?:frame|frm)[ _.-]*\d+",  # interview_frame_0012
    "words": (  # subject03_happy_2, clip12-0001, s1_happy
        r"(?:.*[^a-z0-9])?((?:subject|subj|sub|person|participant|patient|actor|speaker|user|id|sequence|seq|video|vid"
        r"|clip|s|p)[ _-]?\d+)(?![a-z0-9]).*"
    ),
}


def groups_by_name(paths: Sequence[str], labels: Sequence[int]) -> tuple[list[str | None], str] | None:
    """The group of each picture by the way of ``PATTERNS`` that most names follow, and whose way that is.

    None where no way fits half of the names, all groups are of one picture, or all pictures of a class are of one
    group: then nothing could be held out of it.
    """
    stems = [PurePosixPath(path).stem for path in paths]
    best: list[str | None] = []
    way = ""
    for name, pattern in PATTERNS.items():
        found = [match[1].lower() if (match := re.fullmatch(pattern, stem, re.IGNORECASE)) else None for stem in stems]
        if _told(found) > _told(best):
            best, way = found, name
    counts = Counter(filter(None, best))
    if 2 * _told(best) < len(paths) or not counts or max(counts.values()) < 2:
        return None
    # A picture of no group is one of its own.
    by_class = {(label, group or path) for label, group, path in zip(labels, best, paths, strict=True)}
    groups, pictures = Counter(label for label, _ in by_class), Counter(labels)
    return None if any(pictures[label] > 1 == groups[label] for label in pictures) else (best, way)


def groups_by_pattern(paths: Sequence[str], pattern: str) -> list[str | None]:
    """What ``pattern``, a regular expression, finds in each path: its first group, or all of it where it has none.

    Raises DataError when it is none, finds nothing anywhere, or the same in all.
    """
    matches = [check_pattern(pattern).search(path) for path in paths]
    found = [match[1 if match.re.groups else 0] if match else None for match in matches]
    if not any(found):
        raise DataError(f"`group` {pattern} finds nothing in any picture's path, such as {paths[0]}.")
    if len(set(found)) == 1:
        raise DataError(f"`group` {pattern} finds the same in every path, '{found[0]}': nothing could be held out.")
    return found


def check_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern compiled; DataError when it is no regular expression."""
    try:
        return re.compile(pattern)
    except re.error as error:
        raise DataError(f"`group` is a regular expression; '{pattern}' is none: {error}.") from error


def numbered(groups: Sequence[str | None]) -> np.ndarray:
    """(N,) a number for every group; one of its own for each picture of none."""
    known = {name: number for number, name in enumerate(dict.fromkeys(filter(None, groups)))}
    return np.array([len(known) + place if not name else known[name] for place, name in enumerate(groups)])


def in_words(groups: Sequence[str | None], parts: Sequence[str], how: str) -> str:
    """How many groups there are and ``how`` that is known, pictures of none, and groups that lie in several parts."""
    of_parts = {(group, part) for group, part in zip(groups, parts, strict=True) if group}
    counts = Counter(group for group, _ in of_parts)
    across = sum(count > 1 for count in counts.values())
    alone = len(groups) - _told(groups)
    return (
        f"{len(counts):,} people or sequences by {how}"
        + (f", {alone:,} picture{'s' if alone > 1 else ''} of none" if alone else "")
        + (f", {across:,} in more than one part" if across else "")
    )


def _told(groups: Sequence[str | None]) -> int:
    return sum(bool(group) for group in groups)
