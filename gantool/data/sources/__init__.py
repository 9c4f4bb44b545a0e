"""Where images come from: IDX files, folders, zips and TFRecord files, all behind one protocol."""

from gantool.data.sources.base import ImageSource, NotDownloadedError
from gantool.data.sources.opening import open_images, open_source
from gantool.data.sources.points import PointSource

__all__ = ["ImageSource", "NotDownloadedError", "PointSource", "open_images", "open_source"]
