from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import zipfile
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from gantool.data import records
from gantool.data.conversion import manifest
from gantool.data.conversion.convert import Conversion
from gantool.data.conversion.folder import ConversionFolder
from gantool.data.conversion.manifest import ClassCount, Skipped
from gantool.data.conversion.tasks import convert_task
from gantool.data.fitting import Fit, prepare
from gantool.data.loading import load_images
from gantool.data.sources import open_source
from gantool.data.workers import Workers
from gantool.errors import InputError


@pytest.fixture
def faces(tmp_path, encode):
    """A folder of 40 JPEG files of 32×24, in the class folders ann (15) and bob (25)."""
    random = np.random.default_rng(3)
    for number in range(40):
        path = tmp_path / "faces" / ("ann" if number < 15 else "bob") / f"{number:03}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        patches = Image.fromarray(random.integers(0, 256, (4, 3, 3), np.uint8))
        path.write_bytes(
            encode(patches.resize((24, 32), Image.Resampling.BICUBIC), "JPEG", quality=95)
        )
    return tmp_path / "faces"


@pytest.fixture
def emoji_zip(tmp_path, real_data):
    """A zip of 20 emoji."""
    path = tmp_path / "emoji.zip"
    with (
        zipfile.ZipFile(real_data / "emoji/noto-emoji-136x128.zip") as whole,
        zipfile.ZipFile(path, "w") as few,
    ):
        for name in sorted(name for name in whole.namelist() if name.endswith(".png"))[::196]:
            few.writestr(name, whole.read(name))
    return path


def run(source, dest, *, size=(16, 16), crop=None, labels=None, shards=4, strict=False, stop=None):
    """Convert; gives the manifest and the progress."""
    folder = ConversionFolder(dest)
    conversion = Conversion(str(source), size, crop, labels, shards)
    with Workers(convert_task, at_most=2) as workers:
        progress = list(conversion.run(folder, workers, strict, stop or (lambda: False)))
    return folder.complete(), progress


def run_until(shards, source, dest, **keys):
    """Convert until so many shards are finished, and leave it there as a signal does."""
    folder = ConversionFolder(dest)
    conversion = Conversion(str(source), (16, 16), None, None, 4, **keys)
    with Workers(convert_task) as workers:
        running = conversion.run(folder, workers, False, lambda: False)
        while next(running).shards < shards:
            pass
        running.close()


def content(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_every_image_is_there_in_order_with_its_label(faces, tmp_path, data):
    whole, _ = run(faces, tmp_path / "set")
    source = open_source(data(faces, labels=True), None)
    converted = open_source(data(tmp_path / "set", labels=True), None)
    assert len(converted) == 40
    assert converted.labels.tolist() == source.labels.tolist() == [0] * 15 + [1] * 25
    for number in range(40):
        image = converted.image(number)
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (16, 16))
        expected = prepare(source.image(number), Fit((16, 16))).astype(int)
        assert np.abs(np.asarray(image, int) - expected).mean() < 4
    assert whole.classes == (ClassCount(name="ann", records=15), ClassCount(name="bob", records=25))
    assert sorted(content(tmp_path / "set")) == [
        *(f"images-0000{number}-of-00004.tfrecord" for number in range(4)),
        "manifest.json",
    ]


def test_the_manifest_tells_what_is_there(faces, tmp_path):
    run(faces, tmp_path / "set", size=(16, 8), crop=(30, 20), shards=3)
    told = json.loads((tmp_path / "set" / "manifest.json").read_text())
    shards = told.pop("shards")
    assert told == {
        "format": 1,
        "source": {"name": "faces", "images": 40, "classes": ["ann", "bob"]},
        "settings": {"size": [16, 8], "crop": [30, 20], "labels": True, "shards": 3},
        "records": 40,
        "classes": [{"name": "ann", "records": 15}, {"name": "bob", "records": 25}],
        "skipped": [],
    }
    assert [shard["records"] for shard in shards] == [13, 13, 14]
    for number, shard in enumerate(shards):
        path = tmp_path / "set" / f"images-0000{number}-of-00003.tfrecord"
        assert shard["file"] == path.name
        assert shard["bytes"] == path.stat().st_size
        assert len(records.index(path)) == shard["records"]
    assert manifest.differences(tmp_path / "set", manifest.read(tmp_path / "set")) == []


