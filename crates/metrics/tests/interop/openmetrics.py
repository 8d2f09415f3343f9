"""Reads an OpenMetrics exposition with the strict parser and prints its samples."""

import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families

sys.stdin.reconfigure(encoding="utf-8")
sys.stdout.reconfigure(encoding="utf-8")
for family in text_string_to_metric_families(sys.stdin.read()):
    for sample in family.samples:
        labels = " ".join(f"{name}={value!r}" for name, value in sorted(sample.labels.items()))
        print(family.name, family.type, repr(family.unit), sample.name, labels, float(sample.value))
