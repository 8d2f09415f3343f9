//! What stands behind the question mark of a target: read for the daemon, written by the client.

use std::fmt::Write as _;
use std::time::Duration;

use wardkit_core::Timestamp;
use wardkit_retry::duration;

use crate::question::{Question, Range};
use crate::routes::Ask;

/// Reads a question.
///
/// # Errors
///
/// Returns what is wrong with it, in words.
pub(crate) fn read(ask: Ask, query: Option<&str>) -> Result<Question, String> {
    let mut fields = Fields::parse(query.unwrap_or_default(), MOST_FIELDS)?;
    let question = match ask {
        Ask::Query => Question::At { series: fields.series()?, at: fields.time("time")? },
        Ask::QueryRange => Question::Range(Range {
            series: fields.series()?,
            from: fields.time("start")?,
            until: fields.time("end")?,
            step: fields.step()?,
            aggregate: fields.take("aggregate"),
        }),
        Ask::Top => Question::Top { most: fields.most()? },
        Ask::Bottleneck => Question::Bottleneck,
        Ask::Forecast => {
            Question::Forecast { series: fields.series()?, limit: fields.number("limit")? }
        }
    };
    fields.end()?;
    Ok(question)
}

/// Reads names and values, each name once.
///
/// # Errors
///
/// Returns what is wrong with them, in words.
pub(crate) fn pairs(query: Option<&str>) -> Result<Vec<(String, String)>, String> {
    Fields::parse(query.unwrap_or_default(), MOST_PAIRS).map(|fields| fields.0)
}

/// Writes a question as the path and query that [`read`] reads.
pub(crate) fn write(question: &Question) -> String {
    let mut out = String::new();
    let time = |at: &Timestamp| at.to_string();
    match question {
        Question::At { series, at } => {
            out.push_str("/api/v1/query");
            push(&mut out, "query", series);
            push_some(&mut out, "time", at.as_ref().map(time));
        }
        Question::Range(range) => {
            out.push_str("/api/v1/query_range");
            push(&mut out, "query", &range.series);
            push_some(&mut out, "start", range.from.as_ref().map(time));
            push_some(&mut out, "end", range.until.as_ref().map(time));
            push_some(&mut out, "step", range.step.map(|step| step.to_string()));
            push_some(&mut out, "aggregate", range.aggregate.clone());
        }
        Question::Top { most } => {
            out.push_str("/v1/top");
            push(&mut out, "most", &most.to_string());
        }
        Question::Bottleneck => out.push_str("/v1/bottleneck"),
        Question::Forecast { series, limit } => {
            out.push_str("/v1/forecast");
            push(&mut out, "query", series);
            push_some(&mut out, "limit", limit.map(|limit| limit.to_string()));
        }
    }
    out
}

fn push_some(out: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        push(out, name, &value);
    }
}

fn push(out: &mut String, name: &str, value: &str) {
    out.push(if out.contains('?') { '&' } else { '?' });
    out.push_str(name);
    out.push('=');
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// The fields of a query that are still to be read.
struct Fields(Vec<(String, String)>);

impl Fields {
    fn parse(query: &str, most: usize) -> Result<Self, String> {
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name)?;
            if fields.iter().any(|(known, _)| *known == name) {
                return Err(format!("{name:?} is there twice"));
            }
            if fields.len() == most {
                return Err(format!("more than {most} parameters"));
            }
            fields.push((name, decode(value)?));
        }
        Ok(Self(fields))
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    fn series(&mut self) -> Result<String, String> {
        self.take("query").filter(|text| !text.is_empty()).ok_or_else(|| {
            "query: which series? for example query=node_load1, or node_cpu_seconds_total{mode=\"idle\"}"
                .to_owned()
        })
    }

    /// Reads Unix seconds or RFC 3339.
    fn time(&mut self, name: &str) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds < MOST_SECONDS);
        let seconds = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let seconds = seconds.map(|since| Timestamp::UNIX_EPOCH.saturating_add(since));
        let time = seconds.or_else(|| text.parse().ok());
        time.map(Some).ok_or_else(|| {
            format!("{name}: neither Unix seconds nor a time such as 2026-01-31T12:00:00Z")
        })
    }

    /// Reads seconds or a duration such as `1m`.
    fn step(&mut self) -> Result<Option<f64>, String> {
        let Some(text) = self.take("step") else { return Ok(None) };
        let seconds = text.parse::<f64>().ok();
        let seconds = seconds.or_else(|| duration::parse(&text).map(|step| step.as_secs_f64()));
        let seconds = seconds.filter(|seconds| *seconds > 0.0 && *seconds < MOST_SECONDS);
        seconds
            .map(Some)
            .ok_or_else(|| "step: neither seconds nor a duration such as 1m".to_owned())
    }

    fn number(&mut self, name: &str) -> Result<Option<f64>, String> {
        let Some(text) = self.take(name) else { return Ok(None) };
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| format!("{name}: not a number"))
    }

    fn most(&mut self) -> Result<usize, String> {
        let Some(text) = self.take("most") else { return Ok(USUAL_TOP) };
        let most = text.parse().ok().filter(|most| (1..=MOST_TOP).contains(most));
        most.ok_or_else(|| format!("most: not between 1 and {MOST_TOP}"))
    }

    fn end(self) -> Result<(), String> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(format!("{name:?} is no parameter of this question")),
        }
    }
}

