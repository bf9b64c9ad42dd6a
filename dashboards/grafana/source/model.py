"""Grafana's classic dashboard model (schemaVersion 39, Grafana 10 and later) as a few functions."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}

# The base step is what a panel without data is drawn with: grey says "not known", never green.
UNKNOWN_COLOUR = "#5a5a66"


def steps(*pairs):
    """Thresholds: (from, colour), in rising order; the first `from` is None."""
    return {"mode": "absolute", "steps": [{"value": value, "color": colour} for value, colour in pairs]}


def mapping(table):
    """Value mapping: {value: (text, colour)}; colour may be None."""
    options = {}
    for index, (value, (text, colour)) in enumerate(table.items()):
        options[str(value)] = {"text": text, "index": index} | ({"color": colour} if colour else {})
    return [{"type": "value", "options": options}]


def below(value, text, colour):
    """One more mapping, of all numbers below this one."""
    return {"type": "range", "options": {"from": -1e9, "to": value, "result": {"text": text, "color": colour, "index": 0}}}


def target(expr, ref="A", legend="__auto", instant=False, table=False, interval=None):
    """One query of a panel."""
    query = {
        "refId": ref,
        "expr": expr,
        "legendFormat": legend,
        "datasource": DATASOURCE,
        "editorMode": "code",
        "instant": instant,
        "range": not instant,
        "format": "table" if table else "time_series",
    }
    return query | ({"interval": interval} if interval else {})


def by_name(name, **properties):
    """Field override by display name; `__` in a property stands for a dot."""
    return {"matcher": {"id": "byName", "options": name}, "properties": _properties(properties)}


def by_query(ref, **properties):
    """Field override for everything that one query returns."""
    return {"matcher": {"id": "byFrameRefID", "options": ref}, "properties": _properties(properties)}


def _properties(properties):
    return [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]


def fixed(colour):
    return {"mode": "fixed", "fixedColor": colour}


def panel(kind, title, description, targets, defaults=None, overrides=None, options=None, **more):
    """A panel without place and id: `layout` gives them."""
    return {
        "type": kind,
        "title": title,
        "description": description,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": "none"} | (defaults or {}), "overrides": overrides or []},
        "options": options or {},
    } | more


def stat(title, description, targets, empty, thresholds=None, overrides=None, text="value", **defaults):
    """One number, or one word, on a coloured tile."""
    defaults = {
        "decimals": 0,
        "noValue": empty,
        "color": {"mode": "thresholds"},
        "thresholds": thresholds or steps((None, UNKNOWN_COLOUR), (0, "green"), (1, "red")),
    } | defaults
    options = {
        "colorMode": "background_solid",
        "graphMode": "none",
        "textMode": text,
        "justifyMode": "center",
        "orientation": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    return panel("stat", title, description, targets, defaults, overrides, options)


def one_row_each(key, lists, numbers):
    """Transformations that make one row of each `key`: labels in `lists` become lists, `numbers` are names of queries,
    without whose first there is no row."""
    groups = {name: {"operation": "groupby", "aggregations": []} for name in key}
    cells = {name: {"operation": "aggregate", "aggregations": ["uniqueValues"]} for name in lists}
    cells |= {f"Value #{ref}": {"operation": "aggregate", "aggregations": ["firstNotNull"]} for ref in numbers}
    missing = {"fieldName": f"Value #{numbers[0]} (firstNotNull)", "config": {"id": "isNull", "options": {}}}
    return [
        {"id": "groupBy", "options": {"fields": groups | cells}},
        {"id": "filterByValue", "options": {"filters": [missing], "type": "exclude", "match": "any"}},
    ]


def table(title, description, targets, empty, columns, overrides, sort=None, hidden=(), rows=(), filterable=False):
    """A table of instant queries with equal labels, or made so by `rows`. `columns`: {field: heading}, in the order of show."""
    drop = {name: True for name in ("Time", "__name__", *hidden)}
    return panel(
        "table",
        title,
        description,
        targets,
        {"noValue": empty, "custom": {"align": "auto", "filterable": filterable, "inspect": False}, "thresholds": steps((None, "text"))},
        # `noValue` is also what an empty cell shows. Without its unit, an account that is all digits would be taken for a number.
        [{"matcher": {"id": "byType", "options": "string"}, "properties": _properties({"noValue": "–", "unit": "string"})}, *overrides],
        {"showHeader": True, "cellHeight": "sm", "sortBy": sort if isinstance(sort, list) else [sort] if sort else []},
        transformations=[
            *([{"id": "merge", "options": {}}] if len(targets) > 1 else []),
            *rows,
            {
                "id": "organize",
                "options": {
                    "excludeByName": drop,
                    "indexByName": {name: index for index, name in enumerate(columns)},
                    "renameByName": columns,
                },
            },
        ],
    )


def timeseries(title, description, targets, empty, unit, overrides=None, thresholds=None, bars=False, calcs=("lastNotNull", "max"), legend="right"):
    custom = {"lineWidth": 1, "fillOpacity": 60 if bars else 8, "showPoints": "never", "drawStyle": "bars" if bars else "line"}
    if bars:
        custom["stacking"] = {"mode": "normal", "group": "A"}
    if thresholds:
        custom["thresholdsStyle"] = {"mode": "dashed"}
    defaults = {"unit": unit, "min": 0, "noValue": empty, "custom": custom}
    if thresholds:
        defaults["thresholds"] = thresholds
    options = {
        "legend": {"showLegend": True, "displayMode": "table", "placement": legend, "calcs": list(calcs)},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel("timeseries", title, description, targets, defaults, overrides, options)


def state_timeline(title, description, targets, empty, mappings, legend=True):
    return panel(
        "state-timeline",
        title,
        description,
        targets,
        {
            "noValue": empty,
            "mappings": mappings,
            "thresholds": steps((None, UNKNOWN_COLOUR)),
            "color": {"mode": "thresholds"},
            "custom": {"fillOpacity": 85, "lineWidth": 0},
        },
        options={
            "showValue": "auto",
            "mergeValues": True,
            "rowHeight": 0.8,
            "legend": {"showLegend": legend, "displayMode": "list", "placement": "bottom"},
            "tooltip": {"mode": "single"},
        },
    )


def text(title, content):
    return panel("text", title, "What to do about what this page shows.", [], options={"mode": "markdown", "content": content}, transparent=False)


def row(title, collapsed=False):
    return {"type": "row", "title": title, "collapsed": collapsed, "panels": []}


def layout(*lines):
    """Places lines of (height, [(width, panel), ...]) from top to bottom; a row alone is a line of its own.
    Ids are given in reading order. Panels after a collapsed row are kept inside it."""
    panels, inside, y, ids = [], None, 0, 0
    for line in lines:
        height, cells = (1, [(24, line)]) if isinstance(line, dict) else line
        assert sum(width for width, _ in cells) == 24, [cell["title"] for _, cell in cells]
        x = 0
        for width, cell in cells:
            ids += 1
            placed = {"id": ids} | cell | {"gridPos": {"x": x, "y": y, "w": width, "h": height}}
            x += width
            if cell["type"] == "row":
                inside = placed["panels"] if cell["collapsed"] else None
                panels.append(placed)
            else:
                (panels if inside is None else inside).append(placed)
        y += height
    return panels


def datasource_variable():
    return {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus", "current": {}, "hide": 0, "refresh": 1, "regex": ""}


def query_variable(name, label, query, multi=True, all_value=".+"):
    every = {"text": ["All"], "value": ["$__all"]} if multi else {}
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": "StandardVariableQuery", "qryType": 1},
        "definition": query,
        "multi": multi,
        "includeAll": multi,
        "allValue": all_value if multi else None,
        "current": every,
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "regex": "",
    }


def dashboard(uid, title, description, variables, panels, links, since):
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["oidc", "aws-iam", "tls"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "utc",
        "time": {"from": since, "to": "now"},
        # Not faster than the exporter polls.
        "refresh": "5m",
        "templating": {"list": variables},
        "annotations": {"list": []},
        "links": links,
        "panels": panels,
    }
