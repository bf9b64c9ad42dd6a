"""One issuer: its problems, the chain it serves and to whom, what the providers list, and how that came about."""

import queries as q
from model import UNKNOWN_COLOUR, by_name, dashboard, fixed, layout, mapping, stat, state_timeline, steps, table, target, text, timeseries
from shared import HEALTH, RUNBOOKS, SOLID, STALE, days_tile, exporter_row, failures, problems, providers, variables

SERVED_HERE = f"on (job, instance, endpoint) {q.known('oidc_issuer_endpoint_info', q.ISSUER)}"
CERTIFICATE = f"{q.present('oidc_certificate_info', q.TARGET)} and {SERVED_HERE}"
for name in ("subject", "issued_by"):
    # The common name is enough for a column; names without one stay whole.
    CERTIFICATE = f'label_replace({CERTIFICATE}, "{name}", "$1", "{name}", ".*CN=([^,]+).*")'
CERTIFICATE_KEY = "endpoint, position, role, subject, issued_by, sha1"
SOUND = {"trusted": "green", "private": "blue"}

BY_HAND = f"""
What is served (AWS wants the last certificate; a thumbprint has no colons):
```
openssl s_client -servername HOST -showcerts -connect HOST:443 </dev/null
openssl x509 -in LAST.pem -noout -enddate -fingerprint -sha1
```
What IAM lists:
```
aws iam get-open-id-connect-provider --open-id-connect-provider-arn ARN
```
[Runbooks]({RUNBOOKS})
"""


def tiles():
    worst = stat(
        "Health",
        "The worst health among the providers of this issuer; that of the issuer itself where no provider lists it.",
        [target(f"max({q.health()})", instant=True)],
        "not watched",
        steps((None, UNKNOWN_COLOUR)),
        mappings=HEALTH,
    )
    poll = stat(
        "Last poll",
        "Whether the last poll fetched the discovery document, the chain and the keys.",
        [target(q.last_poll(), instant=True)],
        "never polled",
        steps((None, UNKNOWN_COLOUR)),
        mappings=mapping({0: ("FAILED", "red"), 1: ("good", "green"), -1: ("exporter down", "purple")}),
    )
    seen = stat(
        "Last good look",
        "Age of everything that this page shows about the chain. Red from 30 min on, when evidence counts as stale unless health.stale_after is set.",
        [target(f"max({q.age(q.ISSUER_SEEN, q.ISSUER, 'issuer')})", instant=True)],
        "never",
        steps((None, UNKNOWN_COLOUR), (-100_000, "green"), (STALE, "red")),
        unit="s",
    )
    root = days_tile(
        "Root CA expires in",
        "Days until the last certificate served expires. Below 0, it has expired.",
        f"min({q.days_left(q.ROOT_CA_END, q.ISSUER, 'issuer')})",
        "no chain seen",
    )
    anchor = days_tile(
        "Trust anchor expires in",
        "Days until the self-signed root that the chain leads to expires; it is often not served. Below 0, it has expired.",
        f"min({q.days_left('oidc_trust_anchor_not_after_timestamp_seconds', q.ISSUER, 'issuer')})",
        "none found",
    )
    changed = stat(
        "Root CA changed",
        "How long ago this issuer began to serve a new root CA, as far as the exporter has seen. Without a state file, it forgets that when it restarts.",
        [target(f"min({q.age('oidc_issuer_thumbprint_changed_timestamp_seconds', q.ISSUER, 'issuer')})", instant=True)],
        "not seen",
        steps((None, UNKNOWN_COLOUR), (0, "blue")),
        unit="s",
    )
    chain = stat(
        "Chain",
        "How TLS clients judge the chains of this issuer's endpoints. Blue means that only a private CA vouches for the chain.",
        [target(q.or_word(f"max by (status) (({q.known('oidc_chain_status', q.TARGET)} == 1) and {SERVED_HERE})", "status", "no chain seen"), legend="{{status}}", instant=True)],
        "no chain seen",
        steps((None, UNKNOWN_COLOUR), (1, "red")),
        [by_name(word, color=fixed(colour)) for word, colour in SOUND.items()],
        text="name",
    )
    return [(3, [(6, worst), (6, poll), (6, seen), (6, chain)]), (3, [(8, root), (8, anchor), (8, changed)])]


