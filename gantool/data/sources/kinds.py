"""Which files of a folder or an archive are images, and what is said of the others."""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gantool.data.formats import SUFFIXES, is_image
from gantool.errors import printable

Parts = tuple[str, ...]
"""The folders that lead to a file, and its name. Paths as objects would take ten times as long."""

HEAD = 64
"""Bytes by which the kind of a file is told."""

_IMAGES = frozenset(suffix[1:] for suffix in SUFFIXES)

_OF_OTHERS = """
txt json jsonl csv tsv xml yaml yml html htm css md rst log ini cfg toml url lnk
py pyc ipynb js sh bat exe dll so c cpp h m r java ps1
pdf doc docx odt rtf xls xlsx ods ppt pptx tex bib
mp3 wav flac ogg m4a mp4 m4v mov avi mkv webm wmv mpg mpeg 3gp
zip tar gz tgz bz2 xz zst 7z rar iso part crdownload sha256 md5
npy npz h5 hdf5 mat pkl pickle pt pth ckpt onnx safetensors pb keras
tfrecord tfrecords tfrec parquet arrow feather lmdb mdb db sqlite rec idx bin
svg eps ps ai psd xcf kra exr hdr dds
dng nef nrw cr2 cr3 crw arw srf orf rw2 raf pef srw 3fr iiq x3f
"""
"""The suffixes of files that are something else, whatever their first bytes are: text, programs,
documents, sound and film, archives, arrays and records, pictures that are drawn or edited, and
cameras' raw files, which begin as TIFF does and hold a thumbnail that could be read."""

_OTHERS = frozenset(_OF_OTHERS.split())

OF_SYSTEMS = ("__MACOSX", "Thumbs.db", "desktop.ini")
"""Files and folders that systems make for themselves, beside those that begin with a dot."""

_NAMED = 10
"""Suffixes, and folders, in a line."""

_SUFFIX = re.compile(r"[a-z0-9_]{1,10}")


@dataclass(frozen=True)
class Sorted:
    """The files of a source.

    Attributes:
        images: Sorted by their paths.
        others: By folder, how many files with which suffix (without its dot) are no images; 0 of ""
            for a folder that is empty.
    """

    images: list[Parts]
    others: dict[Parts, Counter[str]]

    def without(self, file: Parts) -> "Sorted":
        """The same without one of the other files."""
        folder, end = file[:-1], _suffix(file[-1])
        counts = self.others.get(folder, Counter())
        if not counts[end]:
            return self
        left = counts - Counter([end])
        others = {**self.others, folder: left}
        return Sorted(self.images, {one: others[one] for one in others if one != folder or left})

    def lost(self) -> list[str]:
        """What is said of each outermost folder without an image."""
        if not self.others:
            return []
        used = {file[:-1] for file in self.images}
        used |= {folder[:depth] for folder in used for depth in range(len(folder))}
        lost: dict[Parts, Counter[str]] = {}
        for folder, counts in self.others.items():
            above = (folder[:depth] for depth in range(1, len(folder) + 1))
            if (outermost := next((one for one in above if one not in used), None)) is not None:
                lost.setdefault(outermost, Counter()).update(counts)
        return [
            f"no image in the folder {printable('/'.join(folder))} ({_listed(counts)})"
            for folder, counts in sorted(lost.items())
        ]

    def notes(self, where: str) -> tuple[str, ...]:
        """Lines on what is left out, and on folders of which nothing is taken."""
        counts: Counter[str] = Counter()
        for other in self.others.values():
            counts.update(other)
        are = "file of another kind is" if counts.total() == 1 else "files of other kinds are"
        told = [f"{counts.total():,} {are} left out ({_listed(counts)})"] if counts.total() else []
        lost = self.lost()
        told += lost[:_NAMED]
        if len(lost) > _NAMED:
            told.append(f"no image in {len(lost) - _NAMED:,} more folders")
        return tuple(f"{where}: {line}" for line in told)


def sort_out(files: Iterable[Parts], peek: Callable[[Parts], bytes]) -> Sorted:
    """Tell images from other files: by their suffixes, and where that says nothing, by `peek`.

    Args:
        files: Hidden ones are not among them. One whose name is empty stands for an empty folder.
        peek: The first `HEAD` bytes of a file; empty where it cannot be read.
    """
    images: list[Parts] = []
    others: dict[Parts, Counter[str]] = {}
    for file in files:
        _, dot, end = file[-1].rpartition(".")
        if dot and end in _IMAGES:
            images.append(file)
            continue
        end = _suffix(file[-1])
        if end in _IMAGES or (file[-1] and end not in _OTHERS and is_image(peek(file))):
            images.append(file)
        else:
            others.setdefault(file[:-1], Counter())[end] += file[-1] != ""
    images.sort()
    return Sorted(images, others)


def _suffix(name: str) -> str:
    _, dot, end = name.rpartition(".")
    return end.lower() if dot else ""


def is_hidden(name: str) -> bool:
    """Whether a file or folder is one that systems make for themselves."""
    return name.startswith(".") or name in OF_SYSTEMS


def _listed(counts: Counter[str]) -> str:
    named: Counter[str] = Counter()
    for end, count in counts.items():
        named[f".{end}" if _SUFFIX.fullmatch(end) else "without a suffix"] += count
    pairs = sorted(named.items(), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{suffix} {count:,}" for suffix, count in pairs[:_NAMED] if count]
    more = f" and {len(pairs) - _NAMED:,} more kinds" if len(pairs) > _NAMED else ""
    return (", ".join(told) or "it is empty") + more
