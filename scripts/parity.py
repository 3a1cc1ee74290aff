#!/usr/bin/env python3
"""Compare ``serinus.stats`` with SciPy over random draws and print the worst difference of each function.

``python scripts/parity.py --draws 5000 --seed 1 [name ...]``; names choose among the functions. The comparisons and their
tolerances are those of ``python/tests/test_scipy_parity.py``. The exit code is 1 when one of them fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import inspect
import os
import pathlib
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1] / "python" / "tests" / "test_scipy_parity.py"
UNCONDITIONAL = ("boschloo_exact", "barnard_exact")


def comparisons(module):
    """Every comparison of the test module: its name and what to call."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if not name.startswith("test_") or name in ("test_nan_policy", "test_ttest_ind_needs_equal_var_false"):
            continue
        if name == "test_unconditional_exact_tests":
            for each in UNCONDITIONAL:
                yield each, lambda each=each, function=function: function(each)
        else:
            yield name.removeprefix("test_"), function


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare serinus.stats with SciPy over random draws.")
    parser.add_argument("--draws", type=int, default=5000, help="random inputs a function (default 5000)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the inputs (default 0, as in the tests)")
    parser.add_argument("names", nargs="*", help="only these functions")
    chosen = parser.parse_args()
    os.environ["SERINUS_PARITY_DRAWS"], os.environ["SERINUS_PARITY_SEED"] = str(chosen.draws), str(chosen.seed)
    spec = importlib.util.spec_from_file_location("scipy_parity", TESTS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    known = dict(comparisons(module))
    unknown = [name for name in chosen.names if name not in known]
    if unknown:
        parser.error(f"{unknown[0]} is not compared; give some of {', '.join(known)}")
    failures = 0
    print(f"{'function':28} {'numbers':>9} {'worst relative':>15} {'seconds':>8}")
    for name in chosen.names or known:
        module.SEEN.clear()
        start, fault = time.perf_counter(), None
        try:
            known[name]()
        except AssertionError as error:
            fault = error
            failures += 1
        print(f"{name:28} {len(module.SEEN):9} {max(module.SEEN, default=0.0):15.1e} {time.perf_counter() - start:8.1f}", flush=True)
        if fault is not None:
            print(f"  differs: {fault}", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
