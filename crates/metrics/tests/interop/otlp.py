"""Reads a push with the official protobufs and prints all that is in it."""

import sys

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest


def attributes(pairs):
    texts = [f"{pair.key}={pair.value.string_value!r}" for pair in pairs]
    return " ".join(sorted(texts))


request = ExportMetricsServiceRequest.FromString(sys.stdin.buffer.read())
sys.stdout.reconfigure(encoding="utf-8")
for resource_metrics in request.resource_metrics:
    print("resource", attributes(resource_metrics.resource.attributes))
    for scope_metrics in resource_metrics.scope_metrics:
        print("scope", scope_metrics.scope.name)
        for metric in scope_metrics.metrics:
            kind = metric.WhichOneof("data")
            data = getattr(metric, kind)
            head = ["metric", metric.name, repr(metric.unit), repr(metric.description), kind]
            if kind in ("sum", "histogram"):
                head.append(str(data.aggregation_temporality))
            if kind == "sum":
                head.append(str(data.is_monotonic))
            print(*head)
            for point in data.data_points:
                line = [attributes(point.attributes), point.start_time_unix_nano, point.time_unix_nano]
                if kind in ("sum", "gauge"):
                    line.append(point.as_double)
                elif kind == "histogram":
                    line += [point.count, point.sum, list(point.explicit_bounds), list(point.bucket_counts)]
                else:
                    quantiles = [(at.quantile, at.value) for at in point.quantile_values]
                    line += [point.count, point.sum, quantiles]
                print(" ", *line)
