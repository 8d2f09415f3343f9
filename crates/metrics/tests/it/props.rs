//! What holds for any label values.

use proptest::prelude::*;
use std::collections::HashMap;
use wardkit_metrics::{Exposition, Limits, Registry};

proptest! {
    #[test]
    fn every_addition_is_in_one_series_and_none_is_lost(
        additions in prop::collection::vec((".{0,6}", "[ab\"\\\\\n]{0,3}", 0_u32..9), 0..200),
        max_series in 1_usize..60,
    ) {
        let mut limits = Limits::default();
        limits.max_series = max_series;
        let registry = Registry::with_limits("", limits).expect("no prefix is a prefix");
        let family = registry.counter("n_total", "N.", ["a", "b"]).expect("sound");
        let mut model: HashMap<(&str, &str), u32> = HashMap::new();
        let mut lost = 0;
        for (a, b, amount) in &additions {
            family.with([a, b]).add(u64::from(*amount));
            let room = model.len() < max_series;
            match model.get_mut(&(a.as_str(), b.as_str())) {
                Some(sum) => *sum += amount,
                None if room => _ = model.insert((a, b), *amount),
                None => lost += amount,
            }
        }
        for ((a, b), sum) in &model {
            prop_assert_eq!(family.with([a, b]).value().to_string(), sum.to_string());
        }
        let mut page = String::new();
        registry.write(Exposition::OpenMetrics, &[], &mut page);
        let series = page.lines().filter(|line| line.starts_with("n_total{a="));
        prop_assert_eq!(series.count(), model.len());
        if lost > 0 {
            let line = format!("n_total{{overflow=\"true\"}} {lost}\n");
            prop_assert!(page.contains(&line));
        }
    }

    #[test]
    fn any_header_is_negotiated(accept in ".{0,200}") {
        let _ = Exposition::negotiate(Some(&accept));
    }
}
