//! What is told, what is not, and what does no harm.

use proptest::prelude::*;
use wardkit_core::Timestamp;
use wardkit_detect::anomaly::{
    ChangePoint, Changes, DEFAULT_THRESHOLD, Detector, Profile, Reason, Score, Unusable, What,
};

/// Noise that is the same on every machine.
struct Noise(u64);

impl Noise {
    /// Returns a number from 0 to 1.
    fn uniform(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).expect("half the bits")) / f64::from(u32::MAX)
    }

    /// Returns a number from a normal distribution, as near as twelve uniform ones come to it.
    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Returns the time of a sample: one every five minutes from a Monday's midnight on.
fn at(sample: u32) -> Timestamp {
    Timestamp::from_unix_seconds(1_396_224_000 + i64::from(sample) * 300)
}

const DAY: u32 = 288;

/// Returns a busy day: 80 from nine to six, else 20.
fn office(sample: u32) -> f64 {
    if (9 * 12..18 * 12).contains(&(sample % DAY)) { 80.0 } else { 20.0 }
}

/// Scores a series and returns the samples that are told.
fn told(detector: &mut Detector, series: impl IntoIterator<Item = f64>) -> Vec<(u32, Score)> {
    let scores =
        (0..).zip(series).map(|(sample, value)| (sample, detector.push(Some(at(sample)), value)));
    scores.filter(|(_, score)| score.value >= DEFAULT_THRESHOLD).collect()
}

/// Returns two weeks of office days with some noise, changed at one place.
fn fortnight(mut change: impl FnMut(u32, f64) -> f64) -> Vec<f64> {
    let mut noise = Noise(1);
    (0..14 * DAY).map(|sample| change(sample, office(sample) + noise.normal())).collect()
}

#[track_caller]
fn check(series: &[f64], within: std::ops::Range<u32>) -> Score {
    let mut first = None;
    for profile in [Profile::Small, Profile::Full] {
        let told = told(&mut Detector::new(profile), series.iter().copied());
        let (sample, score) =
            told.iter().find(|(sample, _)| within.contains(sample)).expect("told").to_owned();
        assert!(within.contains(&sample));
        let others = told
            .iter()
            .filter(|(sample, _)| *sample >= 4 * DAY && !within.contains(sample))
            .count();
        assert!(others <= 4, "{others} others are told");
        first = Some(score);
    }
    first.expect("two profiles")
}

#[test]
fn a_peak_is_told_at_once() {
    let score = check(
        &fortnight(|sample, value| if sample == 3000 { value + 90.0 } else { value }),
        3000..3001,
    );
    assert!(score.value > 0.55, "{score:?}");
}

#[test]
fn a_value_usual_at_noon_is_told_at_night() {
    let night = 10 * DAY + 24..10 * DAY + 36;
    let score = check(
        &fortnight(|sample, value| if night.contains(&sample) { 80.0 } else { value }),
        night.clone(),
    );
    assert!(score.reason.to_string().contains("above"), "{}", score.reason);
}

#[test]
fn a_day_off_is_told_when_the_day_does_not_begin() {
    let day = 10 * DAY + 108..10 * DAY + 216;
    let score = check(
        &fortnight(|sample, value| if day.contains(&sample) { 20.0 } else { value }),
        day.clone(),
    );
    assert!(score.reason.to_string().contains("below what is usual at"), "{}", score.reason);
}

#[test]
fn a_rise_that_stays_is_told_and_located() {
    let series = fortnight(|sample, value| if sample >= 3000 { value + 12.0 } else { value });
    check(&series, 3000..3024);
    let mut detector = Detector::default();
    let changes: Vec<(u32, ChangePoint)> = (0..)
        .zip(series)
        .filter_map(|(sample, value)| {
            Some((sample, detector.push(Some(at(sample)), value).change?))
        })
        .collect();
    let [(sample, change)] = changes[..] else { panic!("one change, not {changes:?}") };
    assert!((3000..3060).contains(&sample), "{sample}");
    let since = sample - change.samples_ago;
    assert!((2999..3003).contains(&since), "{since}");
    assert_eq!(change.at, Some(at(since)));
}

#[test]
fn silence_and_restlessness_are_told() {
    let mut noise = Noise(2);
    let values: Vec<f64> = (0..3000).map(|_| 50.0 + 5.0 * noise.normal()).collect();
    let stuck = |sample: u32, value: f64| if sample >= 2000 { 50.0 } else { value };
    let wild = |sample: u32, value: f64| if sample >= 2000 { value * 4.0 - 150.0 } else { value };
    let kind = |change: &dyn Fn(u32, f64) -> f64| {
        let series = (0..).zip(&values).map(|(sample, value)| change(sample, *value));
        let told = told(&mut Detector::default(), series);
        told.iter()
            .find(|(sample, _)| *sample >= 2000)
            .map(|(sample, score)| (*sample, score.reason))
            .expect("told")
    };
    let (sample, reason) = kind(&stuck);
    assert!(
        sample < 2060
            && matches!(reason, Reason::Unusual(unusual) if matches!(unusual.what, What::Still { .. }))
    );
    assert!(kind(&wild).0 < 2010);
}

