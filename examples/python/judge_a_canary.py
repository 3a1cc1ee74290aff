"""Judge a canary from a log, print the table, write the report: ``python judge_a_canary.py [folder]``."""

from __future__ import annotations

import pathlib
import sys

import serinus

RECORDINGS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


def main(folder: pathlib.Path) -> serinus.Judgement:
    # A path, a dict, or a DataFrame would do as well: see docs/python.md.
    judgement = serinus.judge(RECORDINGS / "demo.yaml", RECORDINGS / "error_spike.parquet")
    print(judgement)
    print("\nwhy:", *(f"  {reason.text}" for reason in judgement.reasons), sep="\n")
    judgement.to_html(folder / "report.html")
    (folder / "judgement.json").write_text(judgement.to_json())
    return judgement


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "."))
