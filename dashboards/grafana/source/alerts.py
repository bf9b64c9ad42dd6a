"""The Prometheus rules as Grafana-managed alert rules.

A Prometheus rule filters: no series, no alert. In Grafana a query that returns nothing is "no data", and a series that
goes missing resolves its alert. So the query here is the rule's measurement without its comparison, and the comparison
becomes a threshold expression: every series is there in good times too, and only a comparison that no longer holds
resolves an alert.
"""

import pathlib
import re

import yaml

RULES = pathlib.Path(__file__).resolve().parents[2] / "prometheus" / "alerts.yml"
SET_OPERATOR = re.compile(r"\b(and|or|unless)\b")
COMPARISON = re.compile(r"^(==|<=|>=|<|>) (-?[0-9.]+)$")

# Twelve rounds of a minute: a restart, or a scrape that fails for a while, does not resolve an alert.
MISSING_ROUNDS = 12


class NotConvertible(Exception):
    """An expression that does not end in comparisons, on lines of their own, of all that is before them."""


def split(expr):
    """A rule's expression as (measurement, [(operator, number), ...])."""
    lines, comparisons = expr.strip().splitlines(), []
    while lines and (found := COMPARISON.match(lines[-1].strip())):
        comparisons.insert(0, (found[1], float(found[2])))
        lines.pop()
    measurement = "\n".join(lines)
    if not lines or not comparisons or SET_OPERATOR.search(outside(measurement)):
        raise NotConvertible(expr)
    return measurement, comparisons


def outside(expr):
    """What is in no parentheses and no string: a comparison binds more tightly than `and`, `or` and `unless` there."""
    text, inner = re.sub(r'"[^"]*"', "", expr), ""
    while inner != text:
        inner, text = text, re.sub(r"\([^()]*\)", "", text)
    return text


def evaluator(comparisons):
    """Grafana's threshold for one comparison, or for `< a` with `>= b`."""
    match comparisons:
        case [("==", number)]:
            # The measurement is a whole number.
            return {"type": "within_range", "params": [number - 0.5, number + 0.5]}
        case [("<", number)]:
            return {"type": "lt", "params": [number]}
        case [(">", number)]:
            return {"type": "gt", "params": [number]}
        case [("<", high), (">=", low)]:
            # Grafana leaves out both ends; a value exactly on one is in no band for one round.
            return {"type": "within_range", "params": [low, high]}
    raise NotConvertible(comparisons)


def rule(source):
    """One rule of a provisioning file (Grafana's AlertRuleV1)."""
    expr, comparisons = split(source["expr"])
    prometheus = {"type": "prometheus", "uid": "prometheus"}
    query = {"refId": "A", "datasource": prometheus, "expr": expr, "instant": True, "range": False, "intervalMs": 15000, "maxDataPoints": 43200}
    threshold = {
        "refId": "B",
        "datasource": {"type": "__expr__", "uid": "__expr__"},
        "type": "threshold",
        "expression": "A",
        "conditions": [{"evaluator": evaluator(comparisons)}],
    }
    # News (severity info) may leave with its data. The others stay as they are while there is no data at all: that is told by
    # the alerts on `up`, and so is a Prometheus that does not answer.
    on_up, leaves = re.search(r"\bup{", expr), source["labels"]["severity"] == "info"
    return {
        "uid": source["alert"].lower(),
        "title": source["alert"],
        "condition": "B",
        "data": [
            {"refId": "A", "relativeTimeRange": {"from": 600, "to": 0}, "datasourceUid": "prometheus", "model": query},
            {"refId": "B", "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": "__expr__", "model": threshold},
        ],
        "noDataState": "OK" if leaves else "KeepLast",
        "execErrState": "Error" if on_up else "KeepLast",
        "for": source.get("for", "0s"),
        "keepFiringFor": source["keep_firing_for"],
        "missing_series_evals_to_resolve": 1 if leaves else MISSING_ROUNDS,
        "labels": source["labels"],
        "annotations": {name: text.replace("$value", "$values.A.Value") for name, text in source["annotations"].items()},
        "isPaused": False,
    }


def build():
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return {
        "apiVersion": 1,
        "groups": [
            {"orgId": 1, "name": group["name"], "folder": "OIDC", "interval": group["interval"], "rules": [rule(r) for r in group["rules"]]}
            for group in groups
        ],
    }


def dump():
    head = "# Generated from prometheus/alerts.yml: change it there, then run `python3 dashboards/grafana/source`.\n"
    return head + yaml.safe_dump(build(), sort_keys=False, allow_unicode=True, width=120)