def test_a_set_is_not_larger_than_its_source(faces, tmp_path):
    whole, _ = run(faces, tmp_path / "set", size=(30, 22), crop=(30, 22))
    source = sum(path.stat().st_size for path in faces.rglob("*.jpg"))
    assert sum(shard.bytes for shard in whole.shards) <= source


def test_images_of_the_right_size_keep_their_bytes(faces, tmp_path, data):
    run(faces, tmp_path / "set", size=(32, 24))
    converted = open_source(data(tmp_path / "set"), None)
    originals = [path.read_bytes() for path in sorted(faces.rglob("*.jpg"))]
    assert [converted.encoded(number) for number in range(40)] == originals


@pytest.mark.parametrize("labels", [None, False, True])
def test_labels_are_kept_if_there_are_any_or_as_asked(faces, tmp_path, labels):
    whole, _ = run(faces, tmp_path / "set", labels=labels, shards=1)
    assert whole.settings.labels == (labels is not False)
    path = tmp_path / "set" / whole.shards[0].file
    [start, length] = records.index(path)[20].tolist()
    found = records.decode_example(records.OpenFile(path).read(start, length))
    assert found.get("label") == (None if labels is False else ("int64", [1]))


def test_one_folder_is_no_class(faces, tmp_path):
    shutil.rmtree(faces / "bob")
    assert not run(faces, tmp_path / "a", shards=1)[0].settings.labels
    with pytest.raises(InputError, match="all 15 images lie in one folder, ann"):
        run(faces, tmp_path / "b", shards=1, labels=True)


def test_labels_that_are_not_there(faces, tmp_path):
    (faces / "bob" / "015.jpg").rename(faces / "015.jpg")
    with pytest.raises(InputError, match=r"1 of 40 images lie in no class folder \(015\.jpg"):
        run(faces, tmp_path / "set", labels=True)
    assert not (tmp_path / "set").exists()


@pytest.mark.slow
def test_a_zip_gives_the_shards_of_its_folder(faces, tmp_path):
    with zipfile.ZipFile(tmp_path / "faces.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in faces.rglob("*.jpg"):
            archive.write(path, path.relative_to(faces))
    (from_zip, _), (from_folder, _) = (
        run(tmp_path / "faces.zip", tmp_path / "a"),
        run(faces, tmp_path / "b"),
    )
    assert from_zip.shards == from_folder.shards
    assert from_zip.source.name == "faces.zip"


def test_images_of_an_idx_file(tmp_path, write_idx, data):
    pixels = np.random.default_rng(4).integers(0, 256, (5, 8, 8), np.uint8)
    write_idx(tmp_path / "train-images-idx3-ubyte.gz", pixels)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([2, 1, 3, 1, 0]))
    run(tmp_path / "train-images-idx3-ubyte.gz", tmp_path / "set", size=(8, 8), shards=2)
    converted = open_source(data(tmp_path / "set", labels=True), None)
    assert converted.labels.tolist() == [2, 1, 3, 1, 0]
    for number in range(5):
        assert np.array_equal(converted.image(number), pixels[number])


@pytest.mark.slow
def test_a_converted_set_is_a_source_too(faces, tmp_path, data):
    run(faces, tmp_path / "large", size=(32, 24))
    run(tmp_path / "large", tmp_path / "small", size=(16, 16), shards=2)
    run(faces, tmp_path / "direct", shards=2)
    again = open_source(data(tmp_path / "small", labels=True), None)
    direct = open_source(data(tmp_path / "direct", labels=True), None)
    assert again.labels.tolist() == direct.labels.tolist()
    assert all(again.encoded(number) == direct.encoded(number) for number in range(40))


