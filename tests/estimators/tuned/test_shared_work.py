import numpy as np

from avbaselines.estimators.tuned.shared_work import SharedWork, rows_key


def test_what_finds_no_room_is_made_again_and_drives_nothing_out():
    shared, made = SharedWork(limit=200), []

    def value(name):
        return shared.get(name, lambda: made.append(name) or (np.zeros(10), np.ones(5)))

    for name in ("a", "b", "a", "b"):
        assert [part.sum() for part in value(name)] == [0, 5]
    assert made == ["a", "b", "b"]
    assert shared.has_room("a", 0) and shared.has_room("c", 80) and not shared.has_room("c", 81)


def test_what_every_fold_needs_is_kept_beside_the_limit():
    shared = SharedWork()
    first = shared.get("ranks", lambda: np.zeros(9), always=True)
    assert shared.get("ranks", lambda: None, always=True) is first
    assert not shared.has_room("other", 1)


def test_keys_of_rows_tell_their_order_and_repeats():
    keys = {rows_key(rows) for rows in (None, np.array([0, 1]), np.array([1, 0]), np.array([0, 1, 1]))}
    assert len(keys) == 4
