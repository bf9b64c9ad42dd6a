"""Writes what Grafana loads: `python3 dashboards/grafana/source`; with `--check`, only tells whether it is up to date."""

import json
import pathlib
import sys

import alerts
import fleet
import issuer

GRAFANA = pathlib.Path(__file__).resolve().parent.parent


def outputs():
    for page in (fleet, issuer):
        yield GRAFANA / f"{page.__name__}.json", json.dumps(page.build(), indent=2, ensure_ascii=False) + "\n"
    yield GRAFANA / "provisioning" / "alerting" / "oidc.yaml", alerts.dump()


def main(check):
    stale = [(path, text) for path, text in outputs() if not path.exists() or path.read_text() != text]
    for path, text in stale:
        print(("out of date: " if check else "wrote ") + str(path.relative_to(GRAFANA)))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
