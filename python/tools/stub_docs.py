"""Copy the docstrings of the built module into ``_native.pyi``; with ``--check``, only say whether they are there."""

from __future__ import annotations

import ast
import pathlib
import sys
import textwrap

from serinus import _native

STUB = pathlib.Path(__file__).resolve().parents[1] / "serinus" / "_native.pyi"


def documented(text: str) -> str:
    """The stub with every docstring that the module has, and no other."""
    lines = text.splitlines()
    edits: list[tuple[int, int, list[str]]] = []

    def visit(node: ast.stmt, owner: object, indent: str) -> None:
        if not isinstance(node, ast.ClassDef | ast.FunctionDef):
            return
        found = getattr(owner, node.name, None)
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                visit(inner, found, indent + "    ")
        elif node.name.startswith("__") or any(ast.unparse(d) == "overload" for d in node.decorator_list):
            return
        doc = getattr(found, "__doc__", None)
        old = ast.get_docstring(node, clean=False)
        first = node.body[0]
        inside = indent + "    "
        if doc is None or node.name.startswith("_"):
            return
        body = textwrap.indent(doc.strip("\n"), inside).lstrip().replace("\\", "\\\\")
        new = f'{inside}"""{body}' + (f'\n{inside}"""' if "\n" in doc else '"""')
        new_lines = [line.rstrip() for line in new.splitlines()]
        if old is not None:
            edits.append((first.lineno - 1, first.end_lineno or first.lineno, new_lines))
        elif isinstance(node, ast.FunctionDef):
            last = lines[first.lineno - 1]
            edits.append((first.lineno - 1, first.lineno, [last.removesuffix("...").rstrip(), *new_lines]))
        elif ast.unparse(first) == "...":
            edits.append((first.lineno - 1, first.lineno, [lines[first.lineno - 1].removesuffix("...").rstrip(), *new_lines]))
        else:
            start = min([first.lineno, *(d.lineno for d in getattr(first, "decorator_list", []))])
            edits.append((start - 1, start - 1, new_lines))

    for node in ast.parse(text).body:
        visit(node, _native, "")
    for start, end, new in sorted(edits, reverse=True):
        lines[start:end] = new
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the stub, or compare it."""
    text = STUB.read_text()
    new = documented(text)
    if "--check" in sys.argv:
        if new != text:
            print("python/serinus/_native.pyi: docstrings are not those of the module; run python/tools/stub_docs.py", file=sys.stderr)
        return int(new != text)
    STUB.write_text(new)
    return 0


if __name__ == "__main__":
    sys.exit(main())
