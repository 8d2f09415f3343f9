//! An expression that is read prints as itself, and its evaluation keeps within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wardkit_promql::{Evaluator, Expr, Labels, MemorySource, Options, Sample, Value};

fuzz_target!(|text: &str| {
    let Ok(expr) = Expr::parse(text) else { return };
    let printed = expr.to_string();
    let again = Expr::parse(&printed).expect("what is printed is an expression");
    assert_eq!(printed, again.to_string(), "{text}");
    let mut options = Options::default();
    (options.max_samples, options.max_series) = (20_000, 50);
    let source = source();
    let evaluator = Evaluator::new(&source).with_options(options);
    // One that is too much is refused, and that is an answer.
    let Ok(first) = evaluator.instant(&expr, NOW_MS) else { return };
    if let Value::Vector(elements) = &first {
        assert!(elements.len() <= 50);
    }
    let second = evaluator.instant(&again, NOW_MS).expect("what is printed means the same");
    assert_eq!(format!("{first:?}"), format!("{second:?}"), "{text}");
});

/// A few series of each kind, by names that are short enough to be guessed.
fn source() -> MemorySource {
    let mut source = MemorySource::new();
    for (name, le, job) in [
        ("a", "", "x"),
        ("a", "", "y"),
        ("b", "", "x"),
        ("c_bucket", "1", "x"),
        ("c_bucket", "+Inf", "x"),
    ] {
        let labels: Labels = [("__name__", name), ("job", job), ("le", le)].into_iter().collect();
        for step in 0_i32..20 {
            let value = f64::from(step % 7) * if name == "b" { f64::INFINITY } else { 1.5 };
            source.append(&labels, Sample::new(NOW_MS - i64::from(20 - step) * 15_000, value));
        }
    }
    source
}

const NOW_MS: i64 = 1_700_000_000_000;
