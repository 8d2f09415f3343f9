"""What a bot with the Prometheus client for Python pushes: `write FORMAT` prints it, and `check` holds what it reads
against it, sample by sample."""

import math
import sys

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Histogram, Info, Summary
from prometheus_client import exposition, openmetrics
from prometheus_client.parser import text_string_to_metric_families


def registry():
    registry = CollectorRegistry()
    requests = Counter("bot_requests", 'Says "how\\many"\nthere were.', ["handler", "outcome"], registry=registry)
    requests.labels("start", "ok").inc(7)
    requests.labels('odd "name"\\\nof two lines', "\u043f\u0440\u0438\u0432\u0435\u0442").inc(0.25)
    took = Histogram("bot_request_duration_seconds", "Took.", ["handler"], registry=registry)
    for seconds in (0.004, 0.02, 3, 100):
        took.labels("start").observe(seconds, {"trace": "abc"})
    size = Summary("bot_size_bytes", "Size.", registry=registry)
    size.observe(512)
    depth = Gauge("bot_depth", "Depth.", ["queue"], registry=registry)
    for name, value in (("nan", math.nan), ("inf", math.inf), ("low", -math.inf), ("tiny", 5e-324)):
        depth.labels(name).set(value)
    Info("bot_build", "Build.", registry=registry).info({"version": "1.2"})
    Enum("bot_state", "State.", states=["up", "down"], registry=registry).state("up")
    return registry


def samples(families, leave_out):
    found = {}
    for family in families:
        for sample in family.samples:
            if not sample.name.endswith("_created") and not sample.name.startswith(leave_out):
                found[sample.name, tuple(sorted(sample.labels.items()))] = repr(float(sample.value))
    return found


if sys.argv[1] == "write":
    written = {"text": exposition, "openmetrics": openmetrics.exposition}[sys.argv[2]]
    sys.stdout.buffer.write(written.generate_latest(registry()))
else:
    sys.stdin.reconfigure(encoding="utf-8")
    ours = samples(text_string_to_metric_families(sys.stdin.read()), "agentd_")
    theirs = samples(registry().collect(), "\0")
    assert ours == theirs, (ours, theirs)
    print("same", len(ours))
