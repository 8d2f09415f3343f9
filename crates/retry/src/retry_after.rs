//! The wait that an HTTP server asks for.

use std::time::Duration;

use wardkit_core::Timestamp;

/// Returns the wait that the headers of a response ask for, or `None` when they ask for none.
///
/// `header` finds a header by its lower-case name. Understood are `Retry-After` in seconds or as any of the three
/// dates of HTTP, and `retry-after-ms`; of two the longer one counts, so that neither is shortened. A date is
/// measured against the response's own `Date` header, which makes it immune to a clock that is wrong on either
/// side; without one against `now`.
///
/// ```
/// # use std::time::Duration;
/// # use wardkit_core::Timestamp;
/// let header = |name: &str| match name {
///     "retry-after" => Some("Fri, 31 Dec 1999 23:59:59 GMT"),
///     "date" => Some("Fri, 31 Dec 1999 23:59:29 GMT"),
///     _ => None,
/// };
/// let wait = wardkit_retry::retry_after(header, || Timestamp::UNIX_EPOCH);
/// assert_eq!(wait, Some(Duration::from_secs(30)));
/// ```
pub fn retry_after<'h>(
    header: impl Fn(&str) -> Option<&'h str>,
    now: impl FnOnce() -> Timestamp,
) -> Option<Duration> {
    let millis = header("retry-after-ms").and_then(|text| decimal(text.trim(), 1_000_000));
    let other = header("retry-after").map(str::trim).and_then(|text| {
        decimal(text, NANOS_PER_SECOND).or_else(|| {
            let at = http_date(text)?;
            let sent = header("date").and_then(|date| http_date(date.trim())).unwrap_or_else(now);
            // A date that has passed asks for no wait.
            Some(at.duration_since(sent).unwrap_or_default())
        })
    });
    millis.max(other)
}

/// Reads a number of units with an optional fraction, rounded up; a number too large is the longest duration.
fn decimal(text: &str, unit_nanos: u64) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    // All digits: the one way to fail is to be too large.
    let whole = whole.parse().unwrap_or(u64::MAX);
    let nanos = u128::from(whole) * u128::from(unit_nanos) + fraction_nanos(fraction, unit_nanos);
    Some(Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)))
}

/// Returns the nanoseconds of the digits after the point, rounded up.
fn fraction_nanos(digits: &str, unit_nanos: u64) -> u128 {
    // 18 digits are far below a nanosecond; one more of them nonzero still rounds up.
    let (kept, rest) = digits.split_at(digits.len().min(18));
    let number = kept.parse::<u128>().unwrap_or(0);
    let scale = 10_u128.pow(u32::try_from(kept.len()).unwrap_or(18));
    let more = u128::from(rest.bytes().any(|byte| byte != b'0'));
    (number * u128::from(unit_nanos) + more).div_ceil(scale)
}

/// Reads the three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850 and asctime.
fn http_date(text: &str) -> Option<Timestamp> {
    let mut words = text.split([' ', ',', '-']).filter(|word| !word.is_empty());
    let (_weekday, second, third, fourth) =
        (words.next()?, words.next()?, words.next()?, words.next()?);
    let fifth = words.next()?;
    let (day, month, year, time) = if second.starts_with(|c: char| c.is_ascii_digit()) {
        // Sun, 06 Nov 1994 08:49:37 GMT or Sunday, 06-Nov-94 08:49:37 GMT
        (words.next()? == "GMT").then_some((second, third, fourth, fifth))?
    } else {
        // Sun Nov  6 08:49:37 1994
        (third, second, fifth, fourth)
    };
    if words.next().is_some() {
        return None;
    }
    let month = 1 + MONTHS.iter().position(|&name| name == month)?;
    let year = full_year(year)?;
    // Beyond what a timestamp holds: as late as can be, so that the wait is not taken for none.
    if year > LAST_WHOLE_YEAR {
        return Some(Timestamp::MAX);
    }
    timestamp(year, month, day, time)
}

/// Puts a date together. The parser of RFC 3339 refuses days and hours that do not exist, and leap seconds, which
/// HTTP allows.
fn timestamp(year: u32, month: usize, day: &str, time: &str) -> Option<Timestamp> {
    if let Some(minute) = time.strip_suffix(":60") {
        let before = timestamp(year, month, day, &format!("{minute}:59"))?;
        return Some(before.saturating_add(Duration::from_secs(1)));
    }
    format!("{year:04}-{month:02}-{day:0>2}T{time}Z").parse().ok()
}

/// Two digits are those of the years 1970 to 2069.
fn full_year(year: &str) -> Option<u32> {
    let number: u32 = year.parse().ok()?;
    match (year.len(), number) {
        (2, 70..) => Some(1900 + number),
        (2, _) => Some(2000 + number),
        (4, _) => Some(number),
        _ => None,
    }
}

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const LAST_WHOLE_YEAR: u32 = 2261;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
