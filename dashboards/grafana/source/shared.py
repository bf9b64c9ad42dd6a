"""What both dashboards show alike: words and colours of health and problems, the table of providers, the exporter's own row."""

import queries as q
from model import UNKNOWN_COLOUR, below, by_name, datasource_variable, fixed, mapping, one_row_each, query_variable, row, stat, steps, table, target, timeseries

RUNBOOKS = "https://github.com/example/oidc-thumbprint-exporter/blob/main/dashboards/runbooks"
DRILL = "/d/oidc-issuer?${__url_time_range}&${datasource:queryparam}&var-issuer=${__data.fields.Issuer}"
RUNBOOK = {"title": "What it is and how to fix it", "url": RUNBOOKS + "/problems/${__value.raw}.md", "targetBlank": True}

WORDS = {"failing": ("FAILING", "dark-red"), "unknown": ("unknown", "purple"), "at_risk": ("at risk", "orange"), "healthy": ("healthy", "green")}
HEALTH = mapping({q.HEALTH[word]: shown for word, shown in WORDS.items()})
SOLID = {"type": "color-background", "mode": "basic"}
COLOURED = {"type": "color-text"}
# In one line, two clusters of one region look alike.
WRAPPED = {"type": "auto", "wrapText": True}
# The bands of the alerts; red is health.leaf_days too, and orange health.root_ca_days, as they are by default.
ROOT_CA_DAYS = steps((None, UNKNOWN_COLOUR), (-100_000, "red"), (7, "orange"), (30, "yellow"), (90, "green"))
LEAF_DAYS = steps((None, UNKNOWN_COLOUR), (-100_000, "red"), (7, "green"))
EXPIRED = [below(0, "EXPIRED", "red")]
# health.stale_after, as it is by default.
STALE = 1800


def variables(single_issuer=False):
    on_top = [
        datasource_variable(),
        query_variable("job", "Job", "label_values(oidc_exporter_build_info, job)"),
        query_variable("instance", "Instance", 'label_values(oidc_exporter_build_info{job=~"$job"}, instance)'),
        query_variable("account", "AWS account", f"label_values(oidc_provider_health{{{q.TARGET}}}, account_id)", all_value=".*"),
        query_variable("issuer", "Issuer", f"label_values(oidc_issuer_up{{{q.TARGET}}}, issuer)", multi=not single_issuer),
    ]
    problem = query_variable("problem", "Problem", f"label_values(oidc_provider_problem{{{q.TARGET}}}, problem)", all_value=".*")
    return on_top if single_issuer else [*on_top, problem]


def days_tile(title, description, days, empty):
    """Days left, in the bands of the alerts."""
    return stat(title, description, [target(days, instant=True)], empty, ROOT_CA_DAYS, decimals=1, unit="suffix: d", mappings=EXPIRED)


def providers(title, description, empty, one_issuer=False):
    """Every provider, worst first, and every issuer that none lists."""
    exprs = {
        "A": q.health() if one_issuer else q.health_of_chosen(),
        "B": q.problems(),
        "C": q.in_this_health_for(),
        "D": q.for_each_provider(q.days_left(q.ROOT_CA_END, q.ISSUER, "issuer")),
        "E": q.for_each_provider(q.age(q.ISSUER_SEEN, q.ISSUER, "issuer")),
    }
    columns = {
        "Value #A (firstNotNull)": "Health",
        "Value #C (firstNotNull)": "For",
        "problem (uniqueValues)": "Problems",
        "issuer": "Issuer",
        "account_id": "Account",
        "Value #D (firstNotNull)": "Root CA left",
        "Value #E (firstNotNull)": "Last good look",
        "provider_arn": "Provider",
    }
    overrides = [
        by_name("Health", custom__align="left", mappings=HEALTH, custom__cellOptions=SOLID, custom__width=100),
        by_name("For", unit="s", decimals=1, noValue="not known", custom__width=100),
        by_name("Problems", custom__cellOptions={"type": "pill", "wrapText": True}, custom__minWidth=270, color=fixed("transparent")),
        by_name("Issuer", custom__minWidth=400, custom__cellOptions=WRAPPED, links=[{"title": "Open this issuer", "url": DRILL, "targetBlank": False}]),
        by_name("Account", custom__width=140),
        by_name("Root CA left", unit="suffix: d", decimals=1, noValue="unknown", mappings=EXPIRED, thresholds=ROOT_CA_DAYS, custom__cellOptions=COLOURED, custom__width=150),
        by_name("Last good look", unit="s", decimals=1, noValue="never", custom__width=155),
        by_name("Provider", custom__minWidth=240, custom__cellOptions=WRAPPED),
    ]
    # The ARN says no more than account and issuer.
    hidden = "issuer" if one_issuer else "provider_arn"
    shown = {field: heading for field, heading in columns.items() if field != hidden}
    return table(
        title,
        description,
        [target(expr, ref, instant=True, table=True) for ref, expr in exprs.items()],
        empty,
        shown,
        [one for one in overrides if one["matcher"]["options"] in shown.values()],
        [{"displayName": "Health", "desc": True}, {"displayName": "Root CA left", "desc": False}],
        (hidden,),
        one_row_each(q.KEY.split(", "), ["problem"], "ACDE"),
        filterable=True,
    )


def problems(title, description, links):
    """How many providers have each problem."""
    known = f"count by (problem, class) ({q.problems()})"
    exprs = {
        "A": f"max by (problem, class) ({q.problems()})",
        "B": known,
        "C": f"count by (problem, class) (max by (issuer, problem, class) ({q.problems()}))",
    }
    columns = {"Value #A": "Class", "problem": "Problem", "Value #B": "Providers", "Value #C": "Issuers"}
    return table(
        title,
        description,
        [target(expr, ref, instant=True, table=True) for ref, expr in exprs.items()],
        "No problem is known",
        columns,
        [
            by_name("Class", custom__align="left", mappings=HEALTH, custom__cellOptions=SOLID, custom__width=100),
            by_name("Problem", custom__minWidth=170, links=[*links, RUNBOOK]),
            by_name("Providers", custom__width=95),
            by_name("Issuers", custom__width=85),
        ],
        [{"displayName": "Class", "desc": True}, {"displayName": "Providers", "desc": True}],
        ("class",),
    )


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
    versions = q.or_word(f"max by (version) (oidc_exporter_build_info{{{q.TARGET}}})", "version", "none running")
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
            by_name("Last reload", mappings=outcome("REJECTED"), custom__align="left", custom__cellOptions=SOLID, custom__width=110, noValue="unknown", thresholds=steps((None, UNKNOWN_COLOUR))),
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
                    stat("Version", "Versions of the running exporters.", [target(versions, legend="{{version}}", instant=True)], "none running", steps((None, UNKNOWN_COLOUR), (1, "blue")), text="name"),
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
