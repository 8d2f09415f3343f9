use wardkit_metrics::history::{Config, History, MemoryIndex};

use super::*;

/// Looks ahead from one moment of file systems: their labels, what is left of them, and whether they are only read.
fn short(file_systems: &[(&str, [f64; 4])]) -> Vec<(String, String)> {
    let dir = tempfile::tempdir().unwrap();
    let (mut history, _) =
        History::open(dir.path(), Config::default(), MemoryIndex::new()).unwrap();
    let at = Timestamp::from_unix_seconds(1_700_136_000);
    let names = [
        "node_filesystem_avail_bytes",
        "node_filesystem_files",
        "node_filesystem_files_free",
        "node_filesystem_readonly",
    ];
    let mut samples = Samples::new();
    for (index, name) in names.into_iter().enumerate() {
        samples.family(gauge(name, "Of a file system."));
        for (mountpoint, values) in file_systems {
            samples.push(&[("mountpoint", mountpoint)], values[index]);
        }
    }
    history.append(at, &samples).unwrap();
    let now = at.saturating_add(Duration::from_secs(1));
    let events = Ahead::default().look(&history.reader(), now, Duration::from_hours(72));
    events.into_iter().map(|event| (event.kind.as_str().to_owned(), event.subject)).collect()
}

#[test]
fn only_what_can_run_out_is_told_to_have_run_out() {
    assert_eq!(short(&[("/", [9.0, 9.0, 9.0, 0.0])]), []);
    // An image is full for good, and btrfs makes inodes as it needs them.
    assert_eq!(short(&[("/image", [0.0, 9.0, 0.0, 1.0]), ("/btrfs", [9.0, 0.0, 0.0, 0.0])]), []);
    let full = short(&[("/", [9.0, 9.0, 9.0, 0.0]), ("/data", [0.0, 9.0, 0.0, 0.0])]);
    let event = |kind: &str, series: &str| (kind.to_owned(), series.to_owned());
    assert_eq!(
        full,
        [
            event("forecast.disk.short", "node_filesystem_avail_bytes{mountpoint=\"/data\"}"),
            event("forecast.inodes.short", "node_filesystem_files_free{mountpoint=\"/data\"}"),
        ]
    );
}
