"""docs/rust-to-python.md lists every public function of Rust's modules, and methods of their types, with names that Python has."""

from __future__ import annotations

import importlib.util
import re

import serinus


def listed(root) -> dict[str, list[str]]:
    text = (root / "docs" / "rust-to-python.md").read_text()
    rows = re.findall(r"^\| `([\w:]+)` \| (.+) \|$", text, re.MULTILINE)
    return {rust: re.findall(r"`([\w.]+)`", python) for rust, python in rows}


def in_source(root) -> set[str]:
    spec = importlib.util.spec_from_file_location("rust_names", root / "python" / "tools" / "rust_names.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.items(root)


def test_the_table_lists_what_the_source_has(root):
    found, table = in_source(root), listed(root)
    assert "plan::History::mean" in found and "rollout::step" in found and "monitor::Monitor::observe" in found
    assert "stats::mann_whitney::mann_whitney" in found and "stats::proportion_exact::fisher_exact" in found
    assert not found - table.keys(), "public in Rust and not in docs/rust-to-python.md"
    assert not table.keys() - found, "in docs/rust-to-python.md and not public in Rust"


def test_every_python_name_of_the_table_exists(root):
    for rust, names in listed(root).items():
        for name in names:
            found = serinus
            for part in name.split(".")[1:]:
                found = getattr(found, part)
            assert callable(found) or hasattr(found, "__get__"), (rust, name)
