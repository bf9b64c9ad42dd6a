"""The fleet: is something broken, where, since when, why, what to do, and can this page be trusted?"""

import queries as q
from model import UNKNOWN_COLOUR, by_name, by_query, dashboard, fixed, layout, mapping, stat, state_timeline, steps, table, target, text, timeseries
from shared import COLOURED, DRILL, EXPIRED, HEALTH, LEAF_DAYS, ROOT_CA_DAYS, RUNBOOK, RUNBOOKS, SOLID, STALE, WORDS, WRAPPED, days_tile, exporter_row, failures, problems, providers, variables

WHAT_TO_DO = f"""
1. Click the first problem in *Problems* for its runbook, and the issuer in the first row to see its chain.
2. **A thumbprint:** add the served one with `aws iam update-open-id-connect-provider-thumbprint`.
   It replaces the whole list, so pass the old ones too.
3. **Keys or certificates:** the people who run the issuer must act. AWS cannot be told to look away.
4. **At risk:** nothing breaks today. Do the same during working hours.
5. **Unknown:** fix the poll or the exporter first. Until then nobody knows whether STS still accepts the tokens.

[Runbooks]({RUNBOOKS}): one for each alert and problem.
"""
ONLY = "/d/oidc-fleet?${__url_time_range}&${datasource:queryparam}&${job:queryparam}&${instance:queryparam}&${account:queryparam}&${issuer:queryparam}&var-problem=${__value.raw}"


def counted(title, description, word):
    """How many providers are in this health. A 0 is green only where all is known."""
    number = q.how_many(word)
    unsure = f"{q.how_many('unknown')} > 0"
    several = steps((None, UNKNOWN_COLOUR), (0, "green"), (1, WORDS[word][1]))
    if word == "unknown":
        return stat(title, description, [target(number, instant=True)], "no data", several)
    queries = [
        target(f"{number} > 0 or {number} unless {unsure}", "A", instant=True),
        target(f"{number} == 0 and {unsure}", "B", instant=True),
    ]
    return stat(title, description + " A grey 0: none is known to be, and some are unknown.", queries, "no data", several, [by_query("B", color=fixed(UNKNOWN_COLOUR))])


def tiles():
    many = lambda colour: steps((None, UNKNOWN_COLOUR), (0, "green"), (1, colour))
    broken = counted(
        "Broken now",
        "Providers whose tokens STS refuses, or some of them: health 'failing'. An issuer that no provider lists counts as one.",
        "failing",
    )
    at_risk = counted("At risk", "Providers whose tokens STS accepts as far as is known, until something ends that.", "at_risk")
    unknown = counted(
        "Unknown",
        "Providers of which nobody can tell, also because their exporter does not answer. They may be broken.",
        "unknown",
    )
    nearest = days_tile(
        "Nearest root CA expiry",
        "Days until the first root CA (the last certificate that an issuer serves) expires. Below 0, it has expired.",
        f"min({q.days_left(q.ROOT_CA_END, q.ISSUER, 'issuer')})",
        "no chain seen",
    )
    issuers = stat(
        "Issuers not polled",
        "Issuers whose last poll failed, or whose exporter does not answer. What is shown of them is old.",
        [target(f"sum({q.not_polled('oidc_issuer_up', q.ISSUER, 'issuer')})", instant=True)],
        "no issuer",
        many("red"),
    )
    accounts = stat(
        "Accounts not polled",
        "AWS accounts where the last read of IAM failed, or whose exporter does not answer. Changes there go unnoticed.",
        [target(f"sum({q.not_polled('oidc_account_up', q.ACCOUNT, 'account_id')})", instant=True)],
        "no account",
        many("red"),
    )
    exporters = stat(
        "Exporters",
        "Exporters that Prometheus can scrape, and those that it cannot. If none is up, everything on this page is old.",
        [target(f"sum({q.EXPORTERS})", "A", "up", instant=True), target(f"sum({q.EXPORTERS} == bool 0)", "B", "down", instant=True)],
        "none",
        overrides=[
            by_query("A", thresholds=steps((None, UNKNOWN_COLOUR), (0, "red"), (1, "green"))),
            by_query("B", thresholds=many("red")),
        ],
        text="value_and_name",
    )
    return [(3, [(6, broken), (6, at_risk), (6, unknown), (6, exporters)]), (3, [(8, nearest), (8, issuers), (8, accounts)])]


