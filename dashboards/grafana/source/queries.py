"""The PromQL that both dashboards share. It judges nothing: the exporter does, in `oidc_provider_health`.

What it adds is what an exporter cannot say of itself: while one does not answer, what it said last stays on the page, up to
a day, but counts as unknown, or as failing if it did. Where several exporters run that see a provider, the worst that one
of them says is shown, and what another one said before it went down no longer counts, as in the alerts.
"""

TARGET = 'job=~"$job", instance=~"$instance"'
ISSUER = f'{TARGET}, issuer=~"$issuer"'
PROVIDER = f'{ISSUER}, account_id=~"$account"'
ACCOUNT = f'{TARGET}, account_id=~"$account"'
KEY = "account_id, provider_arn, issuer"
# "All" is `.*`, which a series without that label matches too: an issuer that no provider lists, a provider without a problem.
CHOSEN = ', problem=~"$problem"'

UP = f"up{{{TARGET}}}"
# `up` of this exporter's jobs only: $job may be All.
EXPORTERS = f"({UP} and on (job) last_over_time(oidc_exporter_build_info{{{TARGET}}}[1d]))"

HEALTH = {"healthy": 1, "at_risk": 2, "unknown": 3, "failing": 4}
CLASS = {name: number for name, number in HEALTH.items() if name != "healthy"}

ISSUER_SEEN = "oidc_issuer_last_success_timestamp_seconds"
ACCOUNT_SEEN = "oidc_account_last_success_timestamp_seconds"
ROOT_CA_END = "oidc_root_ca_not_after_timestamp_seconds"


def exported(metric, selector):
    """`metric` as it was scraped: for history, where a gap should look like one."""
    return f"{metric}{{{selector}}}"


def last(metric, selector):
    """What targets that do not answer said last."""
    return f"(last_over_time({exported(metric, selector)}[1d]) and on (job, instance) {UP} == 0)"


def known(metric, selector):
    """`metric` now, or its last value where the target does not answer."""
    return f"({exported(metric, selector)} or {last(metric, selector)})"


def gone(metric, selector):
    """The same of series that come and go: only those that were there when their target was scraped last."""
    seen = lambda series: f"max_over_time(timestamp({series})[1d:5m])"
    scraped = seen(f"oidc_exporter_build_info{{{TARGET}}}")
    there = f"{seen(exported(metric, selector))} == on (job, instance) group_left () {scraped}"
    return f"({last(metric, selector)} and {there})"


def present(metric, selector):
    return f"({exported(metric, selector)} or {gone(metric, selector)})"


def spoken_for(by, expr):
    """`by` is an aggregation. An exporter that runs speaks for one that does not, of what both see."""
    return f"({by} ({expr(exported)}) or {by} ({expr(last)}))"


def age(metric, selector, key):
    """Seconds since a timestamp metric, for each `key`."""
    return spoken_for(f"max by ({key})", lambda read: f"time() - {read(metric, selector)}")


def days_left(metric, selector, key):
    return spoken_for(f"min by ({key})", lambda read: f"({read(metric, selector)} - time()) / 86400")


def or_word(expr, label, word):
    """0 with this word where there is nothing: for panels that show a name."""
    return f'{expr} or on () label_replace(vector(0), "{label}", "{word}", "", "")'


def numbered(expr, label, numbers):
    """Each series times the number of its word."""
    words = " or ".join(f'label_replace(vector({number}), "{label}", "{word}", "", "")' for word, number in numbers.items())
    return f"{expr} * on ({label}) group_left () ({words})"


def of_all(suffix, read, more=""):
    """A metric of each provider, and of each issuer that no provider lists."""
    provider, issuer = (read(f"oidc_{whose}_{suffix}", PROVIDER + more) for whose in ("provider", "issuer"))
    return f"({provider} or on (job, instance, issuer) {issuer})"


def _numbers(read, more=""):
    return numbered(of_all("health", read, more), "health", HEALTH)


def health():
    """One number for each provider."""
    return spoken_for(f"max by ({KEY})", lambda read: _numbers(read) if read is exported else f"clamp_min({_numbers(read)}, {HEALTH['unknown']})")


