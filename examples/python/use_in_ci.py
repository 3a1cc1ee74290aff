"""A gate of a pipeline: exit code 0 promotes, 1 holds, 2 rolls back, 3 says that config or data are at fault.

``python use_in_ci.py CONFIG LOG [SUMMARY.md]``; the Markdown goes to the pull request or to ``$GITHUB_STEP_SUMMARY``.
"""

from __future__ import annotations

import pathlib
import sys

import serinus

CODES = {"promote": 0, "hold": 1, "rollback": 2}


def main(config: str, log: str, summary: str | None = None) -> int:
    try:
        judgement = serinus.judge(config, log)
    except serinus.SerinusError as error:
        print(error, file=sys.stderr)
        return 3
    if summary is not None:
        with pathlib.Path(summary).open("a", encoding="utf-8") as file:
            file.write(judgement.to_markdown())
    print(judgement)
    return CODES[judgement.decision]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
