"""What both dashboards show alike: words and colours of a state, the table of providers, the exporter's own row."""

import queries as q
from model import UNKNOWN_COLOUR, by_name, by_query, choice_variable, datasource_variable, fixed, mapping, query_variable, row, stat, steps, table, target, timeseries

RUNBOOKS = "https://github.com/example/oidc-thumbprint-exporter/blob/main/dashboards/runbooks"
DRILL = "/d/oidc-issuer?${__url_time_range}&${datasource:queryparam}&var-issuer=${__data.fields.Issuer}"

STATES = mapping(
    {
        q.MISMATCH_ENFORCED: ("MISMATCH, enforced", "dark-red"),
        q.PARTIAL_ENFORCED: ("PARTIAL, enforced", "red"),
        q.MISMATCH_LATENT: ("mismatch, latent", "orange"),
        q.PARTIAL_LATENT: ("partial, latent", "light-orange"),
        q.UNKNOWN: ("unknown", "purple"),
        **{number: ("unknown, was match", "light-purple") for number in q.WAS_MATCH},
        q.EXPIRING: ("match, root CA ends", "yellow"),
        q.MATCH: ("match", "green"),
    }
)
SOLID = {"type": "color-background", "mode": "basic"}
BAND_COLOURS = {"A": "red", "B": "orange", "C": "green"}


def variables(single_issuer=False):
    return [
        datasource_variable(),
        query_variable("job", "Job", "label_values(oidc_exporter_build_info, job)"),
        query_variable("instance", "Instance", 'label_values(oidc_exporter_build_info{job=~"$job"}, instance)'),
        query_variable("account", "AWS account", f"label_values(oidc_provider_thumbprint_status{{{q.TARGET}}}, account_id)"),
        query_variable("issuer", "Issuer", f"label_values(oidc_issuer_up{{{q.TARGET}}}, issuer)", multi=not single_issuer),
        choice_variable("days_critical", "Red below", "An expiry is red if fewer days than this are left.", {"3 d": 3, "7 d": 7, "14 d": 14}, 7),
        choice_variable("days_warning", "Orange below", "An expiry is orange if fewer days than this are left.", {"30 d": 30, "60 d": 60, "90 d": 90}, 30),
        choice_variable(
            "stale",
            "Unknown after",
            "A match counts as unknown if the last successful poll is older than this.",
            {"15 min": 900, "30 min": 1800, "1 h": 3600, "6 h": 21600},
            1800,
        ),
    ]


def days_tile(title, description, days, empty):
    """Days left, coloured by the two thresholds that are variables."""
    queries = [target(expr, ref, instant=True) for ref, expr in q.bands(days).items()]
    overrides = [by_query(ref, color=fixed(colour), unit="suffix: d") for ref, colour in BAND_COLOURS.items()]
    return stat(title, description, queries, empty, steps((None, UNKNOWN_COLOUR)), overrides, decimals=1)


def providers(title, description, empty, one_issuer=False):
    """Every provider, worst first. All queries have the same labels, so that `merge` makes one row of them."""
    columns = {
        "Value #A": "State",
        "account_id": "Account",
        "issuer": "Issuer",
        "Value #B": "In this state for",
        "Value #C": "Last good look",
        "Value #D": "Covered",
        "Value #E": "Root CA left",
        "provider_arn": "Provider",
    }
    exprs = [q.state(), q.state_age(), q.evidence_age(), q.provider_coverage(), q.provider_days_left()]
    queries = [target(expr, "ABCDE"[i], instant=True, table=True) for i, expr in enumerate(exprs)]
    overrides = [
        by_name("State", custom__align="left", mappings=STATES, custom__cellOptions=SOLID, custom__width=180, links=[{"title": "Runbooks", "url": RUNBOOKS, "targetBlank": True}]),
        by_name("Account", custom__width=130),
        by_name("Issuer", custom__minWidth=380, links=[{"title": "Open this issuer", "url": DRILL, "targetBlank": False}]),
        by_name("Provider", custom__minWidth=260),
        by_name("In this state for", unit="s", decimals=1, noValue="no change seen", custom__width=160),
        by_name("Last good look", unit="s", decimals=1, noValue="never", custom__width=140),
        by_name("Covered", unit="percentunit", decimals=0, noValue="unknown", custom__width=100),
        by_name("Root CA left", unit="suffix: d", decimals=1, noValue="unknown", custom__width=140),
    ]
    hidden = ("issuer",) if one_issuer else ()
    return table(title, description, queries, empty, columns, overrides, [{"displayName": "State", "desc": True}, {"displayName": "Root CA left", "desc": False}], hidden)


