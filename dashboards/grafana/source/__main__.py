"""Writes what Grafana loads: `python3 dashboards/grafana/source`; with `--check`, only tells whether it is up to date."""

import json
import pathlib
import sys

import fleet
import issuer

GRAFANA = pathlib.Path(__file__).resolve().parent.parent


def outputs():
    for page in (fleet, issuer):
        name = page.__name__ + ".json"
        yield GRAFANA / name, json.dumps(page.build(), indent=2, ensure_ascii=False) + "\n"


def main(check):
    stale = [path.name for path, text in outputs() if not path.exists() or path.read_text() != text]
    if check:
        print("out of date: " + ", ".join(stale) if stale else "up to date")
        return 1 if stale else 0
    for path, content in outputs():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
