"""Sections of data files: located paths, strict keys, and errors that name file, line and key."""

from pathlib import Path

import pytest
from pydantic import Field

from avbaselines.errors import InputError
from avbaselines.schema import LocatedPath, Section, locate, nearest, read_toml, validate


class Inner(Section):
    seconds: float = Field(default=1.0, gt=0)


class Outer(Section):
    title: str
    inner: Inner = Inner()
    parts: dict[str, Inner] = {}
    table: LocatedPath | None = None


def test_paths_are_relative_to_the_study_or_the_corpus(tmp_path):
    assert locate("a.csv", None, tmp_path) == tmp_path / "a.csv"
    assert locate(tmp_path / "a.csv", None, Path("elsewhere")) == tmp_path / "a.csv"
    assert locate("${data}/a.csv", tmp_path, Path("elsewhere")) == tmp_path / "a.csv"
    assert locate("~/a.csv", None, tmp_path) == Path.home() / "a.csv"
    with pytest.raises(InputError, match="the corpus' folder is not known; give it with --data DIR"):
        locate("${data}/a.csv", None, tmp_path)


def test_a_located_path_takes_its_folders_from_the_context(tmp_path):
    content = {"title": "x", "table": "${data}/a.csv"}
    outer = validate(Outer, content, "x.toml", context={"data": tmp_path, "folder": Path("elsewhere")})
    assert outer.table == tmp_path / "a.csv"
    assert validate(Outer, {"title": "x", "table": "a.csv"}, "x.toml").table == Path("a.csv")


def test_the_nearest_name_is_offered_only_where_one_is_near():
    assert nearest("rigde", ["svr", "ridge"]) == " (did you mean 'ridge'?)"
    assert nearest(12, [123, 7], label="there is") == " (there is '123'?)"
    assert nearest("x", ["svr", "ridge"]) == ""


def test_toml_that_cannot_be_read_names_the_file(tmp_path):
    path = tmp_path / "x.toml"
    with pytest.raises(InputError, match=r"x.toml: cannot be read as UTF-8 text"):
        read_toml(path)
    path.write_bytes(b"\xff\xff")
    with pytest.raises(InputError, match=r"x.toml: cannot be read as UTF-8 text"):
        read_toml(path)
    path.write_text("title =\n")
    with pytest.raises(InputError, match=r"x.toml: not valid TOML: .*line 1"):
        read_toml(path)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({}, "x.toml: key 'title' is missing"),
        ({"title": "x", "iner": {}}, "unknown key 'iner' (did you mean 'inner'?); known: inner, parts, table, title"),
        ({"title": 3, "inner": {"second": 1}}, "unknown key 'inner.second' (did you mean 'seconds'?); known: seconds"),
        ({"title": "x", "parts": {"a": {"secs": 1}}}, "unknown key 'parts.a.secs'"),
        ({"title": "x", "inner": {"seconds": -1}}, "key 'inner.seconds': input should be greater than 0; got -1"),
        ({"title": "x", "inner": {"seconds": "y" * 99}}, "key 'inner.seconds': input should be a valid number"),
    ],
)
def test_the_first_problem_is_one_line(content, words):
    with pytest.raises(InputError) as error:
        validate(Outer, content, "x.toml")
    assert words in str(error.value) and "\n" not in str(error.value)


def test_long_values_are_not_repeated():
    with pytest.raises(InputError) as error:
        validate(Outer, {"title": "x", "inner": {"seconds": "y" * 99}}, "x.toml")
    assert "yyy" not in str(error.value)


def test_the_line_of_a_key_that_stands_once_is_named(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text("title = 'x'\n[inner]\nseconds = -1\n")
    with pytest.raises(InputError, match=r"x.toml, line 3: key 'inner.seconds'"):
        validate(Outer, read_toml(path), path)
    path.write_text("title = 'x'\n[inner]\nseconds = -1\n[parts.a]\nseconds = 1\n")
    with pytest.raises(InputError, match=r"x.toml, line 2: key 'inner.seconds'"):
        validate(Outer, read_toml(path), path)


def test_a_prefix_stands_before_the_key():
    with pytest.raises(InputError, match="key 'protocols.paper.title' is missing"):
        validate(Outer, {}, "x.toml", prefix="protocols.paper")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${data}/../x", "leads out"),
        ("${data}/a/../../x", "leads out"),
        ("a/${data}/x", "only begin"),
        ("x" * 256, "255 bytes"),
        ("~nobody-of-this-name/x", "nobody-of-this-name"),
    ],
)
def test_paths_that_no_study_may_name(text, words):
    with pytest.raises(InputError, match=words):
        locate(text, Path("/corpus"), Path("/studies"))


def test_paths_that_a_study_may_name():
    for text, path in {
        "${data}/a/../x": "/corpus/a/../x", "${data}//etc/x": "/corpus/etc/x", "${data}": "/corpus",
        "../x": "/studies/../x", "/etc/x": "/etc/x",
    }.items():  # fmt: skip
        assert locate(text, Path("/corpus"), Path("/studies")).as_posix() == path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a = " + "[" * 40 + "]" * 40, "key 'a.0.0.0': nested more than 32"),
        ("[x]\n" + ".".join("a" * 40) + " = 1", "line 2: nested more than 32"),
        ("a = 9223372036854775808", "key 'a': a whole number is beyond 64 bits"),
    ],
)
def test_limits_of_a_file_are_told(tmp_path, text, words):
    (tmp_path / "x.toml").write_text(text)
    with pytest.raises(InputError, match=words):
        read_toml(tmp_path / "x.toml")


def test_what_lies_within_the_limits_is_read(tmp_path):
    text = "a = " + "[" * 31 + "]" * 31 + f"\nb = {2**63 - 1}\nc = '{'a.' * 100}'\n" + ".".join("d" * 32) + " = 1"
    (tmp_path / "x.toml").write_text(text)
    assert read_toml(tmp_path / "x.toml")["b"] == 2**63 - 1