/// Decodes `%` and `+` as forms write them.
pub(crate) fn decode(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let value =
                    high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                bytes.push(value.ok_or("a percent sign without two hexadecimal digits")?);
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| "not UTF-8".to_owned())
}

/// More than any question has.
const MOST_FIELDS: usize = 8;
/// Each is compared with all before it.
const MOST_PAIRS: usize = 64;
const USUAL_TOP: usize = 10;
const MOST_TOP: usize = 1000;
/// Beyond it lies no time that can be written.
const MOST_SECONDS: f64 = 9.2e9;

#[cfg(test)]
mod tests {
    use super::*;

    fn reads(question: &Question) -> Question {
        let target = write(question);
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let ask = match path {
            "/api/v1/query" => Ask::Query,
            "/api/v1/query_range" => Ask::QueryRange,
            "/v1/top" => Ask::Top,
            "/v1/bottleneck" => Ask::Bottleneck,
            "/v1/forecast" => Ask::Forecast,
            _ => panic!("{path}"),
        };
        read(ask, Some(query)).unwrap()
    }

    #[test]
    fn what_the_client_writes_the_daemon_reads() {
        let series = "a_b{c=\"d & e + f = ü%\",g!=\"\"}".to_owned();
        let at = Some(Timestamp::from_unix_seconds(1_700_000_000));
        for question in [
            Question::At { series: series.clone(), at: None },
            Question::At { series: series.clone(), at },
            Question::Range(Range {
                from: at,
                until: at,
                step: Some(0.5),
                aggregate: Some("avg".to_owned()),
                ..Range::of(series.clone())
            }),
            Question::Range(Range::of(series.clone())),
            Question::Top { most: 7 },
            Question::Bottleneck,
            Question::Forecast { series: series.clone(), limit: Some(1e12) },
            Question::Forecast { series, limit: None },
        ] {
            assert_eq!(reads(&question), question);
        }
    }

    #[test]
    fn times_and_steps_are_read_in_the_usual_forms() {
        let range = read(
            Ask::QueryRange,
            Some("query=a&start=1700000000.5&end=2023-11-14T22:13:21Z&step=1m"),
        );
        let Ok(Question::Range(range)) = range else { panic!("{range:?}") };
        assert_eq!(range.from, Some(Timestamp::from_unix_nanos(1_700_000_000_500_000_000)));
        assert_eq!(range.until, Some(Timestamp::from_unix_seconds(1_700_000_001)));
        assert_eq!(range.step, Some(60.0));
    }

    #[test]
    fn what_is_no_question_is_refused_by_name() {
        for (ask, query, reason) in [
            (Ask::Query, "", "query: which series?"),
            (Ask::Query, "query=", "query: which series?"),
            (Ask::Query, "query=a&query=b", "\"query\" is there twice"),
            (Ask::Query, "query=a&step=1", "\"step\" is no parameter"),
            (Ask::Query, "query=%", "a percent sign"),
            (Ask::Query, "query=%+1", "a percent sign"),
            (Ask::Query, "query=%ff", "not UTF-8"),
            (Ask::Query, "query=a&time=soon", "time: neither"),
            (Ask::Query, "query=a&time=NaN", "time: neither"),
            (Ask::Query, "query=a&time=1e300", "time: neither"),
            (Ask::QueryRange, "query=a&step=0", "step: neither"),
            (Ask::QueryRange, "query=a&step=-1", "step: neither"),
            (Ask::QueryRange, "query=a&step=NaN", "step: neither"),
            (Ask::Top, "most=0", "most: not between"),
            (Ask::Forecast, "query=a&limit=inf", "limit: not a number"),
            (Ask::Bottleneck, "a&b&c&d&e&f&g&h&i&j", "more than 8 parameters"),
        ] {
            let refused = read(ask, Some(query)).unwrap_err();
            assert!(refused.starts_with(reason), "{query}: {refused}");
        }
    }
}
