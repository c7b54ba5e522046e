# SPDX-License-Identifier: Apache-2.0
"""A folder of PNG files, one sub-folder per class."""

import numpy as np
import pytest
from PIL import Image

from golden.data import CLASSES, DataError, load_handwriting
from golden.data.png_folder import LABEL_OF_FOLDER, read_png, read_png_folder


@pytest.fixture
def glyph(letters) -> np.ndarray:
    return letters.images[0]


@pytest.fixture
def put(tmp_path, glyph):
    """Save an image as `me/<name>` and return the folder `me`."""

    def save(name: str, pixels: np.ndarray | None = None, mode: str | None = None):
        path = tmp_path / "me" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(glyph if pixels is None else pixels)
        (image.convert(mode) if mode else image).save(path)
        return tmp_path / "me"

    return save


@pytest.mark.parametrize(
    ("folder", "character"),
    [
        ("7", "7"),
        ("A", "A"),
        ("a", "a"),
        ("upper_A", "A"),
        ("lower_a", "a"),
        ("label_10", "A"),
        ("label_61", "z"),
    ],
)
def test_sub_folder_names(put, folder, character):
    assert CLASSES[read_png_folder(put(f"{folder}/1.png")).labels[0]] == character


def test_every_class_has_a_name_that_survives_a_case_insensitive_file_system():
    for label in range(62):
        safe = {name.lower() for name, value in LABEL_OF_FOLDER.items() if value == label and len(name) > 1}
        others = {name.lower() for name, value in LABEL_OF_FOLDER.items() if value != label}
        assert safe - others


@pytest.mark.parametrize("folder", ["AB", "upper_a", "lower_A", "upper_7", "label_62", "label_-1", "label_07", "ä"])
def test_other_names_are_refused(put, folder):
    with pytest.raises(DataError, match=f"'{folder}' names no class"):
        read_png_folder(put(f"{folder}/1.png"))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P"])
def test_pixel_modes_give_the_same_image(put, glyph, mode):
    folder = put("7/1.png", mode=mode)
    np.testing.assert_array_equal(read_png_folder(folder).images[0], glyph)


def test_sixteen_bit_and_one_bit(put, glyph):
    deep = put("7/1.png", glyph.astype(np.uint16) * 256 + 77)
    np.testing.assert_array_equal(read_png(deep / "7/1.png"), glyph)
    put("7/2.png", (glyph > 127).astype(bool))
    np.testing.assert_array_equal(read_png(deep / "7/2.png"), np.where(glyph > 127, 255, 0))


def test_invert_and_transparent_background(put, glyph):
    np.testing.assert_array_equal(read_png_folder(put("7/1.png", 255 - glyph), invert=True).images[0], glyph)
    # Ink only in the alpha channel, the hidden colour of the background is arbitrary.
    drawn = np.full((28, 28, 4), 255, np.uint8)
    drawn[..., 3] = glyph
    np.testing.assert_allclose(read_png(put("7/2.png", drawn) / "7/2.png"), glyph, atol=1)
    drawn[..., :3] = 0  # black ink on a transparent sheet
    np.testing.assert_allclose(read_png(put("7/3.png", drawn) / "7/3.png", invert=True), glyph, atol=1)


@pytest.mark.parametrize("shape", [(32, 28), (28, 27), (1, 1)])
def test_wrong_size_names_file_and_size(put, shape):
    folder = put("7/1.png", np.zeros(shape, np.uint8))
    with pytest.raises(DataError, match=f"1.png: image of {shape[1]}x{shape[0]} pixels found, 28x28"):
        read_png_folder(folder)


def test_damaged_files_are_refused(put):
    folder = put("7/1.png")
    whole = (folder / "7/1.png").read_bytes()
    for content, words in (
        (b"", "not a PNG"),
        (b"GIF89a", "not a PNG"),
        (whole[: len(whole) // 2], "cannot be read"),
        (whole[:60] + b"\xff" * 20 + whole[80:], "cannot be read"),
    ):
        (folder / "7/1.png").write_bytes(content)
        with pytest.raises(DataError, match=f"1.png: .*{words}"):
            read_png_folder(folder)


def test_empty_and_misplaced(tmp_path, put):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="empty"):
        load_handwriting(tmp_path / "empty")
    folder = put("7/1.png")
    (folder / "8").mkdir()
    with pytest.raises(DataError, match="8: no PNG file"):
        read_png_folder(folder)
    put("8/1.png")
    (folder / ".cache").mkdir()
    (folder / "notes.txt").write_text("ignored")
    assert len(read_png_folder(folder)) == 2
    put("stray.png")
    with pytest.raises(DataError, match="stray.png: a PNG outside"):
        read_png_folder(folder)


def test_a_folder_is_one_user_with_a_test_part(put):
    for index in range(8):
        put(f"7/{index}.PNG")
        folder = put(f"lower_a/{index}.png")
    handwriting = load_handwriting(folder)
    assert handwriting.users == [1]
    assert handwriting.test(1).labels.tolist() == [7, 7, 36, 36]
    assert len(handwriting.train(1)) == 12