def history():
    return state_timeline(
        "History of health",
        "Providers that were not healthy at some time in this window: the worst, at most 12. A gap means that the exporter was not scraped.",
        [target(q.history("at_risk"), legend="{{account_id}} {{name}}", interval="1m")],
        "Every provider was healthy throughout this window, up to a minute ago",
        HEALTH,
    )


def alerts():
    columns = {"Value": "Severity", "alertname": "Alert", "problem": "Problem", "issuer": "Issuer", "alertstate": "Phase", "account_id": "Account"}
    labels = ", ".join(list(columns)[1:])
    severity = mapping({3: ("critical", "red"), 2: ("warning", "orange"), 1: ("info", "blue")})
    return table(
        "Alerts, with their runbooks",
        "Alerts of this exporter that are pending or firing in Prometheus. Click a name to open its runbook. Alerts that Grafana itself evaluates are not listed.",
        [target(q.active_alerts(labels), instant=True, table=True)],
        "No alert is active, or this Prometheus has not loaded the rules",
        columns,
        [
            by_name("Severity", custom__align="left", mappings=severity, custom__cellOptions=SOLID, custom__width=90),
            by_name("Problem", custom__width=165, links=[RUNBOOK]),
            by_name("Alert", custom__width=250, links=[{"title": "Runbook", "url": RUNBOOKS + "/${__value.raw}.md", "targetBlank": True}]),
            by_name("Issuer", custom__minWidth=200, custom__cellOptions=WRAPPED),
            by_name("Phase", custom__width=80),
            by_name("Account", custom__width=120),
        ],
        {"displayName": "Severity", "desc": True},
    )


def changes():
    changed = q.known("oidc_issuer_thumbprint_changed_timestamp_seconds", q.ISSUER)
    recent = f"(max by (issuer) ({changed}) > time() - $__range_s)"
    return table(
        "What changed",
        "Issuers that began to serve a new root CA in this window, latest first. Without a state file, the exporter knows only of changes since it started.",
        [
            target(f"{recent} * 1000", "A", instant=True, table=True),
            target(f"time() - {recent}", "B", instant=True, table=True),
        ],
        "No issuer is known to have changed its root CA in this window",
        {"Value #A": "Changed at", "Value #B": "Ago", "issuer": "Issuer"},
        [
            by_name("Changed at", unit="dateTimeAsIso", custom__width=170),
            by_name("Ago", unit="s", decimals=1, custom__width=90),
            by_name("Issuer", custom__cellOptions=WRAPPED, links=[{"title": "Open this issuer", "url": DRILL, "targetBlank": False}]),
        ],
        {"displayName": "Changed at", "desc": True},
    )


def soonest(title, description, days, bands, heading, **properties):
    """The ten with the fewest days left."""
    label = heading.lower()
    return table(
        title,
        description + " Below 0 days, it has expired.",
        [target(f"bottomk(10, {days})", instant=True, table=True)],
        "No chain has been seen",
        {"Value": "Left", label: heading},
        [
            by_name("Left", unit="suffix: d", decimals=1, mappings=EXPIRED, thresholds=bands, custom__cellOptions=COLOURED, custom__width=100),
            by_name(heading, custom__cellOptions=WRAPPED, **properties),
        ],
        {"displayName": "Left", "desc": False},
    )


