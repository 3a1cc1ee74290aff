"""`serinus.router`: the published vectors, sticky and monotone, one by one and many at once."""

from __future__ import annotations

import collections
import copy
import json
import pickle
import subprocess
import sys

import pytest

from serinus import ConfigError, DataError, router


def test_the_published_vectors(root):
    published = json.loads((root / "fixtures" / "router" / "vectors.json").read_text())
    assert router.vectors() == published and published["version"] == router.VERSION
    assert len(published["units"]) > 10 and len(published["requests"]) > 5
    for case in published["units"]:
        unit, salt = case["unit"], case["salt"]
        assert router.position(unit, salt) == case["position"] == router.position(unit.encode(), salt)
        assert router.shadow_position(unit, salt) == case["shadow_position"]
        for percent, side in case["two_arms"].items():
            assert router.assign(unit, salt, float(percent)) == side
            assert router.assign_many([unit], salt, float(percent)) == [side]
            assert router.Router(salt, percent=float(percent)).route(unit).arm == side
        for percent, side in case["three_arms"].items():
            assert router.assign_three(unit, salt, float(percent)) == side
            assert router.assign_many([unit], salt, float(percent), three_arms=True) == [side]
    for case in published["requests"]:
        number = int(case["number"])
        assert router.request_position(number, case["salt"]) == case["position"]
        for percent, side in case["two_arms"].items():
            assert router.assign_request(number, case["salt"], float(percent)) == side


def test_the_command_line_says_the_same():
    done = subprocess.run([sys.executable, "-m", "serinus", "route", "--salt", "v42", "--percent", "30", "a", "b", "ü"],
                          capture_output=True, text=True, check=True, timeout=60)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    made = router.Router("v42", percent=30)
    assert lines == [made.route(unit).to_dict() for unit in ("a", "b", "ü")]


def test_many_units_split_by_the_weight_and_never_move_back():
    users = [f"user-{i}" for i in range(20_000)]
    last: set[str] = set()
    for percent in (0, 1, 5, 25, 50, 100):
        sides = router.assign_many(users, "checkout v42", percent)
        canary = {user for user, side in zip(users, sides) if side == "canary"}
        share = percent / 100
        assert abs(len(canary) - share * 20_000) <= 4.5 * (20_000 * share * (1 - share)) ** 0.5
        assert last <= canary, "a unit moved back"
        last = canary
    three = collections.Counter(router.assign_many(users, "checkout v42", 10, three_arms=True))
    assert abs(three["canary"] - 2000) < 200 and abs(three["baseline"] - 2000) < 200
    # Another salt is another split.
    other = router.assign_many(users, "checkout v43", 50)
    both = sum(a == b == "canary" for a, b in zip(router.assign_many(users, "checkout v42", 50), other))
    assert abs(both - 5000) < 300


def test_columns_of_text():
    units = ["a", "user-1", "ü"]
    expected = router.assign_many(units, "s", 50)
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    assert router.assign_many(numpy.array(units), "s", 50) == expected
    assert router.assign_many(pandas.Series(units), "s", 50) == expected
    assert router.assign_many(tuple(u.encode() for u in units), "s", 50) == expected
    polars, pyarrow = pytest.importorskip("polars"), pytest.importorskip("pyarrow")
    assert router.assign_many(polars.Series(units), "s", 50) == expected
    assert router.assign_many(pyarrow.array(units), "s", 50) == expected
    assert router.Router("s", percent=50).route_many(pyarrow.array(units)) == expected
    assert router.assign_many([], "s", 50) == []


def test_a_router_has_cohorts_sessions_and_stages():
    made = router.Router("v42", percent=5, stage=1, cohorts={"staff": "canary"})
    staff = made.route("user-7", ["staff"])
    assert (staff.arm, staff.is_random, staff.chance, staff.stage) == ("canary", False, {"cohort": "staff"}, 1)
    assert made.at(1, 0).route("user-7", ["staff"]).arm == "baseline"
    assert made == router.Router("v42").with_cohort("staff", "canary").at(1, 5)
    begun = made.route("session-9")
    later = made.at(3, 50)
    assert later.resume(begun) == begun == later.resume(begun.to_dict())
    user = next(f"user-{i}" for i in range(1000) if made.route(f"user-{i}").arm == "canary")
    gone = made.at(4, 0).resume(made.route(user))
    assert (gone.arm, gone.chance) == ("baseline", "rolled_back")
    assert router.Router("v", division="blue_green", percent=1).route("u").arm == "canary"
    shadow = router.Router("v", division="shadow", percent=100).route("u")
    assert (shadow.arm, shadow.copy) == ("baseline", True)
    three = router.Router("v", division="three_arms", percent=10)
    assert three.route_request(7).share_percent == 50
    for thing in (made, staff):
        assert pickle.loads(pickle.dumps(thing)) == thing == copy.copy(thing)
        assert hash(pickle.loads(pickle.dumps(thing))) == hash(thing)
    assert "v42" in repr(made) and "arm=" in repr(staff)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: router.assign(17, "s", 5), DataError, "unit: 17 is no unit"),
    (lambda: router.assign(None, "s", 5), DataError, "unit"),
    (lambda: router.assign("a", "", 5), DataError, "salt"),
    (lambda: router.assign("a", "s", -1), DataError, "weight"),
    (lambda: router.assign("a", "s", 100.1), DataError, "weight"),
    (lambda: router.assign("a", "s", float("nan")), DataError, "weight"),
    (lambda: router.assign("\ud800", "s", 5), DataError, "Unicode"),
    (lambda: router.assign_request(-1, "s", 5), DataError, "number"),
    (lambda: router.assign_request(2**64, "s", 5), DataError, "number"),
    (lambda: router.assign_many("abc", "s", 5), DataError, "units"),
    (lambda: router.assign_many(3, "s", 5), DataError, "units"),
    (lambda: router.assign_many(["a", 3], "s", 5), DataError, r"units\[1\]"),
    (lambda: router.assign_many({"a": 1}, "s", 5), DataError, "units"),
    (lambda: router.Router("s", division="four"), DataError, "division"),
    (lambda: router.Router("s", stage=-1), DataError, "stage"),
    (lambda: router.Router("s", stage=2**40), DataError, "stage"),
    (lambda: router.Router("s", cohorts={"a": "left"}), ConfigError, "cohorts"),
    (lambda: router.Router("s").with_cohort("a", "left"), DataError, "side"),
    (lambda: router.Router("s").route(3), DataError, "unit"),
    (lambda: router.Router("s").route("a", "staff"), DataError, "cohorts"),
    (lambda: router.Router("s").resume({"arm": "canary"}), DataError, "begun"),
])
def test_bad_input_is_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
