from avbaselines.errors import InputError


def test_it_is_a_value_error_whose_text_is_the_message():
    assert issubclass(InputError, ValueError)
    assert str(InputError("study.toml: no title")) == "study.toml: no title"
