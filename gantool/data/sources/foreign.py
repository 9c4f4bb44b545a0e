"""Kinds of files that are known and not read: what each is, and the way on."""

from __future__ import annotations

from pathlib import Path

from gantool.errors import InputError

_CHECKPOINT = b"gantool checkpoint\n"

_UNPACK = "unpack it, and name the folder"
_TO_FILES = "save its images as files in a folder for each class, or as .npz or TFRecord"
_PICKLE = (
    "Python objects, which can run code when they are read and never are; save the arrays by"
    " numpy.savez"
)

_BY_HEAD = (
    (_CHECKPOINT, "a checkpoint of gantool: `gantool sample --ckpt` draws from it"),
    (b"PAR1", f"a Parquet file, which is not read: {_TO_FILES}"),
    (b"ARROW1", f"an Arrow file, which is not read: {_TO_FILES}"),
    (
        b"MATLAB ",
        "a .mat file of MATLAB, which is not read: save its array by numpy.save"
        " (scipy.io.loadmat or h5py gives it)",
    ),
    (b"\x0a\x23\xd7\xce", f"a RecordIO file (.rec) of MXNet, which is not read: {_TO_FILES}"),
    (b"7z\xbc\xaf\x27\x1c", f"a 7z archive, which is not read: {_UNPACK}"),
    (b"Rar!\x1a\x07", f"a rar archive, which is not read: {_UNPACK}"),
    (b"BZh", "compressed by bzip2: unpack it (bunzip2)"),
    (b"\xfd7zXZ\0", "compressed by xz: unpack it (unxz)"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd: unpack it (unzstd)"),
    (b"SQLite format 3\0", f"a database of SQLite, which is not read: {_TO_FILES}"),
    (b"%PDF", "a PDF; save its images as files"),
)

_BY_SUFFIX = {
    **dict.fromkeys((".pkl", ".pickle"), _PICKLE),
    **dict.fromkeys((".pt", ".pth", ".ckpt"), f"a file of PyTorch: {_PICKLE}"),
    ".parquet": f"a Parquet file, which is not read: {_TO_FILES}",
    ".mat": "a .mat file of MATLAB, which is not read: save its array by numpy.save",
    ".rec": f"a RecordIO file (.rec) of MXNet, which is not read: {_TO_FILES}",
    ".csv": "a table: for pixels in its columns, save them by numpy.save as [N, H, W]; for a list"
    " of files, name their folder and set data.labels to the table",
    **dict.fromkeys(
        (".mp4", ".mov", ".avi", ".mkv", ".webm"),
        "a film: save its frames as files, as by `ffmpeg -i FILM frames/%06d.png`",
    ),
}


def refuse_foreign(path: Path, head: bytes) -> None:
    """Refuse a file of a kind that is known and not read.

    Args:
        path: Of the file.
        head: How it begins.

    Raises:
        InputError: It is one; says which, and the way on.
    """
    for start, told in _BY_HEAD:
        if head.startswith(start):
            raise InputError(f"{path}: {told}")
    if (told_by_suffix := _BY_SUFFIX.get(path.suffix.lower())) is not None:
        raise InputError(f"{path}: {told_by_suffix}")


def refuse_foreign_folder(folder: Path) -> None:
    """Refuse a folder of a kind that is known and not read; see `refuse_foreign`."""
    if (folder / "data.mdb").is_file():
        raise InputError(f"{folder}: an LMDB, which is not read: {_TO_FILES}")
    if any(folder.glob("data_batch_[0-9]")) and (folder / "batches.meta").is_file():
        raise InputError(
            f"{folder}: CIFAR's Python version, {_PICKLE}; or get the binary version (`gantool"
            " download cifar10`)"
        )
    if any(folder.glob("data-*-of-*.arrow")) or any(folder.glob("*.parquet")):
        raise InputError(
            f"{folder}: a data set of Arrow or Parquet files, which is not read: {_TO_FILES}"
        )
