"""The public functions of the Rust modules that Python binds, and the methods of their types in the newer ones, read from the
source: what docs/rust-to-python.md has to list."""

from __future__ import annotations

import pathlib
import re

MODULES = ("stats", "kayenta", "plan", "router", "rollout", "replay", "drill", "monitor")
# Of these the constructors and methods of public types are listed too.
WITH_METHODS = ("plan", "router", "rollout", "replay", "drill", "monitor")


def items(root: pathlib.Path) -> set[str]:
    """``stats::welch::welch_t``, ``plan::History::mean`` and their like, re-exported ones included."""
    found = {name for module in MODULES for name in _walk(root / "src" / module / "mod.rs", module)}
    return found | {name for module in WITH_METHODS for name in _methods(root / "src" / module, module)}


def _functions(text: str) -> set[str]:
    return set(re.findall(r"^pub (?:const )?fn (\w+)", text, re.MULTILINE))


def _methods(folder: pathlib.Path, path: str) -> set[str]:
    """Public methods of the types that the module re-exports or defines."""
    top = (folder / "mod.rs").read_text()
    public = {word for listed in re.findall(r"^pub use \w+::(\{[^}]*\}|\w+);", top, re.MULTILINE) for word in re.findall(r"\w+", listed)}
    public |= set(re.findall(r"^pub (?:struct|enum) (\w+)", top, re.MULTILINE))
    found = set()
    for file in sorted(folder.rglob("*.rs")):
        for kind, body in re.findall(r"^impl(?:<[^>]*>)? (\w+)(?:<[^>]*>)? \{\n(.*?)^\}", file.read_text(), re.MULTILINE | re.DOTALL):
            if kind in public:
                found |= {f"{path}::{kind}::{name}" for name in re.findall(r"^    pub (?:const )?fn (\w+)", body, re.MULTILINE)}
    return found


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
            found |= {f"{path}::{each}" for each in re.findall(r"\w+", listed) if re.search(rf"^pub (?:const )?fn {each}\b", source, re.MULTILINE)}
    return found
