"""The public functions of the Rust modules that Python binds, read from the source: what docs/rust-to-python.md has to list."""

from __future__ import annotations

import pathlib
import re

MODULES = ("stats", "kayenta")


def items(root: pathlib.Path) -> set[str]:
    """``stats::welch::welch_t`` and its like: functions in public modules, re-exported ones included."""
    return {name for module in MODULES for name in _walk(root / "src" / module / "mod.rs", module)}


def _functions(text: str) -> set[str]:
    return set(re.findall(r"^pub (?:const )?fn (\w+)", text, re.MULTILINE))


def _walk(file: pathlib.Path, path: str) -> set[str]:
    text = file.read_text()
    folder = file.parent if file.name == "mod.rs" else file.with_suffix("")

    def module(name: str) -> pathlib.Path:
        return next(f for f in (folder / f"{name}.rs", folder / name / "mod.rs") if f.is_file())

    found = {f"{path}::{name}" for name in _functions(text)}
    for name in re.findall(r"^pub mod (\w+);", text, re.MULTILINE):
        found |= _walk(module(name), f"{path}::{name}")
    for name, listed in re.findall(r"^pub use (\w+)::(\{[^}]*\}|\w+);", text, re.MULTILINE):
        if re.search(rf"^(?:pub )?mod {name};", text, re.MULTILINE):
            source = module(name).read_text()
            found |= {f"{path}::{each}" for each in re.findall(r"\w+", listed) if re.search(rf"^pub fn {each}\b", source, re.MULTILINE)}
    return found
