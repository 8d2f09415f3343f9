//! The push, as bytes; the suite `interop` has it read by those who wrote the protocol.

use wardkit_core::Timestamp;
use wardkit_metrics::otlp::{Origin, POINTS_PER_REQUEST, encode};
use wardkit_metrics::{Family, Kind, Samples};

const ORIGIN: Origin<'_> = Origin {
    resource: &[("service.name", "bot")],
    own: "n",
    start: Timestamp::from_unix_seconds(1),
    now: Timestamp::from_unix_seconds(2),
};

#[test]
fn a_counter_is_encoded_byte_for_byte() {
    let mut samples = Samples::new();
    samples.family(Family { name: "n_total", help: "N.", kind: Kind::Counter });
    samples.push(&[("k", "")], 1.5);
    let point = [
        &[0x11][..],
        &1_000_000_000_u64.to_le_bytes(),
        &[0x19],
        &2_000_000_000_u64.to_le_bytes(),
        &[0x21],
        &1.5_f64.to_le_bytes(),
        b"\x3a\x07\x0a\x01k\x12\x02\x0a\x00",
    ]
    .concat();
    let metric =
        [b"\x0a\x07n_total\x12\x02N.\x3a\x2a\x0a\x24", &point[..], b"\x10\x02\x18\x01"].concat();
    let requests = encode([&samples], &ORIGIN);
    assert_eq!(requests.len(), 1);
    assert!(requests[0].ends_with(&metric), "{:?}", requests[0]);
}

#[test]
fn when_the_counters_of_others_began_is_unknown() {
    let starts = |name| {
        let mut samples = Samples::new();
        samples.single(Family { name, help: "", kind: Kind::Counter }, 1.0);
        let request = encode([&samples], &ORIGIN).remove(0);
        let point = [&[0x11][..], &1_000_000_000_u64.to_le_bytes()].concat();
        let unknown = [0x11, 0, 0, 0, 0, 0, 0, 0, 0, 0x19];
        let has = |bytes: &[u8]| request.windows(bytes.len()).any(|window| window == bytes);
        (has(&point), has(&unknown))
    };
    assert_eq!(starts("n_total"), (true, false));
    assert_eq!(starts("other_total"), (false, true));
}

#[test]
fn nothing_is_no_request_and_much_is_several() {
    assert!(encode([&Samples::new()], &ORIGIN).is_empty());
    let mut samples = Samples::new();
    for name in ["a", "b"] {
        samples.family(Family { name, help: "", kind: Kind::Gauge });
        for number in 0..POINTS_PER_REQUEST * 3 / 2 {
            samples.push(&[("n", &number.to_string())], 0.0);
        }
    }
    assert_eq!(encode([&samples], &ORIGIN).len(), 3);
}

#[test]
fn series_that_are_none_do_no_harm() {
    let mut samples = Samples::new();
    for kind in [Kind::Gauge, Kind::Counter, Kind::Histogram, Kind::Summary, Kind::Untyped] {
        samples.family(Family { name: "x", help: "", kind });
        for rest in [
            "{",
            "{a",
            "{a=",
            "{a=\"",
            "{a=\"\\",
            "{a=\"b\\\"",
            "{le=\"x\"}",
            "_bucket{le=\"NaN\"}",
            "}{\"=\"\",",
        ] {
            samples.push_text(rest, f64::NAN);
        }
    }
    assert_eq!(encode([&samples], &ORIGIN).len(), 1);
}
