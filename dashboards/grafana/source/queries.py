"""The PromQL that both dashboards share.

Two rules keep the pages from looking calm when nothing is known:
- `known`: while a target does not answer, what it said last (up to a day ago) stays on the page;
- `state`: a match whose evidence is older than $stale counts as unknown, not as a match.
"""

TARGET = 'job=~"$job", instance=~"$instance"'
ISSUER = f'{TARGET}, issuer=~"$issuer"'
PROVIDER = f'{TARGET}, account_id=~"$account", issuer=~"$issuer"'
ACCOUNT = f'{TARGET}, account_id=~"$account"'
KEY = "account_id, provider_arn, issuer"

UP = f"up{{{TARGET}}}"
# `up` of this exporter's jobs only: $job may be All.
EXPORTERS = f"({UP} and on (job) last_over_time(oidc_exporter_build_info{{{TARGET}}}[1d]))"

# The numbers of `state`. 3 is a match that is too old on both counts.
MATCH, WAS_MATCH, WAS_MATCH_TOO, UNKNOWN, PARTIAL_LATENT, MISMATCH_LATENT, PARTIAL_ENFORCED, MISMATCH_ENFORCED = range(1, 9)


def known(metric, selector):
    """`metric` now, or its last value where the target does not answer."""
    series = f"{metric}{{{selector}}}"
    return f"({series} or last_over_time({series}[1d]) and on (job, instance) {UP} == 0)"


def age(metric, selector):
    """Seconds since a timestamp metric."""
    return f"(time() - {known(metric, selector)})"


def days_left(metric, selector):
    return f"(({known(metric, selector)} - time()) / 86400)"


ISSUER_AGE = age("oidc_issuer_last_success_timestamp_seconds", TARGET)
ACCOUNT_AGE = age("oidc_account_last_success_timestamp_seconds", TARGET)
STATUS = "oidc_provider_thumbprint_status"
ENFORCED = "oidc_provider_thumbprint_enforced"


def _tag(expr, word):
    """Terms of a sum must differ in a label, or `or` would drop one of them."""
    return f'label_replace({expr}, "status", "{word}", "", "")'


def _verdict(read):
    """Verdict and enforcement of each provider as terms to be summed; `read` is `known` or its like."""
    numbers = {"match": MATCH, "unknown": UNKNOWN, "partial": PARTIAL_LATENT, "mismatch": MISMATCH_LATENT}
    weights = " or ".join(f'label_replace(vector({n}), "status", "{s}", "", "")' for s, n in numbers.items())
    broken = read(STATUS, PROVIDER + ', status=~"mismatch|partial"')
    return [
        f"{read(STATUS, PROVIDER)} * on (status) group_left () ({weights})",
        _tag(f"2 * sum without (status) ({broken}) * {read(ENFORCED, PROVIDER)}", "enforced"),
    ]


def _sum(terms):
    return f"max by ({KEY}) (sum without (status) (\n  " + "\n  or ".join(terms) + "\n))"


def state():
    """One number for each provider, the worse the higher: see the constants."""
    match = known(STATUS, PROVIDER + ', status="match"')
    old_issuer = f"{match} * on (job, instance, issuer) group_left () ({ISSUER_AGE} > bool $stale)"
    old_account = f"{match} * on (job, instance, account_id) group_left () ({ACCOUNT_AGE} > bool $stale)"
    return _sum(_verdict(known) + [_tag(old_issuer, "old_issuer"), _tag(old_account, "old_account")])


def exported_state():
    """The state as it was exported at each step, without `known` and without regard to age."""
    return _sum(_verdict(lambda metric, selector: f"{metric}{{{selector}}}"))


def state_history():
    """`exported_state` of at most 20 providers, none that was a match throughout."""
    other = f'{STATUS}{{{PROVIDER}, status!="match"}}'
    return f"{exported_state()}\nand on ({KEY}) topk(20, max by ({KEY}) (max_over_time({other}[$__range] @ end())) == 1)"


def state_age():
    """Seconds since the present verdict began, to five minutes; nothing where that is before the window shown."""
    status = f"{STATUS}{{{PROVIDER}}}"
    return f"min by ({KEY}) (time() - (max_over_time(timestamp({status} == 0)[$__range:5m]) and {status} == 1))"


def for_each_provider(*terms):
    """Joins numbers of issuers or accounts to their providers: (labels to join by, expression)."""
    each = known(STATUS, PROVIDER + ', status="match"')
    joined = [f"{each} * 0 + on (job, instance, {by}) group_left () {expr}" for by, expr in terms]
    return " or ".join(_tag(expr, str(i)) for i, expr in enumerate(joined))


def evidence_age():
    """Seconds since issuer and account of a provider were both read: the older of the two."""
    return f"max by ({KEY}) ({for_each_provider(('issuer', ISSUER_AGE), ('account_id', ACCOUNT_AGE))})"


def provider_days_left():
    return f"min by ({KEY}) ({for_each_provider(('issuer', days_left('oidc_root_ca_not_after_timestamp_seconds', TARGET)))})"


def provider_coverage():
    return f"min by ({KEY}) ({known('oidc_provider_thumbprint_coverage_ratio', PROVIDER)})"


def bands(days):
    """Three queries, one colour each: the thresholds are variables, which Grafana's own thresholds cannot be."""
    return {"A": f"{days} < $days_critical", "B": f"{days} < $days_warning >= $days_critical", "C": f"{days} >= $days_warning"}


def active_alerts(labels):
    """Pending and firing alerts; the value is 3 (critical), 2 (warning) or 1 (info). An absent target has no instance."""
    numbers = {"critical": 3, "warning": 2, "info": 1}
    weights = " or ".join(f'label_replace(vector({n}), "severity", "{s}", "", "")' for s, n in numbers.items())
    alerts = 'ALERTS{alertname=~"OIDC.+", job=~"$job", instance=~"$instance|"}'
    return f"max by ({labels}) ({alerts} * on (severity) group_left () ({weights}))"


def not_polled(up, success, selector, key):
    """1 for each `key` whose last poll failed or whose last good one is older than $stale, else 0."""
    down = f'label_replace(1 - {known(up, selector)}, "why", "down", "", "")'
    old = f'label_replace({age(success, selector)} > bool $stale, "why", "old", "", "")'
    return f"max by ({key}) ({down} or {old})"
