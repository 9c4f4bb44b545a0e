from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest

from gantool.data import records
from gantool.data.conversion.tasks import Task, convert_task


@pytest.mark.slow
def test_a_record_that_nobody_would_read_back_is_not_written(encode):
    """An image whose size is right stays as it is, with all that hangs on to it."""
    plain = encode(np.full((8, 8), 3, np.uint8))
    body = b"prVt" + bytes(records.MAX_BYTES)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    large = plain[:33] + chunk + plain[33:]
    done = convert_task(Task([plain, large, plain], None, (8, 8), None))
    assert done.records == 2
    [(place, reason)] = done.skipped
    assert place == 1
    size = len(records.encode_example(large))
    assert reason == f"its record would have {size:,} bytes, more than the 67,108,864 allowed"
