"""Generated corpora: whole or not at all, once, and never over anything else."""

import os

import pydantic
import pytest

from avbaselines.corpora.synthesis.generated import GeneratedCorpus
from avbaselines.errors import InputError


class Options(pydantic.BaseModel):
    seed: int = 0


def corpus(seed=0, sources=()):
    return GeneratedCorpus("numbers", Options(seed=seed), sources)


def build(folder):
    (folder / "seed.txt").write_text("0")


def test_it_is_built_once_and_whole(tmp_path):
    folder, calls = tmp_path / "new" / "corpus", []
    for _ in range(2):
        corpus().generate(folder, lambda built: (calls.append(built), build(built)))
    assert len(calls) == 1 and (folder / "seed.txt").read_text() == "0"
    assert (folder / "numbers.json").read_text() == corpus().recipe
    assert os.listdir(tmp_path / "new") == ["corpus"]


def test_a_build_cut_short_leaves_nothing(tmp_path):
    def cut(folder):
        build(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        corpus().generate(tmp_path / "corpus", cut)
    assert os.listdir(tmp_path) == []


def test_an_empty_folder_is_filled_and_any_other_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    corpus().generate(tmp_path / "empty", build)
    with pytest.raises(InputError, match="holds a numbers corpus of other options"):
        corpus(seed=1).generate(tmp_path / "empty", build)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").touch()
    with pytest.raises(InputError, match="is no numbers corpus; name an empty or a new folder"):
        corpus().generate(tmp_path / "mine", build)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is no numbers corpus"):
        corpus().generate(tmp_path / "file", build)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="the numbers corpus cannot be written .*name another folder"):
        corpus().generate(tmp_path / "file" / "corpus", build)


def test_another_process_may_be_quicker(tmp_path):
    def slow(folder):
        build(folder)
        corpus().generate(tmp_path / "corpus", build)

    corpus().generate(tmp_path / "corpus", slow)
    assert (tmp_path / "corpus" / "seed.txt").is_file()


def test_its_name_in_the_cache_changes_with_options_and_code(tmp_path, monkeypatch):
    monkeypatch.setenv("AVBASELINES_CACHE", str(tmp_path))
    code = tmp_path / "code.py"
    code.write_text("1")
    names = {corpus().cached, corpus(seed=1).cached, corpus(sources=[str(code)]).cached}
    code.write_text("2")
    names.add(corpus(sources=[str(code)]).cached)
    assert len(names) == 4 and all(path.parent == tmp_path and path.name.startswith("numbers-") for path in names)
