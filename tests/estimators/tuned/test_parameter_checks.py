"""Declared ranges of parameters and the errors that name them."""

import pytest

from avbaselines.errors import InputError
from avbaselines.estimators.tuned.parameter_checks import (
    CheckedParameters,
    Each,
    MetricName,
    Minimum,
    OneOf,
    Positive,
    Rising,
    Within,
)


class Model(CheckedParameters):
    def __init__(self, constraint, value):
        self.constraints, self.value = {"value": constraint}, value


@pytest.mark.parametrize(
    ("constraint", "good", "bad", "message"),
    [
        (OneOf("a", "b"), "a", "c", "value: 'a' or 'b' is needed, got 'c'"),
        (OneOf("a", "b", "c"), "c", 3, "value: one of a, b, c is needed, got 3"),
        (Minimum(1), 1, 0, "value: 1 or more is needed, got 0"),
        (Positive(), 0.1, 0.0, "value: a number greater than 0 is needed, got 0.0"),
        (Within(0, 1), 0, 1.5, "value: a number from 0 to 1 is needed, got 1.5"),
        (Within(0, 1, open_low=True), 1, 0, "value: a number above 0 and at most 1 is needed, got 0"),
        (Within(0, 1, or_string="auto"), "auto", "all", "value: 'auto' or a number from 0 to 1 is needed, got 'all'"),
        (Each(Positive(), "positive costs are needed"), (1, 2), (1, 0), "value: positive costs are needed, got [1, 0]"),
        (Each(Positive(), "positive costs are needed"), [1], (), "value: positive costs are needed, got []"),
        (Rising(), (1, 3), (3, 1), "value: rising numbers of 1 or more are needed, got (3, 1)"),
        (Rising(), [2], (0, 1), "value: rising numbers of 1 or more are needed, got (0, 1)"),
        (MetricName("regression"), "ccc", "uar", "value: one of ccc, "),
        (MetricName("classes"), "uar", None, "value: one of accuracy, "),
    ],
)
def test_what_is_out_of_range_is_named(constraint, good, bad, message):
    Model(constraint, good).check_parameters()
    with pytest.raises(InputError) as error:
        Model(constraint, bad).check_parameters()
    assert str(error.value).startswith(message)


def test_a_metric_may_have_a_default():
    Model(MetricName("classes", optional=True), None).check_parameters()
