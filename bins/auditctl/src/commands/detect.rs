//! `auditctl detect`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use serde_json::json;
use wardkit_cli::{Common, Format, Report, escaped, escaped_json};
use wardkit_detect::anomaly::Detector;

use super::csv::{NoSeries, Sample, Series, quoted};
use super::{could_not_run, note};
use crate::cli::Detect;

/// Scores the rows of a file.
pub(super) fn run(common: &Common, detect: &Detect) -> Result<ExitCode, Report> {
    let input =
        open(&detect.file).map_err(|error| unusable(&detect.file, NoSeries::Read(error)))?;
    let series = Series::open(input).map_err(|error| unusable(&detect.file, error))?;
    let mut scorer = Scorer {
        detector: Detector::new(detect.profile.into()),
        options: detect,
        format: common.format,
        is_terminal: io::stdout().is_terminal(),
        rows: 0,
        passed_over: 0,
        anomalies: 0,
    };
    let is_whole = match scorer.run(series, BufWriter::new(io::stdout().lock())) {
        Ok(is_whole) => is_whole,
        // Whoever read has enough.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => true,
        Err(error) => return Err(could_not_run(error)),
    };
    let (rows, passed_over) = (scorer.rows, scorer.passed_over);
    if passed_over > 0 {
        note(&format!("{passed_over} of {rows} rows have no time or no finite value"));
    }
    // Who asks for a verdict is not told that all is well when nothing could be read.
    let is_blind = detect.fail && rows > 0 && passed_over == rows;
    Ok(if !is_whole || is_blind {
        ExitCode::from(INCOMPLETE)
    } else if detect.fail && scorer.anomalies > 0 {
        ExitCode::from(FINDINGS)
    } else {
        ExitCode::SUCCESS
    })
}

pub(super) fn open(file: &Path) -> io::Result<Box<dyn Read>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(file)?))
}

#[derive(Debug, thiserror::Error)]
#[error("{name} is not a series")]
struct Unusable {
    name: String,
    source: NoSeries,
}

pub(super) fn unusable(file: &Path, source: NoSeries) -> Report {
    let name = if file == Path::new("-") {
        "standard input".to_owned()
    } else {
        file.display().to_string()
    };
    could_not_run(Unusable { name, source })
        .with_hint("the first line names the columns, such as: timestamp,value")
}

struct Scorer<'o> {
    detector: Detector,
    options: &'o Detect,
    format: Format,
    /// The file's own texts are copied as they are, but never to a terminal, which might obey them.
    is_terminal: bool,
    rows: u64,
    passed_over: u64,
    anomalies: u64,
}

impl Scorer<'_> {
    /// Scores until the input ends, and tells whether it ended by itself. What was read is written before more is
    /// waited for.
    fn run(&mut self, mut series: Series<impl Read>, mut out: impl Write) -> io::Result<bool> {
        let mut line = String::new();
        if self.format == Format::Text {
            out.write_all(b"timestamp,value,anomaly_score,reason\n")?;
        }
        loop {
            if !series.is_ready() {
                out.flush()?;
            }
            let sample = match series.next() {
                Ok(Some(sample)) => sample,
                Ok(None) => break,
                Err(error) => {
                    out.flush()?;
                    note(&format!("the input broke off after row {}: {error}", self.rows));
                    return Ok(false);
                }
            };
            line.clear();
            self.line(&sample, &mut line);
            out.write_all(line.as_bytes())?;
        }
        out.flush()?;
        Ok(true)
    }

    fn line(&mut self, sample: &Sample, line: &mut String) {
        let score = sample.read.map(|(at, value)| self.detector.push(Some(at), value));
        let value = score.as_ref().map_or(0.0, |score| score.value);
        let reason =
            score.as_ref().map_or_else(ToString::to_string, |score| score.reason.to_string());
        self.rows += 1;
        self.passed_over += u64::from(!sample.read.is_ok_and(|(_, value)| value.is_finite()));
        let is_anomaly = score.is_ok() && value >= self.options.threshold;
        self.anomalies += u64::from(is_anomaly);
        if self.options.only && !is_anomaly {
            return;
        }
        let (timestamp, text) = (&sample.timestamp, &sample.value);
        match self.format {
            Format::Text => {
                self.field(timestamp, line);
                line.push(',');
                self.field(text, line);
                // Writing to a string cannot fail.
                let _ = write!(line, ",{value:.6},");
                quoted(&reason, line);
            }
            Format::Json => {
                let number =
                    sample.read.ok().map(|(_, value)| value).filter(|value| value.is_finite());
                let value_read = number.map_or_else(|| json!(text), |number| json!(number));
                let rounded = (value * 1e6).round() / 1e6;
                let mut object = json!({"timestamp": timestamp, "value": value_read, "anomaly_score": rounded, "reason": reason});
                if let Some(change) = score.ok().and_then(|score| score.change) {
                    object["change"] = json!({
                        "since": change.at.map(|at| at.to_string()),
                        "before": change.before,
                        "after": change.after,
                    });
                }
                line.push_str(&escaped_json(&object).expect("it was JSON already"));
            }
        }
        line.push('\n');
    }

    fn field(&self, text: &str, line: &mut String) {
        if self.is_terminal { quoted(&escaped(text), line) } else { quoted(text, line) }
    }
}

/// Exit codes.
const FINDINGS: u8 = 1;
const INCOMPLETE: u8 = 3;