@pytest.mark.slow
def test_the_bytes_do_not_depend_on_cores_or_place(faces, tmp_path, monkeypatch):
    run(faces, tmp_path / "a")
    shutil.copytree(faces, tmp_path / "elsewhere" / "faces")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    monkeypatch.chdir(tmp_path / "elsewhere")
    run("faces", tmp_path / "b")
    assert content(tmp_path / "a") == content(tmp_path / "b")


@pytest.mark.slow
def test_the_number_of_shards_follows_from_the_number_of_images(tmp_path, write_idx):
    for count, shards in ((2048, 1), (2049, 2)):
        path = write_idx(tmp_path / f"{count}-images-idx3-ubyte", np.zeros((count, 2, 2)))
        whole, _ = run(path, tmp_path / str(count), size=(2, 2), shards=None)
        assert len(whole.shards) == shards


def test_more_shards_than_images(faces, tmp_path):
    with pytest.raises(InputError) as caught:
        run(faces, tmp_path / "set", shards=41)
    assert str(caught.value) == f"{faces}: 41 shards for 40 images; make fewer shards"


# Images that cannot be used.


@pytest.fixture
def broken(faces):
    path = faces / "ann" / "003.jpg"
    path.write_bytes(path.read_bytes()[:300])
    (faces / "bob" / "020.jpg").write_bytes(b"")
    return faces


TRUNCATED = Skipped(number=3, image="ann/003.jpg", reason="the image is truncated")
EMPTY = Skipped(number=20, image="bob/020.jpg", reason="the file is empty")


def test_broken_images_are_skipped_and_listed(broken, tmp_path, data):
    whole, _ = run(broken, tmp_path / "set")
    assert whole.skipped == (TRUNCATED, EMPTY)
    assert whole.records == 38
    assert [shard.records for shard in whole.shards] == [9, 10, 9, 10]
    assert [(one.name, one.records) for one in whole.classes] == [("ann", 14), ("bob", 24)]
    converted = open_source(data(tmp_path / "set", labels=True), None)
    assert converted.labels.tolist() == [0] * 14 + [1] * 24


@pytest.mark.slow
def test_strict_ends_at_the_first_and_nothing_gets_a_final_name(broken, tmp_path):
    with pytest.raises(InputError) as caught:
        run(broken, tmp_path / "set", strict=True)
    assert str(caught.value) == (
        f"{broken}/ann/003.jpg: the image is truncated; repair or remove it, or convert without"
        " --strict, which skips it"
    )
    assert [path.name for path in (tmp_path / "set").iterdir()] == ["unfinished"]
    assert list((tmp_path / "set").rglob("*.tfrecord")) == []
    # Also where an earlier run has skipped it.
    run_until(1, broken, tmp_path / "set")
    with pytest.raises(InputError, match=r"003\.jpg: the image is truncated; repair"):
        run(broken, tmp_path / "set", strict=True)
    run(broken, tmp_path / "set")
    with pytest.raises(InputError, match=r"003\.jpg: the image is truncated; repair"):
        run(broken, tmp_path / "set", strict=True)


def test_a_crop_larger_than_some_images(faces, tmp_path, plain):
    (faces / "ann" / "004.png").write_bytes(plain(9))
    whole, _ = run(faces, tmp_path / "set", crop=(20, 20))
    assert [one.reason for one in whole.skipped] == [
        "a crop of 20×20 (height×width) is larger than the image, 4×4; make the crop smaller or"
        " leave it out"
    ]


def test_no_image_that_can_be_used(faces, tmp_path):
    with pytest.raises(InputError) as caught:
        run(faces, tmp_path / "set", crop=(33, 24))
    assert str(caught.value) == (
        f"{faces}: none of the 40 images can be used; the first: ann/000.jpg: a crop of 33×24"
        " (height×width) is larger than the image, 32×24; make the crop smaller or leave it out"
    )
    assert not (tmp_path / "set").exists()


