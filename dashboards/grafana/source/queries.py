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

# The numbers of `state`. A match counts 1 more when its root CA expires soon, 2 more when its issuer, and 2 more when its
# account was not read for too long; a broken provider counts 2 more when AWS relies on its list.
MATCH, EXPIRING, *WAS_MATCH, UNKNOWN, PARTIAL_LATENT, MISMATCH_LATENT, PARTIAL_ENFORCED, MISMATCH_ENFORCED = range(1, 12)


def known(metric, selector):
    """`metric` now, or its last value where the target does not answer."""
    series = f"{metric}{{{selector}}}"
    return f"({series} or last_over_time({series}[1d]) and on (job, instance) {UP} == 0)"


def age(metric, selector):
    """Seconds since a timestamp metric."""
    return f"(time() - {known(metric, selector)})"


def days_left(metric, selector):
    return f"(({known(metric, selector)} - time()) / 86400)"


def exported(metric, selector):
    """`metric` as it was scraped: for history, where a gap should look like one."""
    return f"{metric}{{{selector}}}"


STATUS = "oidc_provider_thumbprint_status"
ISSUER_SEEN = "oidc_issuer_last_success_timestamp_seconds"
ACCOUNT_SEEN = "oidc_account_last_success_timestamp_seconds"
ROOT_CA_END = "oidc_root_ca_not_after_timestamp_seconds"


def _tag(expr, word):
    """Terms of a sum must differ in a label, or `or` would drop one of them."""
    return f'label_replace({expr}, "status", "{word}", "", "")'


def state(read=known):
    """One number for each provider, the worse the higher: see the constants."""
    numbers = {"match": MATCH, "unknown": UNKNOWN, "partial": PARTIAL_LATENT, "mismatch": MISMATCH_LATENT}
    weights = " or ".join(f'label_replace(vector({n}), "status", "{s}", "", "")' for s, n in numbers.items())
    match = read(STATUS, PROVIDER + ', status="match"')
    broken = read(STATUS, PROVIDER + ', status=~"mismatch|partial"')
    # An issuer without a single good poll has no age: then what counts is that it is down.
    issuer_old = f"(time() - {read(ISSUER_SEEN, TARGET)} > bool $stale or 1 - {read('oidc_issuer_up', TARGET)})"
    account_old = f"(time() - {read(ACCOUNT_SEEN, TARGET)} > bool $stale)"
    root_ends = f"({read(ROOT_CA_END, TARGET)} - time() < bool $days_critical * 86400)"
    terms = [
        f"{read(STATUS, PROVIDER)} * on (status) group_left () ({weights})",
        _tag(f"2 * sum without (status) ({broken}) * {read('oidc_provider_thumbprint_enforced', PROVIDER)}", "enforced"),
        _tag(f"2 * {match} * on (job, instance, issuer) group_left () {issuer_old}", "issuer_old"),
        _tag(f"2 * {match} * on (job, instance, account_id) group_left () {account_old}", "account_old"),
        _tag(f"{match} * on (job, instance, issuer) group_left () {root_ends}", "root_ends"),
    ]
    return f"max by ({KEY}) (sum without (status) (\n  " + "\n  or ".join(terms) + "\n))"


def eventful():
    """At most 20 providers that were not a match, or whose issuer or account was not polled, at some time in the window."""
    during = lambda function, series: f"{function}_over_time({series}[$__range] @ end())"
    match = f'{STATUS}{{{PROVIDER}, status="match"}} @ end() * 0 + 1'
    other = during("max", f'{STATUS}{{{PROVIDER}, status!="match"}}')
    issuer = during("min", f"oidc_issuer_up{{{TARGET}}}")
    account = during("min", f"oidc_account_up{{{TARGET}}}")
    return (
        f"topk(20, max by ({KEY}) (2 * ({other} == 1)"
        f" or {match} and on (job, instance, issuer) {issuer} == 0"
        f" or {match} and on (job, instance, account_id) {account} == 0))"
    )


def state_age():
    """Seconds since the present verdict began, to five minutes, or to 15 seconds if that is not ten minutes ago; nothing
    where no change was seen in the window."""
    ended = lambda window: f"max_over_time(timestamp({STATUS}{{{PROVIDER}}} == 0)[{window}])"
    return f"min by ({KEY}) (time() - (({ended('10m:15s')} or {ended('$__range:5m')}) and {known(STATUS, PROVIDER)} == 1))"


def for_each_provider(by, expr):
    """Joins a number of each issuer, or of each account, to its providers."""
    each = known(STATUS, PROVIDER + ', status="match"')
    return f"{each} * 0 + on (job, instance, {by}) group_left () {expr}"


def evidence_age():
    """Seconds since issuer and account of a provider were both read; nothing where the issuer never was."""
    issuer = for_each_provider("issuer", age(ISSUER_SEEN, TARGET))
    account = for_each_provider("account_id", age(ACCOUNT_SEEN, TARGET))
    return f"max by ({KEY}) ({issuer} or {_tag(account, 'account')}) and on ({KEY}) {issuer}"


def provider_days_left():
    return f"min by ({KEY}) ({for_each_provider('issuer', days_left(ROOT_CA_END, TARGET))})"


def provider_coverage():
    return f"min by ({KEY}) ({known('oidc_provider_thumbprint_coverage_ratio', PROVIDER)})"


def bands(days):
    """Three queries, one colour each: the thresholds are variables, which Grafana's own thresholds cannot be."""
    return {"A": f"{days} < $days_critical", "B": f"{days} < $days_warning >= $days_critical", "C": f"{days} >= $days_warning"}


def active_alerts(labels):
    """Pending and firing alerts; the value is 3 (critical), 2 (warning) or 1 (info). An absent target has no instance."""
    numbers = {"critical": 3, "warning": 2, "info": 1}
    weights = " or ".join(f'label_replace(vector({n}), "severity", "{s}", "", "")' for s, n in numbers.items())
    # No alert has both labels; one column shows either.
    alerts = 'label_join(ALERTS{alertname=~"OIDC.+", job=~"$job", instance=~"$instance|"}, "where", " ", "issuer", "endpoint")'
    return f"max by ({labels}) ({alerts} * on (severity) group_left () ({weights}))"


def not_polled(up, success, selector, key):
    """1 for each `key` whose last poll failed or whose last good one is older than $stale, else 0."""
    down = f'label_replace(1 - {known(up, selector)}, "why", "down", "", "")'
    old = f'label_replace({age(success, selector)} > bool $stale, "why", "old", "", "")'
    return f"max by ({key}) ({down} or {old})"
