//! What a server and its process tell of themselves.

use std::time::Duration;

use wardkit_metrics::{Exposition, ProcessCollector, Registry, ServerMetrics};

fn text(registry: &Registry) -> String {
    let mut out = String::new();
    registry.write(Exposition::Text, &[], &mut out);
    out
}

#[test]
fn a_server_counts_requests_durations_and_connections() {
    let registry = Registry::new("shop_bot").expect("sound");
    let server = ServerMetrics::new(&registry).expect("the names are free");
    server.answered("GET", "/orders/{id}", 200, Duration::from_millis(30));
    server.answered("GET", "/orders/{id}", 200, Duration::from_secs(20));
    server.answered("get", "/orders/{id}", 7, Duration::ZERO);
    let first = server.connected();
    let second = server.clone().connected();
    drop(first);
    let text = text(&registry);
    for line in [
        "shop_bot_server_requests_total{method=\"GET\",route=\"/orders/{id}\",status=\"200\"} 2\n",
        "shop_bot_server_requests_total{method=\"other\",route=\"/orders/{id}\",status=\"007\"} 1\n",
        "shop_bot_server_request_duration_seconds_bucket{route=\"/orders/{id}\",le=\"0.05\"} 2\n",
        "shop_bot_server_request_duration_seconds_count{route=\"/orders/{id}\"} 3\n",
        "shop_bot_server_active_connections 1\n",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    drop(second);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_and_the_process_are_measured_at_the_scrape() {
    let registry = Registry::new("bot").expect("sound");
    let _server = ServerMetrics::new(&registry).expect("the names are free");
    registry.collect_with(ProcessCollector::new().expect("/proc is there"));
    let text = text(&registry);
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse::<f64>().ok()).expect("it is there")
    };
    assert!(value("bot_server_memory_usage_bytes") > 100_000.0);
    assert!(value("process_resident_memory_bytes") > 100_000.0);
    assert!(!text.contains("bot_process_"), "{text}");
}
