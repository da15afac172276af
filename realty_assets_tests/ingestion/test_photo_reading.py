"""One picture: its format, size, orientation, hash, and every way in which it can be wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from realty_assets.ingestion.photo_names import Reading, looks_like_photo, readings, told_name
from realty_assets.ingestion.photo_reading import Seen, see
from realty_assets_tests.ingestion.pictures import HEIC, bomb, encoded, jpeg, rotated, scene

LIMIT = 10_000_000
WHOLE = {
    "JPEG": jpeg(1),
    "progressive JPEG": jpeg(1, progressive=True),
    "PNG": encoded(scene(1), "PNG"),
    "WEBP": encoded(scene(1), "WEBP"),
    "GIF": encoded(scene(1), "GIF"),
}


def distance(one: Seen, other: Seen) -> int:
    assert one.phash is not None
    assert other.phash is not None
    return (one.phash ^ other.phash).bit_count()


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_picture_is_ok_in_every_format_that_is_read(kind: str) -> None:
    seen = see(WHOLE[kind], LIMIT)
    assert (seen.status, seen.format) == ("ok", kind.rsplit(maxsplit=1)[-1])
    assert (seen.width, seen.height) == (320, 240)
    assert distance(seen, see(WHOLE["PNG"], LIMIT)) <= (16 if kind == "GIF" else 4)
    assert distance(seen, see(jpeg(2), LIMIT)) > 12


@pytest.mark.parametrize("kind", WHOLE)
@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_picture_cut_off_anywhere_is_never_ok(kind: str, share: float) -> None:
    data = WHOLE[kind]
    length = int(share * len(data))
    seen = see(data[:length], LIMIT)
    assert seen.status in ("truncated", "corrupt")
    assert length < 16 or seen.status == "truncated"
    assert seen.detail


@pytest.mark.parametrize("kind", WHOLE)
def test_the_last_bytes_count(kind: str) -> None:
    for lost in range(1, 5):
        assert see(WHOLE[kind][:-lost], LIMIT).status == "truncated", lost


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(WHOLE)),
    harm=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=20),
)
def test_damaged_bytes_never_raise(kind: str, harm: list[tuple[float, int]]) -> None:
    data = bytearray(WHOLE[kind])
    for share, byte in harm:
        data[int(share * len(data))] = byte
    seen = see(bytes(data), LIMIT)
    assert (seen.phash is None) == (seen.status != "ok")
    assert (seen.detail is None) == (seen.status == "ok")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_bytes_that_are_no_picture_never_raise(data: bytes) -> None:
    assert see(data, LIMIT).status in ("corrupt", "unsupported", "truncated")


@pytest.mark.parametrize(
    ("data", "status", "said"),
    [
        (b"", "corrupt", "empty"),
        (b"<html>Sign in to see this photo</html>", "corrupt", "text"),
        (bytes(range(256)), "corrupt", "not those of a picture"),
        (HEIC, "unsupported", "HEIC pictures are not read"),
        (encoded(scene(1), "TIFF"), "unsupported", "TIFF"),
        (encoded(scene(1), "BMP"), "unsupported", "BMP"),
        (bomb(), "too_large", "60,000 x 60,000 pixels"),
        (jpeg(1)[:2000] + bytes(4000), "truncated", "ends too early"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, status: str, said: str) -> None:
    seen = see(data, LIMIT)
    assert seen.status == status
    assert said in str(seen.detail)


def test_the_limit_of_pixels_is_a_setting() -> None:
    assert see(jpeg(1), 320 * 240).status == "ok"
    assert see(jpeg(1), 320 * 240 - 1).status == "too_large"


def test_a_picture_that_says_it_lies_on_its_side_looks_like_the_upright_one() -> None:
    lying, upright = see(rotated(1), LIMIT), see(jpeg(1), LIMIT)
    assert (lying.exif_orientation, upright.exif_orientation) == (6, None)
    assert (lying.width, lying.height) == (240, 320)
    assert distance(lying, upright) <= 2


def test_bytes_after_the_end_and_a_thumbnail_before_it_do_no_harm() -> None:
    exif = Image.Exif()
    exif[0x010F] = "x" * 100 + "\xff\xd9"
    data = encoded(scene(3), "JPEG", exif=exif)
    assert see(data + b"\xff\xda trailer of a phone" + bytes(50), LIMIT).status == "ok"
    assert see(data[: len(data) // 2], LIMIT).status == "truncated"


def test_the_same_picture_smaller_and_worse_is_near_and_others_are_far() -> None:
    seen = [see(jpeg(seed), LIMIT) for seed in range(30)]
    for seed, one in enumerate(seen):
        worse = see(encoded(scene(seed).resize((200, 150)), "JPEG", quality=40), LIMIT)
        assert distance(one, worse) <= 8
    pairs = [distance(a, b) for i, a in enumerate(seen) for b in seen[:i]]
    assert min(pairs) > 8


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("12345_2.jpg", Reading("12345", 2, None)),
        ("12345-12.JPG", Reading("12345", 12, None)),
        ("12345.jpg", Reading("12345", None, None)),
        ("photos/12345/3.jpg", Reading("12345", 3, None)),
        ("100_kitchen.jpg", Reading("100", None, "kitchen")),
        ("HAR-99_7.png", Reading("HAR-99", 7, None)),
    ],
)
def test_a_name_is_read_as_its_pattern_says(name: str, first: Reading) -> None:
    assert readings(name)[0] == first


def test_every_reading_of_a_name_is_kept_once() -> None:
    assert [one.listing_key for one in readings("77/AB-12.jpg")] == ["AB", "AB-12", "77"]
    assert readings("5512/IMG_0042.jpg")[-1] == Reading("5512", 42, None)


def test_folders_that_only_sort_are_no_part_of_the_name() -> None:
    assert told_name("photos/again-2/sub/1.jpg") == "sub/1.jpg"
    assert told_name("photos/1.jpg") == "1.jpg"
    assert told_name("har/1.jpg") == "har/1.jpg"
    assert looks_like_photo("A.JPG")
    assert not looks_like_photo("photos.csv")