def chain():
    joined = lambda other: f"({CERTIFICATE}) * on (job, instance, endpoint, position, sha1) group_left () {other}"
    not_after = q.known("oidc_certificate_not_after_timestamp_seconds", q.TARGET)
    listed = f'label_replace(max by ({q.KEY}, thumbprint) ({q.listed()}), "sha1", "$1", "thumbprint", "(.*)")'
    by_key = lambda expr: f"max by ({CERTIFICATE_KEY}) ({expr})"
    exprs = [
        by_key(f"({CERTIFICATE}) * on (sha1) group_left () count by (sha1) ({listed}) or ({CERTIFICATE}) * 0"),
        f"({by_key(joined(not_after))} - time()) / 86400",
        f"{by_key(joined(not_after))} * 1000",
    ]
    columns = {
        "endpoint": "Endpoint",
        "position": "#",
        "role": "Role",
        "subject": "Subject",
        "issued_by": "Issued by",
        "sha1": "SHA-1 thumbprint",
        "Value #A": "Listed by",
        "Value #B": "Days left",
        "Value #C": "Not after",
    }
    return table(
        "Served chain",
        "The certificates of every endpoint of this issuer, in the order served. The last one, 'root', is the one whose thumbprint AWS wants. "
        "If a position appears more than once, the endpoint has shown several chains within the window (24 h by default).",
        [target(expr, "ABC"[i], instant=True, table=True) for i, expr in enumerate(exprs)],
        "No chain of this issuer has been seen",
        columns,
        [
            by_name("#", custom__width=50),
            by_name("Role", custom__width=110),
            by_name("Endpoint", custom__width=230),
            by_name("SHA-1 thumbprint", custom__width=365),
            by_name("Listed by", custom__width=110, custom__align="left", mappings=mapping({0: ("no provider", None), 1: ("1 provider", None)}), unit="suffix: providers"),
            by_name("Days left", unit="suffix: d", decimals=1, thresholds=steps((None, "red"), (7, "text")), custom__cellOptions={"type": "color-text"}, custom__width=100),
            by_name("Not after", unit="dateTimeAsIso", custom__width=165),
        ],
        [{"displayName": "Endpoint", "desc": False}, {"displayName": "#", "desc": False}],
    )


def thumbprints():
    listed = q.listed()
    served = q.present("oidc_issuer_thumbprint_info", q.ISSUER)
    missing = f'label_replace(max by (thumbprint) ({served}) unless on (thumbprint) {listed}, "position", "root", "", "") * 0'
    return table(
        "Listed and served thumbprints",
        "Every thumbprint that a provider lists, and every root CA that is served. 'NO PROVIDER' means that it is served but listed nowhere: that is the mismatch.",
        [target(f"count by (thumbprint, position) ({listed}) or {missing}", instant=True, table=True)],
        "No thumbprint is listed or served",
        {"Value": "Listed by", "position": "Served as", "thumbprint": "Thumbprint"},
        [
            by_name("Listed by", custom__width=140, custom__align="left", unit="suffix: providers", mappings=mapping({0: ("NO PROVIDER", "red"), 1: ("1 provider", None)}), custom__cellOptions={"type": "color-text"}),
            by_name("Served as", custom__width=150, mappings=mapping({"": ("not served", "orange"), "none": ("not served", "orange"), "leaf": ("leaf (fragile)", "orange")}), custom__cellOptions={"type": "color-text"}),
        ],
        {"displayName": "Listed by", "desc": False},
    )


