"""The examples in the docstrings of functions and classes run as they stand."""

from __future__ import annotations

import doctest

import pytest

import serinus
from serinus import monitor, plan, rollout, router, stats

MODULES = [serinus, monitor, plan, rollout, router, stats]


def documented():
    """Each module, function, class and method with a docstring of its own, once."""
    seen = {}
    for module in MODULES:
        seen[module.__name__] = module.__doc__
        for name in module.__all__:
            item = getattr(module, name)
            if not callable(item):
                continue
            seen.setdefault(f"{module.__name__}.{name}", item.__doc__)
            if isinstance(item, type):
                for method, inner in vars(item).items():
                    if not method.startswith("_"):
                        seen.setdefault(f"{module.__name__}.{name}.{method}", getattr(inner, "__doc__", None))
    return seen


@pytest.mark.parametrize(("name", "text"), [(n, t) for n, t in documented().items() if t and ">>>" in t], ids=lambda v: v[:60])
def test_the_example_runs(name, text):
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(text, {"serinus": serinus}, name, None, 0))
    assert runner.tries > 0 and runner.failures == 0, name


def test_everything_public_says_what_it_does():
    silent = [name for name, text in documented().items() if not text]
    assert not silent
