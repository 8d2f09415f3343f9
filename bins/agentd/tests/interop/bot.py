"""A bot that is instrumented with OpenTelemetry's SDK and scraped by Prometheus. Prints its port."""

import socket
import sys

from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server

meter = MeterProvider(metric_readers=[PrometheusMetricReader()]).get_meter("bot")
messages = meter.create_counter("bot_messages", description="Messages that the bot has read.")
messages.add(3, {"kind": "text"})
messages.add(4, {"kind": "voice"})

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
start_http_server(port, addr="127.0.0.1")
print(port, flush=True)
sys.stdin.read()
