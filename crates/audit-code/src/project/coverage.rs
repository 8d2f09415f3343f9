//! What a report of coverage in the tree says.

use wardkit_audit::{Location, Sink, Status};

use super::{Whole, tell};

pub(super) fn judge(whole: &Whole<'_>, sink: &mut Sink) {
    if !sink.wants(CHECK) {
        return;
    }
    let reports = whole.project.files().iter().filter(|path| is_report(path));
    let (mut seen, mut all) = (Vec::new(), 0);
    for path in reports.take(MOST_REPORTS) {
        all += 1;
        let Ok(text) = whole.project.read_up_to(path, LARGEST) else { continue };
        let covered = if is_lcov(path) { lcov(&text) } else { cobertura(&text) };
        let Some(percent) = covered else { continue };
        seen.push(format!("{path}: {percent} %"));
        if percent < LEAST {
            let current = format!("Tests run {percent} % of the lines.");
            tell(CHECK, Location::file(path.as_str()), "coverage", current, sink);
        }
    }
    let (status, evidence) = match (seen.is_empty(), all) {
        (false, _) => (Status::Pass, seen),
        (true, 0) => {
            (Status::NotApplicable, vec!["there is no lcov.info and no coverage.xml".to_owned()])
        }
        (true, _) => (Status::Unknown, vec!["no report of coverage can be read".to_owned()]),
    };
    sink.outcome(CHECK, status, evidence);
}

fn is_report(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    is_lcov(path) || end == "xml" && (stem.starts_with("coverage") || stem.starts_with("cobertura"))
}

fn is_lcov(path: &str) -> bool {
    path.rsplit('/').next() == Some("lcov.info")
}

/// Returns how much of a hundred was run: of the lines that were found, those that were hit.
fn lcov(text: &str) -> Option<u64> {
    let sum = |key: &str| -> u64 {
        let values = text.lines().filter_map(|line| line.strip_prefix(key)?.trim().parse().ok());
        values.fold(0, u64::saturating_add)
    };
    let (found, hit) = (sum("LF:"), sum("LH:"));
    hit.min(found).saturating_mul(100).checked_div(found)
}

/// Returns how much of a hundred was run, as the first element says.
fn cobertura(text: &str) -> Option<u64> {
    let begin = text.find("<coverage")?;
    let element = &text[begin..begin + text[begin..].find('>')?];
    let value = element.split_once("line-rate=")?.1.trim_start();
    let quote = value.chars().next().filter(|sign| matches!(sign, '"' | '\''))?;
    let value = value[1..].split(quote).next()?;
    // `0.7345`: percents are its digits, so no number with a point is needed.
    let (whole, part) = value.split_once('.').unwrap_or((value, ""));
    let digits: String = part.chars().chain("00".chars()).take(2).collect();
    let percent =
        whole.parse::<u64>().ok()?.saturating_mul(100).saturating_add(digits.parse().ok()?);
    (percent <= 100).then_some(percent)
}

const CHECK: &str = "q-coverage-low";

/// Of a hundred: below it more than the paths of errors are untried.
const LEAST: u64 = 60;

/// A report of a large project has some ten megabytes.
const LARGEST: u64 = 50_000_000;

/// One a package.
const MOST_REPORTS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_are_read() {
        assert_eq!(lcov("SF:a.js\nLF:10\nLH:4\nend_of_record\nSF:b.js\nLF:10\nLH:1\n"), Some(25));
        assert_eq!(lcov("SF:a.js\n"), None);
        let check = |text, expected| assert_eq!(cobertura(text), expected, "{text}");
        check(
            "<?xml version=\"1.0\"?>\n<coverage version=\"7\" line-rate=\"0.7345\" x=\"1\">",
            Some(73),
        );
        check("<coverage line-rate='1'>", Some(100));
        check("<coverage line-rate=\"0.5\"/>", Some(50));
        check("<coverage line-rate=\"nan\">", None);
        check("<coverage line-rate=\"é\">", None);
        check("<coverage line-rate=", None);
    }
}
