//! What an evaluation may cost, and what ends it.

use std::cell::Cell;
use std::time::Duration;

use wardkit_promql::{
    EvalError, Evaluator, Expr, Labels, MemorySource, Options, Sample, Selector, Series, Source,
    SourceError, Want, Window, eval,
};

/// A hundred series with a sample every second for five minutes.
fn source() -> MemorySource {
    let mut source = MemorySource::new();
    for number in 0..100 {
        let number = number.to_string();
        let labels: Labels = [("__name__", "x"), ("n", number.as_str())].into_iter().collect();
        for at in 0..=300 {
            source.append(&labels, Sample::new(at * 1000, 1.0));
        }
    }
    source
}

fn limited(text: &str, change: impl FnOnce(&mut Options)) -> Result<String, EvalError> {
    let mut options = Options::default();
    change(&mut options);
    let source = source();
    let evaluator = Evaluator::new(&source).with_options(options);
    evaluator.instant(&Expr::parse(text).unwrap(), 300_000).map(|value| format!("{value:?}"))
}

#[test]
fn an_evaluation_touches_no_more_samples_than_it_may() {
    let limit = |samples| move |options: &mut Options| options.max_samples = samples;
    assert_eq!(
        limited("sum(x)", limit(200)).unwrap(),
        "Vector([Element { labels: {}, value: 100.0 }])"
    );
    let error = limited("sum(x)", limit(150)).unwrap_err();
    assert_eq!(error.to_string(), "more than 150 samples are touched");
    let error = limited("sum(count_over_time(x[5m]))", limit(20_000)).unwrap_err();
    assert_eq!(error.to_string(), "the data cannot be read");
    // Steps cost something even where they find nothing.
    let error = limited("max_over_time(nothing[10y:1ms])", limit(20_000)).unwrap_err();
    assert_eq!(error.to_string(), "more than 20000 samples are touched");
    assert!(!error.is_transient());
}

#[test]
fn no_part_has_more_series_than_it_may() {
    let error = limited("sum(x)", |options| options.max_series = 99).unwrap_err();
    assert_eq!(error.to_string(), "more than 99 series in one result");
    assert!(limited("sum(x)", |options| options.max_series = 100).is_ok());
}

#[test]
fn an_evaluation_stops_when_it_is_told_to() {
    let source = source();
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 2
    };
    let evaluator = Evaluator::new(&source).with_stop(&stop);
    let expr = Expr::parse("sum(count_over_time(x[5m]))").unwrap();
    let error = evaluator.instant(&expr, 300_000).unwrap_err();
    assert!(matches!(error, EvalError::Stopped) && error.is_transient());
    assert_eq!(asked.get(), 3);
}

#[test]
fn what_a_source_cannot_read_is_an_error_and_not_an_empty_result() {
    struct Broken;
    impl Source for Broken {
        fn select(&self, _: &Selector, _: &Window) -> Result<Vec<Series>, SourceError> {
            Err(SourceError::new("the disk is gone").with_cause("input/output error").transient())
        }
    }
    let error = eval(&Expr::parse("absent(up)").unwrap(), &Broken, 0).unwrap_err();
    assert!(error.is_transient());
    let mut chain = Vec::new();
    let mut next: Option<&dyn std::error::Error> = Some(&error);
    while let Some(error) = next {
        chain.push(error.to_string());
        next = error.source();
    }
    assert_eq!(chain, ["the data cannot be read", "the disk is gone", "input/output error"]);
}

#[test]
fn each_selector_is_read_once_and_no_wider_than_it_looks() {
    struct Asked(MemorySource, std::cell::RefCell<Vec<(i64, i64, Want)>>);
    impl Source for Asked {
        fn select(&self, selector: &Selector, window: &Window) -> Result<Vec<Series>, SourceError> {
            self.1.borrow_mut().push((window.from_ms, window.to_ms, window.want));
            self.0.select(selector, window)
        }
    }
    let asked = |text: &str, times: (i64, i64)| {
        let source = Asked(source(), std::cell::RefCell::default());
        let step = Duration::from_secs(10);
        let expr = Expr::parse(text).unwrap();
        Evaluator::new(&source).range(&expr, times.0, times.1, step).unwrap();
        source.1.take()
    };
    assert_eq!(asked("x", (300_000, 300_000)), [(0, 300_000, Want::Latest)]);
    assert_eq!(asked("x", (200_000, 300_000)), [(-100_000, 300_000, Want::All)]);
    assert_eq!(asked("rate(x[1m] offset 1m)", (300_000, 300_000)), [(180_000, 240_000, Want::All)]);
    assert_eq!(
        asked("max_over_time(x[1m:1s]) + x @ 100", (300_000, 310_000)),
        [(-60_000, 310_000, Want::All), (-200_000, 100_000, Want::Latest)]
    );
}

#[test]
fn a_subquery_within_another_costs_the_sum_of_their_steps_and_not_the_product() {
    let text = "max_over_time(max_over_time(x[5m:1s])[5m:1s])";
    // 600 steps inside, each with up to 100 series, and 300 windows of 300 steps over what they came to.
    let all = limited(text, |options| options.max_samples = 10_000_000);
    assert!(all.is_ok(), "{all:?}");
}

#[test]
fn a_range_has_a_value_at_each_step_where_there_is_one() {
    let source = source();
    let expr = Expr::parse("sum(x) > 1 + time() / 3").unwrap();
    let found = Evaluator::new(&source).range(&expr, 290_000, 310_000, Duration::from_secs(5));
    let found = found.unwrap();
    let times: Vec<_> = found[0].samples.iter().map(|sample| sample.at_ms).collect();
    assert_eq!((found.len(), times), (1, vec![290_000, 295_000]));
}
