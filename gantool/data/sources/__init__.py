"""Where images come from: IDX files, folders, zips and TFRecord files, all behind one protocol."""

from gantool.data.sources.base import ImageSource, NotDownloadedError
from gantool.data.sources.opening import open_source

__all__ = ["ImageSource", "NotDownloadedError", "open_source"]