#[test]
fn what_repeats_itself_or_never_moves_is_never_told() {
    for profile in [Profile::Small, Profile::Full] {
        let series: [fn(u32) -> f64; 5] =
            [office, |_| 20.0, |_| 0.1 + 0.2, |_| 0.0, |sample| f64::from(sample % 12) * -1e12];
        for values in series {
            let told = told(&mut Detector::new(profile), (0..5000).map(values));
            // The first morning that ever was is news.
            assert!(told.iter().all(|(sample, _)| *sample < DAY), "{told:?}");
            assert!(told.len() <= 1);
        }
    }
}

#[test]
fn the_first_error_after_a_week_without_is_told() {
    let series = (0..2017).map(|sample| if sample == 2016 { 1.0 } else { 0.0 });
    assert_eq!(told(&mut Detector::default(), series).len(), 1);
}

#[test]
fn noise_alone_is_told_a_few_times_a_fortnight() {
    let mut noise = Noise(3);
    let mut count = 0;
    for _ in 0..20 {
        count += told(&mut Detector::default(), (0..14 * DAY).map(|_| noise.normal())).len();
    }
    assert!((20..100).contains(&count), "{count} in twenty fortnights");
}

#[test]
fn what_goes_on_is_told_once_and_charted_all_along() {
    let mut detector = Detector::default();
    let mut noise = Noise(4);
    let mut push = |value: f64| detector.push(None, value + noise.normal());
    for _ in 0..2000 {
        push(50.0);
    }
    let scores: Vec<Score> = (0..40).map(|_| push(150.0)).collect();
    let told = scores.iter().filter(|score| score.value >= DEFAULT_THRESHOLD).count();
    assert!((1..=4).contains(&told), "{told}");
    // The longer it lasts, the less unusual it is.
    assert!(scores[..20].iter().all(|score| score.level >= DEFAULT_THRESHOLD));
    assert!(scores.iter().any(|score| score.reason.to_string().starts_with("goes on: ")));
}

#[test]
fn what_cannot_be_scored_does_no_harm() {
    let mut noise = Noise(5);
    let mut clean = Detector::default();
    let mut disturbed = Detector::default();
    let zero = |score: Score, why: Unusable| {
        assert_eq!((score.value, score.reason), (0.0, Reason::Unusable(why)));
    };
    for sample in 0..3000 {
        let value = office(sample) + noise.normal() + if sample % 700 == 699 { 60.0 } else { 0.0 };
        let now = Some(at(sample));
        assert_eq!(disturbed.push(now, value), clean.push(now, value), "{sample}");
        zero(disturbed.push(now, value), Unusable::SameTime);
        for broken in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            zero(disturbed.push(Some(at(sample + 1)), broken), Unusable::NotFinite);
        }
        zero(disturbed.push(None, 1e300), Unusable::TooLarge);
        if let Some(before) = sample.checked_sub(1) {
            zero(disturbed.push(Some(at(before)), value), Unusable::ClockWentBack);
        }
    }
}

#[test]
fn a_clock_that_was_set_back_is_believed_after_five_samples() {
    let mut detector = Detector::default();
    detector.push(Some(at(100_000)), 1.0);
    let reasons: Vec<Reason> =
        (0..7).map(|sample| detector.push(Some(at(sample)), 1.0).reason).collect();
    let back = Reason::Unusable(Unusable::ClockWentBack);
    assert_eq!(reasons, [back, back, back, back, back, Reason::Learning, Reason::Learning]);
}

#[test]
fn the_first_sample_after_a_gap_is_not_scored() {
    let mut detector = Detector::default();
    let mut noise = Noise(6);
    for sample in 0..2000 {
        detector.push(Some(at(sample)), noise.normal());
    }
    let score = detector.push(Some(at(2000 + DAY)), 500.0);
    assert_eq!((score.value, score.reason), (0.0, Reason::AfterGap));
    assert!(detector.push(Some(at(2001 + DAY)), 500.0).value > DEFAULT_THRESHOLD);
}

#[test]
fn one_absurd_sample_does_not_deafen() {
    let mut detector = Detector::default();
    let mut noise = Noise(7);
    let mut push = |value: f64| detector.push(None, value + noise.normal());
    for _ in 0..1000 {
        push(50.0);
    }
    assert!(push(1e140).value > DEFAULT_THRESHOLD);
    for _ in 0..2000 {
        push(50.0);
    }
    // The absurd one counts as the largest ever; a rise is told by what it does to the mean.
    assert!((0..30).any(|_| push(90.0).value >= DEFAULT_THRESHOLD));
}

#[test]
fn scores_do_not_depend_on_the_unit() {
    let mut noise = Noise(8);
    let series: Vec<f64> = fortnight(|sample, value| {
        value + if sample == 3000 { 40.0 * noise.uniform() } else { 0.0 }
    });
    // A power of two, so that every step is exact.
    for factor in [-1.0, 1_048_576.0, 1.0 / 1024.0] {
        let (mut one, mut other) = (Detector::default(), Detector::default());
        for (sample, value) in (0..).zip(&series) {
            let (score, scaled) =
                (one.push(Some(at(sample)), *value), other.push(Some(at(sample)), value * factor));
            assert_eq!(score.value.to_bits(), scaled.value.to_bits(), "{factor} at {sample}");
        }
    }
}

