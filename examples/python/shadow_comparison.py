"""Compare two models that answered the same requests: pairs, so that differences between requests do not blur the answer."""

from __future__ import annotations

import pathlib

import serinus

RECORDINGS = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "recordings"


def main() -> dict[str, serinus.Judgement]:
    config = serinus.Config(RECORDINGS / "shadow.yaml")
    answers = {name: serinus.judge(config, RECORDINGS / f"{name}.parquet") for name in ("shadow_healthy", "shadow_skew")}
    for name, judgement in answers.items():
        print(f"{name}: {judgement.decision}")
        for finding in judgement.metrics:
            print(f"  {finding.name}: {finding.outcome}")
    return answers


if __name__ == "__main__":
    main()
