// A bot that is instrumented with OpenTelemetry's SDK and scraped by Prometheus. Prints its port.
"use strict";

const net = require("node:net");
const { PrometheusExporter } = require("@opentelemetry/exporter-prometheus");
const { MeterProvider } = require("@opentelemetry/sdk-metrics");

const free = net.createServer();
free.listen(0, "127.0.0.1", () => {
  const { port } = free.address();
  free.close(async () => {
    const exporter = new PrometheusExporter({ host: "127.0.0.1", port, preventServerStart: true });
    const meter = new MeterProvider({ readers: [exporter] }).getMeter("bot");
    const messages = meter.createCounter("bot_messages", {
      description: "Messages that the bot has read.",
    });
    messages.add(5, { kind: "text" });
    messages.add(6, { kind: "voice" });
    await exporter.startServer();
    console.log(port);
  });
});
process.stdin.resume();
process.stdin.on("end", () => process.exit(0));