#[test]
fn memory_is_bounded_and_does_not_grow() {
    for (profile, kib) in [(Profile::Small, 16), (Profile::Full, 72)] {
        let mut detector = Detector::new(profile);
        let before = detector.memory();
        let mut noise = Noise(9);
        for sample in 0..20_000 {
            detector.push(Some(at(sample)), noise.normal().exp());
        }
        assert_eq!(detector.memory(), before);
        assert!((1024..=kib * 1024).contains(&before), "{before}");
    }
}

#[test]
fn the_band_is_where_most_samples_of_that_hour_are() {
    let mut detector = Detector::default();
    assert_eq!(detector.band(at(0)), None);
    let series = fortnight(|_, value| value);
    for (sample, value) in (0..).zip(&series) {
        detector.push(Some(at(sample)), *value);
    }
    let inside = |sample: &u32| {
        let band = detector.band(at(*sample)).expect("seen for two weeks");
        (band.low..=band.high).contains(&series[usize::try_from(*sample).expect("small")])
    };
    let days = 7 * DAY..12 * DAY;
    let share = f64::from(u32::try_from(days.clone().filter(inside).count()).expect("few"))
        / f64::from(days.end - days.start);
    assert!(share > 0.95, "{share}");
    let noon = detector.band(at(14 * DAY + 144)).expect("seen");
    assert!((79.0..81.0).contains(&noon.middle), "{noon:?}");
}

#[test]
fn changes_of_level_are_found_and_peaks_and_noise_are_not() {
    let mut noise = Noise(10);
    let mut run = |level: &dyn Fn(u32) -> f64| {
        let mut changes = Changes::new();
        let mut found = Vec::new();
        for sample in 0..4000 {
            let value = level(sample) + noise.normal();
            if let Some(change) = changes.push(None, value, value) {
                let tens = |level: f64| (level / 10.0).round() * 10.0;
                found.push((sample - change.samples_ago, tens(change.before), tens(change.after)));
            }
        }
        found
    };
    assert_eq!(run(&|_| 0.0), []);
    assert_eq!(run(&|sample| if sample % 500 == 499 { 50.0 } else { 0.0 }), []);
    assert_eq!(run(&|sample| if sample >= 2000 { 10.0 } else { 0.0 }), [(2000, 0.0, 10.0)]);
    let there_and_back = |sample| if (1000..3000).contains(&sample) { -20.0 } else { 10.0 };
    assert_eq!(run(&there_and_back), [(1000, 10.0, -20.0), (3000, -20.0, 10.0)]);
}

#[test]
fn reasons_read_as_phrases() {
    for (reason, text) in [
        (Reason::Learning, "learning"),
        (Reason::Usual, "usual"),
        (Reason::AfterGap, "first after a gap"),
        (Reason::Unusable(Unusable::NotFinite), "not a finite number"),
        (Reason::Unusable(Unusable::SameTime), "the same time as the sample before"),
    ] {
        assert_eq!(reason.to_string(), text);
    }
    let mut detector = Detector::default();
    for sample in 0..2000_u32 {
        detector.push(None, f64::from(sample % 7));
    }
    let reason = detector.push(None, 1234.5).reason.to_string();
    assert_eq!(reason, "57 above the usual 3; more so than all 2000 samples before");
}

proptest! {
    #[test]
    fn whatever_comes_a_score_is_from_zero_to_one(
        samples in prop::collection::vec((prop::option::of(any::<i64>()), any::<f64>()), 0..200),
        small in any::<bool>(),
    ) {
        let mut detector = Detector::new(if small { Profile::Small } else { Profile::Full });
        for (at, value) in samples {
            let score = detector.push(at.map(Timestamp::from_unix_nanos), value);
            prop_assert!((0.0..=1.0).contains(&score.value) && (0.0..=1.0).contains(&score.level));
            prop_assert!(score.value <= score.level && !score.reason.to_string().is_empty());
        }
    }

    #[test]
    fn whatever_is_finite_and_in_order_a_score_is_from_zero_to_one(
        samples in prop::collection::vec((1..100_000_u32, prop_oneof![-1e3..1e3, -1e150..1e150, Just(0.0), 1e-300..1e-290]), 0..300),
    ) {
        let (mut detector, mut seconds) = (Detector::default(), 0_i64);
        for (step, value) in samples {
            seconds += i64::from(step);
            let now = Timestamp::from_unix_seconds(seconds);
            let score = detector.push(Some(now), value);
            prop_assert!((0.0..=1.0).contains(&score.value) && (0.0..=1.0).contains(&score.level));
            if let Some(band) = detector.band(now) {
                prop_assert!(band.low <= band.middle && band.middle <= band.high);
            }
        }
    }
}