def failures(accounts=True):
    """Failed polls of issuers, and of accounts if wanted."""
    by_reason = lambda metric, selector: f"sum by (reason) (increase({metric}{{{selector}}}[$__rate_interval])) > 0"
    queries = [
        target(by_reason("oidc_issuer_poll_failures_total", q.ISSUER), "A", "issuer: {{reason}}"),
        target(by_reason("oidc_account_poll_failures_total", q.ACCOUNT), "B", "account: {{reason}}"),
    ]
    return timeseries(
        "Failed polls, by reason",
        "Failed polls by reason. A few scattered ones are normal on the internet; a solid block is an outage.",
        queries if accounts else queries[:1],
        "No poll failed in this window",
        "short",
        [{"matcher": {"id": "byType", "options": "number"}, "properties": [{"id": "color", "value": {"mode": "shades", "fixedColor": "red"}}]}],
        bars=True,
        calcs=(),
    )


def exporter_row():
    """Can this page be trusted? Lines of `layout`."""
    info = f"max by (job, instance, version) (oidc_exporter_build_info{{{q.TARGET}}})"
    columns = {
        "instance": "Instance",
        "Value #A": "Scrape",
        "Value #B": "Last reload",
        "Value #C": "Configured",
        "Value #D": "Polls every",
        "Value #E": "Web file",
    }
    gauges = {
        "A": f"max by (job, instance) ({q.EXPORTERS})",
        "B": f"max by (job, instance) (oidc_exporter_config_last_reload_successful{{{q.TARGET}}})",
        "C": f"max by (job, instance) (oidc_exporter_config_last_reload_success_timestamp_seconds{{{q.TARGET}}}) * 1000",
        "D": f"max by (job, instance) (oidc_exporter_poll_interval_seconds{{{q.TARGET}}})",
        "E": f"max by (job, instance) (oidc_exporter_web_config_last_reload_successful{{{q.TARGET}}})",
    }
    outcome = lambda bad: mapping({0: (bad, "red"), 1: ("ok", "green")})
    exporters = table(
        "Scrapes and reloads",
        "Every exporter that Prometheus scrapes. One that is DOWN sees nothing, and what this page shows of it is old. 'Web file' says whether the current web configuration file is in use.",
        [target(expr, ref, instant=True, table=True) for ref, expr in gauges.items()],
        "Prometheus scrapes no exporter",
        columns,
        [
            by_name("Scrape", mappings=outcome("DOWN"), custom__align="left", custom__cellOptions=SOLID, custom__width=90),
            by_name("Last reload", mappings=outcome("REJECTED"), custom__align="left", custom__cellOptions=SOLID, custom__width=110, noValue="unknown"),
            by_name("Configured", unit="dateTimeFromNow", noValue="unknown", custom__width=150),
            by_name("Polls every", unit="s", noValue="unknown", custom__width=110),
            by_name("Web file", mappings=outcome("REJECTED"), noValue="none", custom__width=90),
        ],
        hidden=("job",),
    )
    return [
        row("Exporter", collapsed=True),
        (
            6,
            [
                (11, exporters),
                (
                    3,
                    stat("Version", "Versions of the running exporters.", [target(info, legend="{{version}}", instant=True)], "none running", steps((None, "blue")), text="name"),
                ),
                (
                    5,
                    timeseries(
                        "Memory",
                        "Resident memory of each exporter process.",
                        [target(f"process_resident_memory_bytes{{{q.TARGET}}}", legend="{{instance}}")],
                        "no exporter",
                        "bytes",
                        legend="bottom",
                    ),
                ),
                (
                    5,
                    timeseries(
                        "Processor",
                        "Processor cores used by each exporter process.",
                        [target(f"rate(process_cpu_seconds_total{{{q.TARGET}}}[$__rate_interval])", legend="{{instance}}")],
                        "no exporter",
                        "short",
                        legend="bottom",
                    ),
                ),
            ],
        ),
    ]
