"""Tables of files and their classes."""

from __future__ import annotations

from gantool.data.sources.classes import classify
from gantool.data.sources.matching import ImageNames, cells_of_images, find_columns, label_column
from gantool.data.sources.tables import read_table, stylegan_labels
from gantool.errors import GantoolError

_IMAGES = ImageNames([("a", "1.png"), ("a", "2.png"), ("b", "2.png")], 0, ("/", "set"))


def target(data: bytes) -> None:
    """Read bytes as a table, and as StyleGAN's dataset.json."""
    for read in (read_table, stylegan_labels):
        for column in (None, "label"):
            try:
                table = read(data, "t")
                if table is None:
                    continue
                columns = find_columns(table, _IMAGES, "t")
                at, _ = label_column(columns, column, "t")
                found, _ = cells_of_images(table, columns, [at], _IMAGES, "t")
                classify([cells[0] if cells else "" for cells in found], "t")
            except GantoolError as error:
                str(error).encode()


def seeds() -> list[bytes]:
    """The forms that people have."""
    return [
        b"file,label\na/1.png,x\na/2.png,y\nb/2.png,x\n",
        b'\xef\xbb\xbffile;other;label\r\n1;2;"x;""y"\r\nb/2.png;;1.0\r\n',
        "a/1.png\tä\nb\\2.png\tb\n".encode("utf-16"),
        b"3\nSmiling Male\n1.png 1 -1\na/2.png -1  1\n b/2.png 1 1\n",
        b'[{"file": "1.png", "label": 1.0}, {"file": "./set/a/2.png", "label": [0, 1]}]',
        b'{"labels": [["a/1.png", 0], ["a/2.png", null], ["b/2", true]]}',
        b'{"labels": null}',
        b'{"1.png": {"label": "x"}, "/x/b/2.png": {"label": -3, "z": {}}}',
    ]
