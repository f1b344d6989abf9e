"""Pictures of videos, images and folders of images."""

import av
import numpy as np
import pytest
from films import filmed

from avbaselines.extractors import extract, find_media, load_recipe
from avbaselines.extractors.images import image_sequence
from avbaselines.extractors.media import MediaError, Segment
from avbaselines.extractors.pictures import Pictures


def image(path, grey=90, size=(64, 64)):
    path.parent.mkdir(exist_ok=True, parents=True)
    pixels = np.full((size[1], size[0], 3), grey, np.uint8)
    av.VideoFrame.from_ndarray(pixels, format="rgb24").to_image().save(path)
    return path


def test_all_frames_with_their_numbers_and_times(tmp_path):
    pictures = Pictures(Segment(filmed(tmp_path / "a.mp4", range(60, 120, 3))))
    seen = list(pictures)
    assert pictures.expected == 20
    assert [picture.number for picture in seen] == list(range(20))
    np.testing.assert_allclose([picture.at for picture in seen], np.arange(20) / 10)
    np.testing.assert_allclose([picture.pixels.mean() for picture in seen], range(60, 120, 3), atol=2)
    assert pictures.end == pytest.approx(2.0)
    assert pictures.remarks == []


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_segment_has_its_frames_and_no_others(tmp_path, suffix, monkeypatch):
    film = filmed(tmp_path / f"a.{suffix}", range(60, 180, 1))
    pictures = Pictures(Segment(film, 6.0, 7.5))
    decoded = []
    frames = pictures._frames
    monkeypatch.setattr(pictures, "_frames", lambda: (decoded.append(1) or frame for frame in frames()))
    seen = list(pictures)
    assert [picture.number for picture in seen] == list(range(60, 75))
    assert seen[0].at == pytest.approx(0.0, abs=1e-6)
    assert seen[0].pixels.mean() == pytest.approx(120, abs=2)
    assert pictures.expected == 15
    assert len(decoded) < 40, "decoding began at the beginning of the film"


def test_a_segment_beyond_the_end_is_an_error(tmp_path):
    with pytest.raises(MediaError, match="no frames between 5 s and the end"):
        list(Pictures(Segment(filmed(tmp_path / "a.mp4"), 5.0)))


def test_of_every_few_frames_one(tmp_path):
    pictures = Pictures(Segment(filmed(tmp_path / "a.mp4")), every=3)
    assert [picture.number for picture in pictures] == [0, 3, 6, 9, 12, 15, 18]
    assert pictures.expected == 7
    assert pictures.end == pytest.approx(2.0)


def test_large_pictures_are_shrunk_and_small_ones_left(tmp_path):
    large, small = filmed(tmp_path / "l.mp4", size=(320, 180)), filmed(tmp_path / "s.mp4")
    picture = next(iter(Pictures(Segment(large), longest=160)))
    assert (picture.pixels.shape, picture.shrunk) == ((90, 160, 3), 0.5)
    picture = next(iter(Pictures(Segment(small), longest=160)))
    assert (picture.pixels.shape, picture.shrunk) == ((64, 64, 3), 1.0)


def test_a_film_that_breaks_off_gives_what_is_there_and_a_remark(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (50, 64, 64, 3), dtype=np.uint8)
    whole = tmp_path / "a.avi"
    with av.open(str(whole), "w") as output:
        stream = output.add_stream("mjpeg", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuvj420p"
        for index, pixels in enumerate(noise):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    pictures = Pictures(Segment(cut))
    seen = len(list(pictures))
    assert 25 <= seen <= 31
    assert len(pictures.remarks) == 1
    assert "of 50 frames are there" in pictures.remarks[0] or "damaged after" in pictures.remarks[0]


def test_sound_alone_text_and_nothing_are_told(tmp_path):
    for name, content, told in (
        ("empty.mp4", b"", "the file is empty"),
        ("text.mp4", b"no film\n" * 99, "cannot be decoded"),
        ("cut.mp4", filmed(tmp_path / "whole.mp4").read_bytes()[:900], "cannot be decoded"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError, match=told):
            Pictures(Segment(tmp_path / name))
    with pytest.raises(MediaError, match="no images numbered in one sequence"):
        Pictures(Segment(tmp_path))


def test_a_telephone_held_upright(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as output:
        stream = output.add_stream("mpeg4", rate=10)
        stream.width, stream.height = 64, 32
        pixels = np.zeros((32, 64, 3), np.uint8)
        pixels[:, :32] = 200  # the sensor's left
        for index in range(3):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    plain = next(iter(Pictures(Segment(path)))).pixels
    assert plain.shape == (32, 64, 3)
    # the track's matrix in the file's header: a quarter of a turn clockwise to be shown upright
    data, identity = path.read_bytes(), b"\0\1\0\0" + bytes(12) + b"\0\1\0\0" + bytes(12) + b"\x40\0\0\0"
    turned = bytes(4) + b"\0\1\0\0" + bytes(4) + b"\xff\xff\0\0" + bytes(16) + b"\x40\0\0\0"
    at = data.index(identity, data.index(b"tkhd"))
    path.write_bytes(data[:at] + turned + data[at + 36 :])
    upright = next(iter(Pictures(Segment(path)))).pixels
    assert upright.shape == (64, 32, 3)
    assert upright[:20].mean() > 150 > upright[-20:].mean()  # the sensor's left is shown at the top


def test_images_of_a_numbered_folder_are_one_clip(tmp_path):
    folder = tmp_path / "films" / "clip.01"
    for number in (1, 2, 10):
        image(folder / f"frame{number}.jpg", 50 + number)
    image(tmp_path / "films" / "portrait.png")
    image(tmp_path / "films" / "mixed" / "a.jpg")
    image(tmp_path / "films" / "mixed" / "b.jpg")
    media = find_media(tmp_path / "films", load_recipe("face-mesh").suffixes)
    assert sorted(media) == ["a", "b", "clip.01", "portrait"]
    pictures = Pictures(Segment(media["clip.01"]), fps=10)
    assert [round(picture.pixels.mean()) for picture in pictures] == [51, 52, 60]
    assert pictures.end == pytest.approx(0.3)


def test_images_in_the_folder_that_was_named_are_clips_of_their_own(tmp_path):
    for number in range(3):
        image(tmp_path / f"{number}.jpg")
    assert sorted(find_media(tmp_path, load_recipe("action-units").suffixes)) == ["0", "1", "2"]


def test_folders_with_anything_else_are_no_sequence(tmp_path):
    for number in range(3):
        image(tmp_path / f"{number}.jpg")
    assert len(image_sequence(tmp_path)) == 3
    (tmp_path / "labels.csv").touch()
    assert image_sequence(tmp_path) == []


def test_recipes_of_sound_and_tables_look_for_no_images(tmp_path):
    image(tmp_path / "a.jpg")
    for recipe in ("egemaps", "openface"):
        assert not set(load_recipe(recipe).suffixes) & {".jpg", ".png"}


def test_the_cache_knows_a_folder_by_what_is_in_it(tmp_path, monkeypatch):
    from avbaselines.extractors import FeatureCache

    folder, cache = tmp_path / "clip", FeatureCache(tmp_path / "cache")
    image(folder / "1.jpg", 50)
    before = cache.content(folder)
    assert cache.content(folder) == before
    image(folder / "2.jpg", 50)
    assert cache.content(folder) != before


def test_a_single_image_is_a_clip_of_one_frame(tmp_path, stub_mesh):
    table = extract("face-mesh", {"x": image(tmp_path / "x.jpg")}, cache=False)
    assert table.status.loc["x", ["status", "detection_rate"]].tolist() == ["ok", 1.0]