def endpoints():
    status = f"({q.known('oidc_chain_status', q.TARGET)} == 1) and {SERVED_HERE}"
    here = lambda metric: f"({status}) * on (job, instance, endpoint) group_left () {q.known(metric, q.TARGET)}"
    words = ["intercepted", "expired", "not_yet_valid", "name_mismatch", "incomplete", "misordered", "root_off_path", "invalid"]
    colours = mapping({"trusted": ("trusted", "green"), "private": ("private CA", "blue")} | {"unproven": ("unproven", "orange")} | {word: (word, "red") for word in words})
    return table(
        "Endpoints",
        "Hosts and ports of the discovery document and of the keys, the state of their chains, and how many of their addresses failed when they were looked at last. AWS relies on the thumbprint where TLS 1.2 is refused.",
        [
            target(f"max by (endpoint, status) ({here('oidc_endpoint_addresses')})", "A", instant=True, table=True),
            target(f"max by (endpoint, status) ({here('oidc_endpoint_addresses_failed')})", "B", instant=True, table=True),
            target(f"min by (endpoint, status) ({here('oidc_endpoint_tls12_accepted')})", "C", instant=True, table=True),
        ],
        "No endpoint of this issuer is known",
        {"status": "Chain", "endpoint": "Endpoint", "Value #A": "Addresses", "Value #B": "Failed", "Value #C": "TLS 1.2"},
        [
            by_name("Chain", mappings=colours, custom__cellOptions=SOLID, custom__width=130),
            by_name("TLS 1.2", custom__width=90, custom__align="left", noValue="unknown", mappings=mapping({0: ("refused", "orange"), 1: ("accepted", None)}), custom__cellOptions={"type": "color-text"}),
            by_name("Addresses", custom__width=100, noValue="unknown"),
            by_name("Failed", custom__width=90, noValue="unknown", thresholds=steps((None, "text"), (1, "red")), custom__cellOptions={"type": "color-text"}),
        ],
        {"displayName": "Endpoint", "desc": False},
    )


def audiences():
    return table(
        "Required audiences",
        "Whether each provider allows the audiences (client ids) that the exporter's configuration requires.",
        [target(f"min by (account_id, audience) ({q.known('oidc_provider_audience_allowed', q.PROVIDER)})", instant=True, table=True)],
        "The configuration requires no audience of this issuer",
        {"Value": "Accepted", "account_id": "Account", "audience": "Audience"},
        [
            by_name("Accepted", custom__align="left", mappings=mapping({0: ("NO", "red"), 1: ("yes", "green")}), custom__cellOptions=SOLID, custom__width=100),
            by_name("Account", custom__width=130),
        ],
        {"displayName": "Accepted", "desc": False},
    )


def history():
    health = state_timeline(
        "History of health",
        "The health of each provider over time; of more than 12, the worst in this window. A gap means that the exporter was not scraped.",
        [target(q.history("healthy"), legend="{{account_id}} {{name}}", interval="1m")],
        "Nothing in this window, up to a minute ago",
        HEALTH,
    )
    roots = state_timeline(
        "History of root CAs",
        "Which root CAs were served when, by the first digits of the thumbprint. Two at once mean that the issuer serves several chains, or is changing.",
        [target(f'max by (thumbprint) (label_replace(oidc_issuer_thumbprint_info{{{q.ISSUER}}}, "thumbprint", "$1", "thumbprint", "(.{{12}}).*"))', legend="{{thumbprint}}", interval="1m")],
        "No chain was seen in this window, up to a minute ago",
        mapping({1: ("served", "blue")}),
        legend=False,
    )
    return [(12, health), (12, roots)]


