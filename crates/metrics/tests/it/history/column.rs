use proptest::prelude::*;
use wardkit_metrics::history::column::{decode, encode};

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| value.to_bits()).collect()
}

fn check(values: &[f64]) -> usize {
    let encoded = encode(values);
    let decoded = decode(&encoded).expect("what was encoded can be decoded");
    assert_eq!(bits(&decoded), bits(values));
    encoded.len()
}

#[test]
fn every_bit_of_the_odd_ones_comes_back() {
    let stale = f64::from_bits(0x7ff0_0000_0000_0002);
    let odd = [
        f64::NAN,
        stale,
        f64::INFINITY,
        f64::NEG_INFINITY,
        -0.0,
        0.0,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        0.1 + 0.2,
        9_007_199_254_740_993.0,
        -1.0,
    ];
    check(&odd);
    for value in odd {
        check(&[value]);
        check(&[value; 100]);
        check(&[1.5, 2.5, value, 3.5]);
        check(&[value, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    }
    assert_eq!(check(&[]), 1);
}

#[test]
fn what_hardly_changes_takes_hardly_any_room() {
    let of = |values: Vec<f64>| check(&values) as f64 / values.len() as f64;
    let numbers = |f: fn(u32) -> f64| (0..720).map(f).collect::<Vec<f64>>();
    // Bytes a sample: one that stays, a steady counter, pages of memory, seconds with two decimals.
    let found = [
        of(numbers(|_| 42.5)),
        of(numbers(|n| 1e9 + f64::from(n) * 1500.0)),
        of(numbers(|n| f64::from(n * 7919 % 13) * 4096.0)),
        of(numbers(|n| f64::from(n * 1000 + n * 7919 % 17) / 100.0)),
    ];
    let most = [0.02, 0.06, 0.75, 1.0];
    assert!(found.iter().zip(most).all(|(found, most)| *found < most), "{found:?}");
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        any::<u64>().prop_map(f64::from_bits),
        any::<i32>().prop_map(f64::from),
        (-1_000_000..1_000_000_i32, 0..5_i32)
            .prop_map(|(n, places)| f64::from(n) / 10_f64.powi(places)),
        Just(0.0),
        Just(f64::from_bits(0x7ff0_0000_0000_0002)),
    ]
}

proptest! {
    #[test]
    fn any_values_come_back_bit_by_bit(values in prop::collection::vec(any_value(), 0..300)) {
        check(&values);
    }

    #[test]
    fn decimals_come_back_bit_by_bit(
        start in -1_000_000_000_i64..1_000_000_000,
        steps in prop::collection::vec(-5000..5000_i64, 0..300),
        power in prop::sample::select(vec![1.0, 10.0, 100.0, 1e6, 1e9]),
    ) {
        let mut number = start;
        let values: Vec<f64> = steps.into_iter().map(|step| { number += step; number as f64 / power }).collect();
        check(&values);
    }

    #[test]
    fn whatever_is_decoded_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = decode(&bytes);
    }

    #[test]
    fn damage_never_panics(
        values in prop::collection::vec(any_value(), 1..100),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let mut encoded = encode(&values);
        let at = at.index(encoded.len());
        encoded[at] ^= flip;
        let _ = decode(&encoded);
    }
}