# Going on.


@pytest.mark.slow
def test_finished_shards_are_kept_and_the_rest_is_done(broken, tmp_path):
    run(broken, tmp_path / "whole")
    run_until(2, broken, tmp_path / "set")
    unfinished = tmp_path / "set" / "unfinished"
    kept = [unfinished / f"images-0000{number}-of-00004.tfrecord" for number in range(2)]
    assert sorted(unfinished.glob("*.tfrecord")) == kept
    stamps = [path.stat().st_mtime_ns for path in kept]
    (unfinished / ".images-00002-of-00004.tfrecord.x.gantool-tmp").write_bytes(b"half")
    whole, progress = run(broken, tmp_path / "set")
    assert content(tmp_path / "set") == content(tmp_path / "whole")
    assert [(tmp_path / "set" / path.name).stat().st_mtime_ns for path in kept] == stamps
    assert (progress[0].images, progress[0].shards, progress[0].converted) == (30, 2, 10)
    assert (progress[-1].images, progress[-1].shards, progress[-1].converted) == (40, 4, 20)
    assert whole.skipped == (TRUNCATED, EMPTY)


@pytest.mark.slow
def test_a_finished_shard_that_was_damaged_since_is_made_again(broken, tmp_path):
    run(broken, tmp_path / "whole")
    run_until(3, broken, tmp_path / "set")
    path = tmp_path / "set" / "unfinished" / "images-00000-of-00004.tfrecord"
    damaged = bytearray(path.read_bytes())
    damaged[100] ^= 1
    path.write_bytes(damaged)
    _, progress = run(broken, tmp_path / "set")
    assert content(tmp_path / "set") == content(tmp_path / "whole")
    assert progress[-1].converted == 20


@pytest.mark.slow
def test_a_run_that_was_killed_while_its_shards_moved_up_goes_on(faces, tmp_path, monkeypatch):
    run(faces, tmp_path / "whole")

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ConversionFolder, "publish", killed)
        with pytest.raises(KeyboardInterrupt):
            run(faces, tmp_path / "set")
    name = "images-00001-of-00004.tfrecord"
    (tmp_path / "set" / "unfinished" / name).rename(tmp_path / "set" / name)
    _, progress = run(faces, tmp_path / "set")
    assert progress == []
    assert content(tmp_path / "set") == content(tmp_path / "whole")


@pytest.mark.slow
def test_stopping_keeps_finished_shards(faces, tmp_path):
    # More shards than may be begun between two questions whether to stop.
    stops = iter([False, False, True])
    whole, _ = run(faces, tmp_path / "set", shards=40, stop=lambda: next(stops))
    assert whole is None
    assert list((tmp_path / "set").rglob("*.gantool-tmp")) == []
    run(faces, tmp_path / "set", shards=40)
    run(faces, tmp_path / "whole", shards=40)
    assert content(tmp_path / "set") == content(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("finished", [True, False])
def test_other_settings_or_another_source_are_refused(faces, tmp_path, finished):
    dest = tmp_path / "set"
    run_until(1, faces, dest)
    if finished:
        run(faces, dest)
    before = {path: path.stat().st_mtime_ns for path in dest.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as caught:
        run(faces, dest, size=(16, 8), crop=(20, 20))
    assert str(caught.value) == (
        f"{dest}: holds a conversion with other settings (--size 16x16 --labels --shards 4; not"
        " --size 16x8 --crop 20x20 --labels --shards 4); name another folder, or remove this one"
    )
    # The same number, names and sizes, and an image of a finished shard differs.
    path = faces / "ann" / "002.jpg"
    original = path.read_bytes()
    path.write_bytes(original[:-10] + bytes(8) + original[-2:])
    with pytest.raises(InputError) as caught:
        run(faces, dest)
    other = (
        f"{dest}: holds a conversion of another source than {faces}, or of what it was before it"
        " changed; name another folder, or remove this one"
    )
    assert str(caught.value) == other
    path.unlink()
    with pytest.raises(InputError) as caught:
        run(faces, dest)
    assert str(caught.value) == other
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_other_labels_are_another_source(tmp_path, write_idx):
    path = write_idx(tmp_path / "train-images-idx3-ubyte", np.zeros((5, 8, 8)))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([0, 1, 0, 1, 1]))
    run(path, tmp_path / "set", size=(8, 8))
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([0, 1, 1, 0, 1]))
    with pytest.raises(InputError, match="holds a conversion of another source"):
        run(path, tmp_path / "set", size=(8, 8))