def health_of_chosen():
    """The same of providers that have the problem that is chosen on top of the page."""
    return f"{health()} and on ({KEY}) ({_problems(CHOSEN)} or {of_all('health', known, CHOSEN)})"


def how_many(word):
    return f"sum({health()} == bool {HEALTH[word]})"


def history(least):
    """Health over time of at most 12 providers, the worst of the window; of those only that were once in `least` or worse.
    As it was scraped: a gap should look like one."""
    once = lambda metric, selector: f"max_over_time({exported(metric, selector)}[$__range] @ end())"
    worst = f"topk(12, max by ({KEY}) ({_numbers(once)}) >= {HEALTH[least]})"
    expr = f"max by ({KEY}) ({_numbers(exported)})\nand on ({KEY}) {worst}"
    # A name that is short enough for a legend.
    return f'label_replace({expr}, "name", "$1", "issuer", "https://(.*)")'


def in_this_health_for():
    """Seconds, as told by the exporter that says the worst."""
    each = f"max by (job, instance, {KEY}) ({_numbers(exported)})"
    worst = f"{each} == on ({KEY}) group_left () {health()}"
    return f"max by ({KEY}) (time() - oidc_provider_health_changed_timestamp_seconds{{{PROVIDER}}} and on (job, instance, {KEY}) {worst})"


def _problems(more=""):
    by = f"max by ({KEY}, problem, class)"
    unseen = f"{by} ({of_all('problem', gone, more)}) unless on ({KEY}) {of_all('health', exported)}"
    return f"({by} ({of_all('problem', exported, more)}) or {unseen})"


def problems():
    """The number of its class for each problem of each provider, worst first."""
    return f"sort_desc({numbered(_problems(), 'class', CLASS)})"


def for_each_provider(expr):
    """Brings a number of each issuer to its providers, or leaves it at the issuer that none lists."""
    providers = f"max by ({KEY}) ({known('oidc_provider_info', PROVIDER)}) * 0"
    return f"{providers} + on (issuer) group_left () {expr} or on (issuer) {expr}"


def active_alerts(labels):
    """Pending and firing alerts; the value is 3 (critical), 2 (warning) or 1 (info). An absent target has no instance."""
    alerts = 'ALERTS{alertname=~"OIDC.+", job=~"$job", instance=~"$instance|"}'
    return f"max by ({labels}) ({numbered(alerts, 'severity', {'critical': 3, 'warning': 2, 'info': 1})})"


def last_poll():
    """1 if it was good everywhere, 0 if not, -1 if no exporter that runs polls; nothing before the first."""
    up = "oidc_issuer_up"
    polled = exported("oidc_issuer_last_poll_timestamp_seconds", ISSUER)
    return f"min({exported(up, ISSUER)} and on (job, instance, issuer) {polled}) or min({last(up, ISSUER)}) * 0 - 1"


def listed():
    """Each provider once for each thumbprint that it lists and where that is served, however many exporters see it."""
    return f"max by ({KEY}, thumbprint, position) ({present('oidc_provider_thumbprint_info', PROVIDER)})"


def not_polled(up, selector, key):
    """1 for each `key` whose last poll failed, or whose exporter does not answer, else 0."""
    return f"(max by ({key}) (1 - {exported(up, selector)}) or max by ({key}) (1 + 0 * {last(up, selector)}))"


def faces():
    """1 for each root CA that an exporter sees of an issuer; 0 where not all exporters that run see it."""
    seen = f"max by (issuer, instance, thumbprint) ({exported('oidc_issuer_thumbprint_info', ISSUER)})"
    watchers = f"count by (issuer) (max by (issuer, instance) ({exported('oidc_issuer_up', ISSUER)}))"
    shared = f"(count by (issuer, thumbprint) ({seen}) == bool on (issuer) group_left () {watchers})"
    blind = f"max by (issuer, instance) ({exported('oidc_issuer_up', ISSUER)} unless on (job, instance, issuer) {exported('oidc_issuer_thumbprint_info', ISSUER)}) * 0 - 1"
    return f"{seen} * on (issuer, thumbprint) group_left () {shared}\nor {blind}"
