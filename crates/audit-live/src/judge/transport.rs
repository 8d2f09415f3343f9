//! TLS.

use super::Verdict;
use crate::observed::{Observed, Tls};

pub(super) fn cleartext(seen: &Observed) -> Verdict {
    if seen.is_https {
        return Verdict::pass("asked over TLS");
    }
    if seen.is_loopback {
        return Verdict::not_applicable("nobody listens on loopback");
    }
    Verdict::fail("The address is asked without TLS, and answers.", &seen.front.path)
}

pub(super) fn untrusted(seen: &Observed) -> Verdict {
    with_tls(seen, |tls| match &tls.distrust {
        None => Verdict::pass("trusted"),
        Some(why) => Verdict::fail(format!("Clients refuse it: {why}."), "/"),
    })
}

pub(super) fn expiry(seen: &Observed) -> Verdict {
    with_tls(seen, |tls| {
        let Some(ends) = tls.ends else { return Verdict::unknown("its end cannot be read") };
        let left = ends.as_unix_seconds() - seen.at.as_unix_seconds();
        let days = left.div_euclid(SECONDS_PER_DAY);
        match days {
            ..0 => Verdict::fail(format!("It ran out at {ends}."), "/"),
            0..FEWEST_DAYS => Verdict::fail(format!("It runs out at {ends}, in {days} days."), "/"),
            _ => Verdict::pass(format!("it ends at {ends}")),
        }
    })
}

pub(super) fn old(seen: &Observed) -> Verdict {
    with_tls(seen, |tls| {
        let spoken: Vec<&str> =
            seen.old_tls.iter().filter(|(_, is)| *is == Ok(true)).map(|(name, _)| *name).collect();
        if !spoken.is_empty() {
            return Verdict::fail(format!("{} is spoken.", spoken.join(" and ")), "/");
        }
        let failed = seen.old_tls.iter().find_map(|(_, is)| is.as_ref().err());
        if let Some(reason) = failed {
            return Verdict::unknown(reason.as_str());
        }
        let version = tls.version.as_deref().unwrap_or("another version");
        Verdict::pass(format!("this program was answered in {version}"))
    })
}

fn with_tls(seen: &Observed, judge: impl Fn(&Tls) -> Verdict) -> Verdict {
    seen.tls.as_ref().map_or_else(|| Verdict::not_applicable("it was asked without TLS"), judge)
}

const SECONDS_PER_DAY: i64 = 86_400;

/// Programs that renew begin a month before the end.
const FEWEST_DAYS: i64 = 14;