def polls():
    phases = timeseries(
        "Poll duration, by phase",
        "How long each phase of a poll took. STS gives an issuer 5 s (dashed line). A failed poll has only the phases that it completed.",
        [target(f"max by (phase) (oidc_issuer_poll_duration_seconds{{{q.ISSUER}}})", legend="{{phase}}")],
        "No poll in this window",
        "s",
        thresholds=steps((None, "transparent"), (5, "red")),
    )
    addresses = timeseries(
        "Addresses of the endpoints",
        "How many addresses the host names resolve to, and how many of those failed. Not looked at yet: a round looks at 32 of a host, in turn. Out of reach: the exporter's own machine cannot connect, such as to IPv6 where it has none.",
        [
            target(f"max by (endpoint) (oidc_endpoint_addresses{{{q.TARGET}}} and on (job, instance, endpoint) oidc_issuer_endpoint_info{{{q.ISSUER}}})", "A", "{{endpoint}}"),
            target(f"max by (endpoint) (oidc_endpoint_addresses_failed{{{q.TARGET}}} and on (job, instance, endpoint) oidc_issuer_endpoint_info{{{q.ISSUER}}})", "B", "{{endpoint}} failed"),
            target(f"max by (endpoint) (oidc_endpoint_addresses_unseen{{{q.TARGET}}} and on (job, instance, endpoint) oidc_issuer_endpoint_info{{{q.ISSUER}}}) > 0", "C", "{{endpoint}} not looked at yet"),
            target(f"max by (endpoint) (oidc_endpoint_addresses_out_of_reach{{{q.TARGET}}} and on (job, instance, endpoint) oidc_issuer_endpoint_info{{{q.ISSUER}}}) > 0", "D", "{{endpoint}} out of the exporter's reach"),
        ],
        "No poll in this window",
        "short",
        calcs=("lastNotNull",),
    )
    return [(8, phases), (8, addresses), (8, failures(accounts=False))]


def faces():
    """What each exporter sees: another network may be shown another face."""
    shared = mapping({1: ("by all", "green"), 0: ("NOT BY ALL", "red"), -1: ("sees none", "purple")})
    return table(
        "Faces: root CAs by exporter",
        "Which root CAs of this issuer each exporter sees. 'NOT BY ALL' means that some exporter that runs does not see it: the issuer shows another chain to another network, or only one of them passes a proxy.",
        [target(q.faces(), instant=True, table=True)],
        "No exporter that runs watches this issuer",
        {"instance": "Exporter", "Value": "Seen", "thumbprint": "Root CA"},
        [
            by_name("Exporter", custom__minWidth=150),
            by_name("Seen", custom__align="left", mappings=shared, custom__cellOptions=SOLID, custom__width=115),
            by_name("Root CA", custom__minWidth=345),
        ],
        [{"displayName": "Seen", "desc": False}, {"displayName": "Exporter", "desc": False}],
        ("issuer",),
    )


def build():
    every = providers(
        "Providers of this issuer",
        "Every provider in every account, worst first. While its exporter does not answer, a provider is unknown, or failing if it was. "
        "Account 'file' stands for thumbprints from the exporter's own configuration.",
        "No provider of this issuer is known",
        one_issuer=True,
    )
    why = problems("Problems of this issuer", "What is wrong with this issuer, or with providers of it, and how many have it. Click one for its runbook.", [])
    panels = layout(
        *tiles(),
        (6, [(11, why), (13, faces())]),
        (7, [(24, every)]),
        (8, [(24, chain())]),
        (7, [(14, thumbprints()), (10, endpoints())]),
        (7, history()),
        (8, [(14, text("By hand", BY_HAND)), (10, audiences())]),
        (8, polls()),
        *exporter_row(),
    )
    links = [
        {"title": "Fleet", "type": "link", "url": "/d/oidc-fleet", "icon": "dashboard", "keepTime": True, "includeVars": False, "targetBlank": False, "tags": [], "asDropdown": False, "tooltip": "All issuers and accounts"},
        {"title": "Runbooks", "type": "link", "url": RUNBOOKS, "icon": "doc", "targetBlank": True, "keepTime": False, "includeVars": False, "tags": [], "asDropdown": False, "tooltip": "What each alert and problem means and how to fix it"},
    ]
    return dashboard("oidc-issuer", "OIDC providers / Issuer", "One issuer: its problems, chain, thumbprints and history.", variables(single_issuer=True), panels, links, "now-24h")
