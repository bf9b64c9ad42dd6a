"""Puts a story of minutes onto hours, so that the dashboards show history.

    promtool tsdb dump DATA | made_hour.py SPEED TIME... >OPENMETRICS    prints each TIME of the story in made time to stderr
    made_hour.py --rules SPEED <alerts.yml                               the same rules in the time of the story

What the daemon said stays as it is, but for times. Every time within the story, be it when a sample was taken or the value
of a metric that is a time, is moved by one rule: the story ends when it ended and lasts SPEED times longer, and what lies
before or after it stays as far from it as it was. Times that are to come in the story are among them: a root CA that
expires in it, expires in the made hours where it did.
"""

import re
import sys

import yaml

SAMPLE = re.compile(r'\{__name__="(?P<name>[^"]+)"(?:, )?(?P<labels>.*)\} (?P<value>\S+) (?P<time>\d+)\n')
LABEL = re.compile(r'\w+="(?:[^"\\]|\\.)*"')
# State of Prometheus' own, which is of no use without the rules.
DROPPED = {"ALERTS_FOR_STATE"}


class MadeTime:
    def __init__(self, begin, end, speed):
        self.begin, self.end, self.speed = begin, end, speed

    def __call__(self, time):
        inside = min(max(time, self.begin), self.end)
        return self.end - (self.end - inside) * self.speed + (time - inside)

    def value(self, name, value, time):
        if name.endswith("_timestamp_seconds") or name == "process_start_time_seconds":
            return self(value)
        if name.endswith("_days_to_expiry"):
            return (self(time + value * 86400) - self(time)) / 86400
        if name.endswith("_interval_seconds"):
            return value * self.speed
        return value


def openmetrics(lines, speed, times):
    samples = [match.groupdict() for match in map(SAMPLE.fullmatch, lines) if match]
    # An end of a series is a NaN here, and has no place in OpenMetrics: series end when their last sample is old.
    samples = [one for one in samples if one["name"] not in DROPPED and one["value"] != "NaN"]
    taken = [int(one["time"]) / 1000 for one in samples]
    made = MadeTime(min(taken), max(taken), speed)
    for one, time in sorted(zip(samples, taken), key=lambda pair: (pair[0]["name"], pair[0]["labels"], pair[1])):
        labels = ",".join(LABEL.findall(one["labels"]))
        print(f"{one['name']}{{{labels}}} {made.value(one['name'], float(one['value']), time):.17g} {made(time):.3f}")
    print("# EOF")
    for time in times:
        print(round(made(time)), file=sys.stderr)


def quick(file, speed):
    """Delays, ranges in expressions, and ages that are compared with seconds."""
    unit = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
    shorter = lambda match: f"{int(match[1]) * unit[match[2]] // speed}ms"
    for group in file["groups"]:
        group["interval"] = "1s"
        for rule in group["rules"]:
            for delay in rule.keys() & {"for", "keep_firing_for"}:
                rule[delay] = re.sub(r"(\d+)([smhd])", shorter, rule[delay])
            rule["expr"] = re.sub(r"(?<=[\[:])(\d+)([smhd])\b", shorter, rule["expr"])
            if "time() - " in rule["expr"]:
                rule["expr"] = re.sub(r"(?<=[<>] )\d+$", lambda match: str(int(match[0]) / speed), rule["expr"].strip())
    return file


if __name__ == "__main__":
    if sys.argv[1] == "--rules":
        print(yaml.safe_dump(quick(yaml.safe_load(sys.stdin), int(sys.argv[2]))))
    else:
        openmetrics(sys.stdin, int(sys.argv[1]), map(float, sys.argv[2:]))
