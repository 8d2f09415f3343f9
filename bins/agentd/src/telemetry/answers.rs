//! Questions about what was measured.

use std::time::Duration;

use serde_json::json;
use wardkit_api::{
    Answer, Number, ProcessUse, Question, QuestionRefused, Range, SeriesAnswer, SeriesPoints, Told,
    TopAnswer,
};
use wardkit_core::{Clock as _, SystemClock, Timestamp};
use wardkit_detect::bottleneck::judge;
use wardkit_metrics::Samples;
use wardkit_metrics::history::{self, Aggregate, Reader, Selector, Series};

use super::ahead;
use super::usage::usage;
use crate::app::App;
use crate::reload::error_chain;

impl App {
    /// Answers a question about what was measured. Blocks.
    pub(crate) fn answer_now(&self, question: Question) -> Result<Answer, QuestionRefused> {
        match question {
            Question::At { series, at: None } => Ok(self.now(&selector(&series)?)),
            Question::At { series, at: Some(at) } => self.past(&selector(&series)?, at),
            Question::Range(range) => self.range(&range),
            Question::Top { most } => Ok(self.top(most)),
            Question::Forecast { series, limit } => self.forecast(&series, limit),
            Question::Bottleneck => Ok(self.bottleneck()),
            _ => Err(QuestionRefused::Bad("this daemon does not know the question".to_owned())),
        }
    }

    /// Answers with what is shown to a scrape.
    fn now(&self, selector: &Selector) -> Answer {
        let mut samples = Samples::new();
        self.collect(&mut samples);
        self.telemetry.registry().gather(&mut samples);
        let (host, derived) = (self.telemetry.host(), self.telemetry.derived());
        let at = seconds(SystemClock.now());
        let all = [&samples, &*host, &*derived].into_iter().flat_map(Samples::families);
        let mut answer = SeriesAnswer::default();
        for sample in all.flat_map(|family| family.samples()) {
            if !selector.matches(sample.series) {
                continue;
            }
            if answer.series.len() == MOST_SERIES {
                answer.truncated = true;
                break;
            }
            let points = vec![(at, Number(sample.value))];
            answer.series.push(SeriesPoints { series: sample.series.to_owned(), points });
        }
        Answer::new(&answer)
    }

    fn past(&self, selector: &Selector, at: Timestamp) -> Result<Answer, QuestionRefused> {
        let end = at.saturating_add(Duration::from_millis(1));
        let range = history::Range::new(at.saturating_sub(STALE), end);
        let step = STALE + Duration::from_millis(1);
        answer(self.reader()?.query(selector, range, step, Aggregate::Last))
    }

    fn range(&self, asked: &Range) -> Result<Answer, QuestionRefused> {
        let selector = selector(&asked.series)?;
        let until = asked.until.unwrap_or_else(|| SystemClock.now());
        let from = asked.from.unwrap_or_else(|| until.saturating_sub(USUAL_RANGE));
        let long = until
            .duration_since(from)
            .ok_or_else(|| QuestionRefused::Bad("start: lies behind end".to_owned()))?;
        let step = match asked.step {
            Some(step) => Duration::try_from_secs_f64(step)
                .map_err(|error| QuestionRefused::Bad(format!("step: {error}")))?,
            None => SHORTEST_STEP.max(Duration::from_secs(long.as_secs().div_ceil(USUAL_POINTS))),
        };
        let aggregate = match asked.aggregate.as_deref() {
            None => Aggregate::Avg,
            Some(name) => aggregate(name)?,
        };
        let range = history::Range::new(from, until);
        answer(self.reader()?.query(&selector, range, step, aggregate))
    }

