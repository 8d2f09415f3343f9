//! Whatever is pushed, nothing breaks, and what is taken comes out as it went in.

use std::sync::Arc;

use proptest::prelude::*;
use wardkit_core::ManualClock;
use wardkit_metrics::ingest::{IngestConfig, Ingested, Pushed, parse};
use wardkit_metrics::{Collector, Exposition, Samples};

fn label() -> impl Strategy<Value = (String, String)> {
    ("[a-d]{1,2}", "[a-z\"\\\\\n{},= \u{e9}]{0,6}")
}

fn sample() -> impl Strategy<Value = (String, Vec<(String, String)>, f64)> {
    let value = prop_oneof![
        any::<f64>(),
        Just(f64::NAN),
        Just(f64::INFINITY),
        (-9..9_i8).prop_map(f64::from)
    ];
    ("m_[a-c]{1,2}", prop::collection::vec(label(), 0..4), value)
}

/// Text that is nearly a body.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("# TYPE "),
        Just("# HELP "),
        Just("# EOF"),
        Just("counter"),
        Just("histogram"),
        Just("summary"),
        Just("a"),
        Just("a_bucket"),
        Just("a_total"),
        Just("a_count"),
        Just("{"),
        Just("}"),
        Just("le=\"1\""),
        Just("b=\"x\\n\""),
        Just("\""),
        Just("\\"),
        Just(","),
        Just(" "),
        Just("\n"),
        Just("1"),
        Just("NaN"),
        Just("#"),
        Just("1e999"),
        Just("\u{e9}"),
        Just("\t"),
        Just("\r\n"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&body, &IngestConfig::default());
    }

    #[test]
    fn what_is_taken_comes_out_in_a_form_that_is_taken_again(body in nearly()) {
        let mut store = Ingested::new(IngestConfig::default(), "agentd_", Arc::new(ManualClock::default()));
        if store.push(body.as_bytes()).is_ok() {
            let first = text(&mut store);
            let mut again = Ingested::new(IngestConfig::default(), "other_", Arc::new(ManualClock::default()));
            let own = |line: &&str| !line.contains("agentd_ingest");
            let printed: Vec<&str> = first.lines().filter(own).collect();
            let body: String = printed.join("\n");
            prop_assert!(again.push(body.as_bytes()).is_ok(), "{body}");
            let second = text(&mut again);
            let reread: Vec<&str> = second.lines().filter(|line| !line.contains("other_ingest")).collect();
            prop_assert_eq!(printed, reread);
        }
    }

    #[test]
    fn samples_come_out_as_they_went_in(samples in prop::collection::vec(sample(), 0..20)) {
        let mut written = Samples::new();
        let mut kept = std::collections::BTreeMap::new();
        for (name, labels, value) in &samples {
            let mut labels: Vec<_> = labels
                .iter()
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| (name.as_str(), text.as_str()))
                .collect();
            labels.sort_unstable();
            labels.dedup_by_key(|(name, _)| *name);
            kept.insert((name.as_str(), labels), *value);
        }
        for ((name, labels), value) in &kept {
            let family = wardkit_metrics::Family { name, help: "", kind: wardkit_metrics::Kind::Untyped };
            written.family(family);
            written.push(labels, *value);
        }
        let mut body = String::new();
        Exposition::Text.write([&written], &mut body, |_| ());
        let pushed = parse(body.as_bytes(), &IngestConfig::default());
        prop_assert!(pushed.is_ok(), "{body}: {pushed:?}");
        let read: usize = pushed.iter().flat_map(Pushed::families).map(|family| family.samples().len()).sum();
        prop_assert_eq!(read, kept.len());
    }
}

fn text(store: &mut Ingested) -> String {
    let mut samples = Samples::new();
    store.collect(&mut samples).unwrap();
    let mut text = String::new();
    Exposition::Text.write([&samples], &mut text, |_| ());
    text
}
