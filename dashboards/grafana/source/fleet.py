"""The fleet: is something broken, where, since when, what changed, what to do, and can this page be trusted?"""

import queries as q
from model import UNKNOWN_COLOUR, by_name, by_query, dashboard, fixed, layout, mapping, panel, stat, state_timeline, steps, table, target, text, timeseries
from shared import BAND_COLOURS, DRILL, RUNBOOKS, SOLID, STATES, days_tile, exporter_row, failures, providers, variables

WHAT_TO_DO = f"""
1. Open the issuer in the first row to see its chain, and which certificate the provider lists.
2. **Enforced:** add the served thumbprint with `aws iam update-open-id-connect-provider-thumbprint`.
   It replaces the whole list, so pass the old ones too.
3. **Match, and broken:** the alert OIDCProviderFailing names the problem.
4. **Latent:** nothing breaks today. Do the same during working hours.
5. **Unknown:** fix the poll first. Until then nobody knows whether it still matches.

[Runbooks]({RUNBOOKS}): one for each alert.
"""


def tiles():
    state = q.state()
    failing = q.known("oidc_provider_problem", q.PROVIDER + ', class="failing"')
    many = lambda colour: steps((None, UNKNOWN_COLOUR), (0, "green"), (1, colour))
    broken = stat(
        "Broken now",
        "Providers in mismatch or partial where AWS relies on the list, or with a problem that makes STS refuse every token.",
        [target(f"sum(max by ({q.KEY}) ({state} >= bool {q.PARTIAL_ENFORCED} or {failing}))", instant=True)],
        "no data",
        many("dark-red"),
    )
    drift = stat(
        "Drift",
        "Providers in mismatch or partial where AWS most likely verifies the chain with its own roots. Nothing breaks today.",
        [target(f"sum(({state} >= bool {q.PARTIAL_LATENT}) * ({state} < bool {q.PARTIAL_ENFORCED}))", instant=True)],
        "no data",
        many("orange"),
    )
    unknown = stat(
        "Unknown",
        "Providers without a verdict, or whose match was last confirmed longer ago than 'Unknown after'. They may be broken.",
        [target(f"sum(({state} >= bool {q.WAS_MATCH[0]}) * ({state} <= bool {q.UNKNOWN}))", instant=True)],
        "no data",
        many("purple"),
    )
    nearest = days_tile(
        "Nearest root CA expiry",
        "Days until the first root CA (the last certificate that an issuer serves) expires. Below 0, it has expired.",
        f"min({q.days_left(q.ROOT_CA_END, q.ISSUER)})",
        "no chain seen",
    )
    issuers = stat(
        "Issuers not polled",
        "Issuers whose last poll failed, or whose last successful poll is older than 'Unknown after'. What is shown of them is old.",
        [target(f"sum({q.not_polled('oidc_issuer_up', q.ISSUER_SEEN, q.ISSUER, 'issuer')})", instant=True)],
        "no issuer",
        many("red"),
    )
    accounts = stat(
        "Accounts not polled",
        "AWS accounts where the last read of IAM failed, or the last complete one is older than 'Unknown after'. New providers there go unnoticed.",
        [target(f"sum({q.not_polled('oidc_account_up', q.ACCOUNT_SEEN, q.ACCOUNT, 'account_id')})", instant=True)],
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
    return [(3, broken), (3, drift), (3, unknown), (4, nearest), (3, issuers), (4, accounts), (4, exporters)]


def history():
    return state_timeline(
        "History of states",
        "Providers that were not a match, or were not polled, at some time in this window; at most 20. A gap means that the exporter was not scraped.",
        [target(f"{q.state(q.exported)}\nand on ({q.KEY}) {q.eventful()}", legend="{{account_id}} {{issuer}}", interval="1m")],
        "Every provider was a match throughout this window, up to a minute ago",
        STATES,
    )


def alerts():
    columns = {"Value": "Severity", "alertname": "Alert", "where": "Issuer or endpoint", "alertstate": "Phase", "account_id": "Account"}
    labels = ", ".join(list(columns)[1:])
    severity = mapping({3: ("critical", "red"), 2: ("warning", "orange"), 1: ("info", "blue")})
    return table(
        "Alerts, with their runbooks",
        "Alerts of this exporter that are pending or firing in Prometheus. Click a name to open its runbook. Alerts that Grafana itself evaluates are not listed.",
        [target(q.active_alerts(labels), instant=True, table=True)],
        "No alert is active, or this Prometheus has not loaded the rules",
        columns,
        [
            by_name("Severity", custom__align="left", mappings=severity, custom__cellOptions=SOLID, custom__width=100),
            by_name("Alert", custom__width=270, links=[{"title": "Runbook", "url": RUNBOOKS + "/${__value.raw}.md", "targetBlank": True}]),
            by_name("Issuer or endpoint", custom__minWidth=240),
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
        "Issuers that began to serve a new root CA in this window, latest first. The exporter knows of changes since it last started.",
        [
            target(f"{recent} * 1000", "A", instant=True, table=True),
            target(f"time() - {recent}", "B", instant=True, table=True),
        ],
        "No issuer is known to have changed its root CA in this window",
        {"Value #A": "Changed at", "Value #B": "Ago", "issuer": "Issuer"},
        [
            by_name("Changed at", unit="dateTimeAsIso", custom__width=170),
            by_name("Ago", unit="s", decimals=1, custom__width=110),
            by_name("Issuer", links=[{"title": "Open this issuer", "url": DRILL, "targetBlank": False}]),
        ],
        {"displayName": "Changed at", "desc": True},
    )


def soonest(title, description, days, legend, empty):
    """The ten with the fewest days left, one bar each."""
    return panel(
        "bargauge",
        title,
        description + " The variables at the top of the page set where red and orange begin. Below 0, it has expired.",
        [target(expr, ref, legend, instant=True) for ref, expr in q.bands(f"bottomk(10, {days})").items()],
        {"unit": "suffix: d", "decimals": 1, "min": 0, "max": 365, "noValue": empty, "thresholds": steps((None, UNKNOWN_COLOUR))},
        [by_query(ref, color=fixed(colour)) for ref, colour in BAND_COLOURS.items()],
        {
            "displayMode": "basic",
            "orientation": "horizontal",
            "valueMode": "color",
            "showUnfilled": True,
            "namePlacement": "left",
            "text": {"titleSize": 12, "valueSize": 14},
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
    )


def expiries():
    roots = soonest(
        "Root CAs, soonest to expire",
        "The last certificate that each issuer serves. When it changes, so does the thumbprint.",
        f"min by (issuer) ({q.days_left(q.ROOT_CA_END, q.ISSUER)})",
        "{{issuer}}",
        "No chain has been seen",
    )
    leaf = q.days_left("oidc_certificate_not_after_timestamp_seconds", f'{q.TARGET}, role="leaf"')
    leaves = soonest(
        "Server certificates, soonest to expire",
        "The servers' own certificates, which are renewed often. If one expires, AWS refuses its issuers.",
        f"min by (endpoint) ({leaf} and on (job, instance, endpoint) {q.known('oidc_issuer_endpoint_info', q.ISSUER)})",
        "{{endpoint}}",
        "No chain has been seen",
    )
    return [(12, roots), (12, leaves)]


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
        "How old the evidence is: that of the oldest issuer, and the provider list of each account. Above the dashed line, a match counts as unknown.",
        [
            target(f"max({q.age(q.ISSUER_SEEN, q.ISSUER)})", "A", "oldest issuer"),
            target(f"max by (account_id) ({q.age(q.ACCOUNT_SEEN, q.ACCOUNT)})", "B", "account {{account_id}}"),
            target("vector($stale)", "C", "unknown after"),
        ],
        "No successful poll in this window",
        "s",
        [by_name("unknown after", color=fixed("purple"), custom__fillOpacity=0, custom__lineStyle={"fill": "dash", "dash": [8, 8]})],
        calcs=("lastNotNull",),
    )
    return [(8, phases), (8, ages), (8, failures())]


def build():
    table = providers(
        "Act on these first",
        "Every provider, worst first. A row does not disappear when a poll fails: it becomes unknown, and 'Last good look' says since when. "
        "Account 'file' stands for thumbprints from the exporter's own configuration. Click an issuer to see its chain.",
        "No provider is known: the exporter has none, has never run, or is filtered out at the top of the page",
    )
    panels = layout(
        (4, tiles()),
        (10, [(24, table)]),
        (9, [(11, history()), (13, alerts())]),
        (7, [(10, changes()), (14, text("What to do", WHAT_TO_DO))]),
        (9, expiries()),
        (8, polls()),
        *exporter_row(),
    )
    links = [
        {"title": "Issuer", "type": "link", "url": "/d/oidc-issuer", "icon": "dashboard", "keepTime": True, "includeVars": True, "targetBlank": False, "tags": [], "asDropdown": False, "tooltip": "One issuer in detail"},
        {"title": "OIDC dashboards", "type": "dashboards", "tags": ["oidc"], "asDropdown": True, "keepTime": True, "includeVars": True, "icon": "external link", "url": "", "targetBlank": False, "tooltip": ""},
        {"title": "Runbooks", "type": "link", "url": RUNBOOKS, "icon": "doc", "targetBlank": True, "keepTime": False, "includeVars": False, "tags": [], "asDropdown": False, "tooltip": "What each alert means and how to fix it"},
    ]
    return dashboard("oidc-fleet", "OIDC providers / Fleet", "Does every IAM OIDC provider still list what its issuer serves?", variables(), panels, links, "now-24h")