    fn top(&self, most: usize) -> Answer {
        let shown = |one: wardkit_metrics::host::ProcessUse| ProcessUse {
            pid: one.pid,
            name: one.name,
            cpu: one.cpu,
            memory: one.resident,
            threads: one.threads,
            read: one.read,
            written: one.written,
        };
        let snapshot = self.telemetry.snapshot();
        let mut processes: Vec<_> = snapshot.processes.into_iter().map(shown).collect();
        processes.sort_by(|a, b| {
            let cpu = |one: &ProcessUse| one.cpu.unwrap_or(0.0);
            cpu(b).total_cmp(&cpu(a)).then(b.memory.cmp(&a.memory))
        });
        processes.truncate(most);
        Answer::new(&TopAnswer { processes })
    }

    fn bottleneck(&self) -> Answer {
        let report = judge(&usage(&self.telemetry.snapshot()));
        let details = serde_json::to_value(&report).unwrap_or_default();
        Answer::new(&Told { sentences: vec![report.to_string()], details })
    }

    fn forecast(&self, series: &str, limit: Option<f64>) -> Result<Answer, QuestionRefused> {
        let (selector, now) = (selector(series)?, SystemClock.now());
        let seen =
            ahead::all(&self.reader()?, &selector, limit, now).map_err(|error| refused(&error))?;
        if seen.is_empty() {
            return Err(QuestionRefused::Bad("there is no such series in the history".to_owned()));
        }
        let sentences = seen.iter().map(|(series, forecast)| format!("{series}: {forecast}"));
        let details =
            seen.iter().map(|(series, forecast)| json!({ "series": series, "forecast": forecast }));
        let (sentences, details) = (sentences.collect(), details.collect());
        Ok(Answer::new(&Told { sentences, details }))
    }

    fn reader(&self) -> Result<Reader, QuestionRefused> {
        self.telemetry.history().ok_or_else(|| {
            QuestionRefused::Unavailable("there is no history: see [history]".to_owned())
        })
    }
}

fn selector(text: &str) -> Result<Selector, QuestionRefused> {
    text.parse().map_err(|error| QuestionRefused::Bad(error_chain(&error)))
}

fn aggregate(name: &str) -> Result<Aggregate, QuestionRefused> {
    let quantile = |text: &str| text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    Ok(match name {
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "sum" => Aggregate::Sum,
        "count" => Aggregate::Count,
        "last" => Aggregate::Last,
        "rate" => Aggregate::Rate,
        "increase" => Aggregate::Increase,
        other => {
            let share = other.strip_prefix('q').and_then(quantile);
            Aggregate::Quantile(share.ok_or_else(|| QuestionRefused::Bad(AGGREGATES.to_owned()))?)
        }
    })
}

fn answer(found: Result<Vec<Series>, history::Error>) -> Result<Answer, QuestionRefused> {
    let mut found = found.map_err(|error| refused(&error))?;
    let truncated = found.len() > MOST_SERIES;
    found.truncate(MOST_SERIES);
    let series = found
        .into_iter()
        .map(|series| SeriesPoints {
            series: series.key,
            points: series
                .points
                .into_iter()
                .map(|point| (seconds(point.at), Number(point.value)))
                .collect(),
        })
        .collect();
    Ok(Answer::new(&SeriesAnswer { series, truncated }))
}

#[expect(clippy::cast_precision_loss, reason = "to the microsecond until the year 2255")]
pub(super) fn seconds(at: Timestamp) -> f64 {
    (at.as_unix_nanos() / 1000) as f64 / 1e6
}

fn refused(error: &history::Error) -> QuestionRefused {
    match error {
        history::Error::TooMuch { .. }
        | history::Error::EmptyRange
        | history::Error::Selector { .. } => QuestionRefused::Bad(error.to_string()),
        _ => QuestionRefused::Unavailable(error_chain(error)),
    }
}

/// What is older is not what is the case.
const STALE: Duration = Duration::from_mins(5);
const USUAL_RANGE: Duration = Duration::from_hours(1);
const USUAL_POINTS: u64 = 240;
const SHORTEST_STEP: Duration = Duration::from_secs(10);
/// As many as a person or a page can look at.
const MOST_SERIES: usize = 1000;
const AGGREGATES: &str =
    "aggregate: none of avg, min, max, sum, count, last, rate, increase and quantiles as q0.95";