def test_a_finished_set_is_proven_and_left_alone(faces, tmp_path):
    run(faces, tmp_path / "set")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").iterdir()}
    whole, progress = run(faces, tmp_path / "set")
    assert (whole.records, progress) == (40, [])
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "set").iterdir()}
    path = tmp_path / "set" / "images-00003-of-00004.tfrecord"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError) as caught:
        run(faces, tmp_path / "set")
    assert str(caught.value) == (
        f"{path}: has {size - 1:,} bytes, not {size:,}\n"
        f"remove the folder {tmp_path / 'set'} and convert again"
    )


# The folder.


def test_a_folder_with_something_else_is_refused(faces, tmp_path):
    dest = tmp_path / "set"
    dest.mkdir()
    (dest / "notes.txt").touch()
    with pytest.raises(InputError) as caught:
        run(faces, dest)
    assert (
        str(caught.value) == f"{dest}: holds something else (notes.txt, for one); name a new folder"
    )
    assert [path.name for path in dest.iterdir()] == ["notes.txt"]
    with pytest.raises(InputError) as caught:
        ConversionFolder(dest / "notes.txt")
    assert str(caught.value) == f"{dest}/notes.txt: a file; name a new folder"
    (dest / "manifest.json").write_text('{"format": 2}')
    with pytest.raises(InputError, match=r"manifest\.json: not the manifest of a converted set"):
        run(faces, dest)


def test_transparency_is_kept_from_a_source_to_a_recipe(emoji_zip, tmp_path, data):
    run(emoji_zip, tmp_path / "set", size=(32, 32), shards=1)
    kept, plain = (
        load_images(open_source(section, None), section)
        for section in (
            data(source, size=(32, 32), channels=4) for source in (tmp_path / "set", emoji_zip)
        )
    )
    assert kept.pixels.shape == (20, 32, 32, 4)
    assert (kept.pixels[..., 3].min(), kept.pixels[..., 3].max()) == (0, 255)
    # Conversion may make colours fewer, so that no file grows.
    difference = np.abs(kept.pixels.astype(int) - plain.pixels)
    seen = difference[..., :3] * (plain.pixels[..., 3:] / 255)
    assert difference[..., 3].mean() < 2
    assert seen.mean() < 2


def test_an_empty_folder_is_filled(faces, tmp_path):
    (tmp_path / "set").mkdir()
    assert run(faces, tmp_path / "set")[0].records == 40


def test_two_conversions_into_one_folder(faces, tmp_path):
    dest = tmp_path / "set"
    conversion = Conversion(str(faces), (16, 16), None, None, 4)
    with Workers(convert_task) as workers:
        running = conversion.run(ConversionFolder(dest), workers, False, lambda: False)
        next(running)
        with pytest.raises(InputError) as caught:
            run(faces, dest)
        assert str(caught.value) == (
            f"{dest}: another conversion writes into it; wait for its end, or name another folder"
        )
        assert len(list(running)) > 0
    assert run(faces, dest)[1] == []


