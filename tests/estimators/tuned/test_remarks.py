"""Remarks of fits in words."""

from avbaselines.estimators.tuned.remarks import ChosenDelays, DeviceFallback, PrincipalDirections, remarks_text


def test_the_same_remark_is_made_once():
    remarks = [PrincipalDirections(40), DeviceFallback("no cuda"), PrincipalDirections(40)]
    assert remarks_text(remarks, ["x"]) == "ridge on 20 principal directions past 40 rows and columns; no cuda"
    assert remarks_text([], ["x"]) == ""


def test_one_delay_for_all_targets_names_none():
    assert ChosenDelays((1.0, 1.0), (0.2, 0.2)).text(["a", "b"]) == "delay 1 s, smoothing 0.2 s"
    assert ChosenDelays((1.0, 1.0), (0.2, 0.4)).text(["a", "b"]) == "delay 1 s; smoothing a 0.2 s, b 0.4 s"