def expiries():
    roots = soonest(
        "Root CAs, soonest to expire",
        "The last certificate that each issuer serves. When it changes, so does the thumbprint.",
        q.days_left(q.ROOT_CA_END, q.ISSUER, "issuer"),
        ROOT_CA_DAYS,
        "Issuer",
        links=[{"title": "Open this issuer", "url": DRILL, "targetBlank": False}],
    )
    leaf = q.present("oidc_certificate_not_after_timestamp_seconds", f'{q.TARGET}, role="leaf"')
    leaves = soonest(
        "Server certificates, soonest to expire",
        "The servers' own certificates, which are renewed often. If one expires, AWS refuses its issuers.",
        f"(min by (endpoint) ({leaf} and on (job, instance, endpoint) {q.known('oidc_issuer_endpoint_info', q.ISSUER)}) - time()) / 86400",
        LEAF_DAYS,
        "Endpoint",
    )
    return [(9, roots), (7, leaves)]


def polls():
    phases = timeseries(
        "Slowest issuer, by phase of a poll",
        "The longest that each phase took among the selected issuers. STS gives an issuer 5 s (dashed line); after that it answers \"Couldn't retrieve verification key\".",
        [target(f"max by (phase) (oidc_issuer_poll_duration_seconds{{{q.ISSUER}}})", legend="{{phase}}")],
        "No poll in this window",
        "s",
        thresholds=steps((None, "transparent"), (5, "red")),
    )
    ages = timeseries(
        "Age of the last good poll",
        "How old the evidence is: that of the issuer, and the provider list of the account, that were read longest ago. Dashed line: 30 min, after which evidence counts as stale unless health.stale_after is set.",
        [
            target(f"max({q.age(q.ISSUER_SEEN, q.ISSUER, 'issuer')})", "A", "oldest issuer"),
            target(f"max({q.age(q.ACCOUNT_SEEN, q.ACCOUNT, 'account_id')})", "B", "oldest account"),
        ],
        "No successful poll in this window",
        "s",
        thresholds=steps((None, "transparent"), (STALE, "purple")),
        calcs=("lastNotNull",),
    )
    return [(8, phases), (8, ages), (8, failures())]


def build():
    every = providers(
        "Act on these first",
        "Every provider, worst first, with its problems, the worst of them first. While its exporter does not answer, a provider is unknown, or failing if it was. "
        "Account 'file' stands for thumbprints from the exporter's own configuration; an issuer that no provider lists has no account. Click an issuer to see its chain.",
        "No provider is known: the exporter has none, has never run, or is filtered out at the top of the page",
    )
    why = problems(
        "Problems",
        "How many providers have each problem, and how many issuers those have. Click one to see its providers only, or for its runbook. 'Problem' at the top of the page shows all again.",
        [{"title": "Show only the providers that have it", "url": ONLY, "targetBlank": False}],
    )
    panels = layout(
        *tiles(),
        (10, [(24, every)]),
        (8, [(10, why), (14, history())]),
        (8, [(14, alerts()), (10, text("What to do", WHAT_TO_DO))]),
        (8, [(8, changes()), *expiries()]),
        (8, polls()),
        *exporter_row(),
    )
    links = [
        {"title": "Issuer", "type": "link", "url": "/d/oidc-issuer", "icon": "dashboard", "keepTime": True, "includeVars": True, "targetBlank": False, "tags": [], "asDropdown": False, "tooltip": "One issuer in detail"},
        {"title": "OIDC dashboards", "type": "dashboards", "tags": ["oidc"], "asDropdown": True, "keepTime": True, "includeVars": True, "icon": "external link", "url": "", "targetBlank": False, "tooltip": ""},
        {"title": "Runbooks", "type": "link", "url": RUNBOOKS, "icon": "doc", "targetBlank": True, "keepTime": False, "includeVars": False, "tags": [], "asDropdown": False, "tooltip": "What each alert and problem means and how to fix it"},
    ]
    return dashboard("oidc-fleet", "OIDC providers / Fleet", "Would AWS STS accept the tokens of every OIDC issuer, now and soon?", variables(), panels, links, "now-24h")