def test_a_file_system_without_locks(faces, tmp_path, monkeypatch):
    def flock(_handle, _operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    assert run(faces, tmp_path / "set")[0].records == 40


def test_a_lock_outlives_no_conversion(faces, tmp_path):
    run_until(2, faces, tmp_path / "set")
    assert "lock" not in content(tmp_path / "set" / "unfinished")


def test_a_folder_that_is_removed_while_its_lock_is_taken(faces, tmp_path, monkeypatch):
    """By another conversion that finishes: the folder is made anew."""
    taken = []

    def flock(_handle, _operation):
        if not taken:
            shutil.rmtree(tmp_path / "set")
        taken.append(True)

    monkeypatch.setattr(fcntl, "flock", flock)
    assert run(faces, tmp_path / "set")[0].records == 40
    assert len(taken) == 2


def test_a_folder_that_cannot_be_written(faces, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError) as caught:
        run(faces, tmp_path / "file" / "set")
    assert str(caught.value) == (
        f"cannot write into {tmp_path}/file/set: Not a directory; name another folder"
    )


def test_damage_to_a_shard_is_told_by_shard_and_record(faces, tmp_path, data):
    run(faces, tmp_path / "set")
    path = tmp_path / "set" / "images-00002-of-00004.tfrecord"
    content = bytearray(path.read_bytes())
    [start, length] = records.index(path)[7].tolist()
    content[start + length // 2] ^= 1
    path.write_bytes(content)
    source = open_source(data(tmp_path / "set"), None)
    with pytest.raises(InputError) as caught:
        source.image(27)
    assert (
        str(caught.value) == f"{path}, record 7: the record is damaged: its checksum does not fit"
    )
    path.write_bytes(content[: start + 5])
    with pytest.raises(InputError) as caught:
        open_source(data(tmp_path / "set"), None)
    assert str(caught.value) == f"{path}: the file is cut off in record 7; copy it again"


@pytest.mark.slow
def test_damaged_records_of_a_source(faces, tmp_path):
    run(faces, tmp_path / "set", size=(32, 24))
    path = tmp_path / "set" / "images-00001-of-00004.tfrecord"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    where, reason = f"{path}, record 9", "the record is damaged: its checksum does not fit"
    with pytest.raises(InputError) as caught:
        run(tmp_path / "set", tmp_path / "again")
    assert str(caught.value) == (
        f"{where}: {reason}; without labels, --no-labels, it can be skipped"
    )
    whole, _ = run(tmp_path / "set", tmp_path / "again", labels=False)
    assert whole.skipped == (Skipped(number=19, image=f"{path.name}, record 9", reason=reason),)
    assert whole.records == 39


def test_memory_is_bounded_by_the_size_of_a_task():
    from gantool.data.conversion.tasks import split

    assert [len(piece) for piece in split(range(5, 75), (64, 64))] == [32, 32, 6]
    assert [len(piece) for piece in split(range(3), (1024, 1024))] == [1, 1, 1]
    assert next(split(range(9), (512, 512))) == range(4)


@pytest.mark.slow
def test_emoji_become_smaller_and_stay_transparent(real_data, tmp_path, data):
    names = zipfile.ZipFile(real_data / "emoji" / "noto-emoji-136x128.zip")
    with names, zipfile.ZipFile(tmp_path / "some.zip", "w") as some:
        chosen = [name for name in sorted(names.namelist()) if name.endswith(".png")][::40]
        for name in chosen:
            some.writestr(name, names.read(name))
        source = sum(names.getinfo(name).file_size for name in chosen)
    whole, _ = run(tmp_path / "some.zip", tmp_path / "set", size=(64, 64), shards=2)
    assert sum(shard.bytes for shard in whole.shards) < 0.85 * source
    converted = open_source(data(tmp_path / "set"), None)
    for number in range(len(converted)):
        image = Image.open(BytesIO(converted.encoded(number)))
        assert (image.format, image.size, image.has_transparency_data) == ("PNG", (64, 64), True)
