use std::time::Duration;

use wardkit_core::{ManualClock, Timestamp};
use wardkit_retry::{Class, Classify, Http, HttpReply, retry_after};

use crate::support::{Fault, PERMANENT, TRANSIENT, millis, secs};

const NOW: i64 = 784_111_777; // Sun, 06 Nov 1994 08:49:37 GMT

fn http() -> Http<ManualClock> {
    Http::with_clock(ManualClock::at(Timestamp::from_unix_seconds(NOW)))
}

fn find<'h>(headers: &'h [(&'h str, &'h str)]) -> impl Fn(&str) -> Option<&'h str> {
    |name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

#[test]
fn status_tells_the_class() {
    let rows = [
        (100, Class::Success),
        (200, Class::Success),
        (304, Class::Success),
        (400, Class::Permanent),
        (401, Class::Permanent),
        (402, Class::QuotaExhausted { until: None }),
        (404, Class::Permanent),
        (408, Class::Timeout),
        (425, Class::Transient),
        (429, Class::Throttled { after: None }),
        (500, Class::Transient),
        (501, Class::Permanent),
        (502, Class::Transient),
        (503, Class::Overloaded { after: None }),
        (504, Class::Timeout),
        (507, Class::Permanent),
        (522, Class::Transient),
        (524, Class::Timeout),
        (529, Class::Overloaded { after: None }),
        (0, Class::Permanent),
        (999, Class::Permanent),
    ];
    for (status, expected) in rows {
        assert_eq!(http().class_of(status, |_| None, None), expected, "{status}");
    }
}

#[test]
fn spent_quota_is_told_from_asking_too_often() {
    let exhausted = Class::QuotaExhausted { until: None };
    let throttled = |after| Class::Throttled { after };
    let none: &[(&str, &str)] = &[];
    let soon: &[(&str, &str)] = &[("retry-after", "20")];
    let rows = [
        (429, none, r#"{"error":{"code":"enforced_spend_limit_reached"}}"#, exhausted),
        (429, none, r#"{"error":{"code":"insufficient_quota"}}"#, exhausted),
        (429, none, "You exceeded your current Quota", exhausted),
        (429, soon, "Quota exceeded for requests per minute", throttled(Some(secs(20)))),
        (
            429,
            soon,
            "Quota exceeded for requests PerDay",
            Class::QuotaExhausted { until: Some(Timestamp::from_unix_seconds(NOW + 20)) },
        ),
        (429, none, r#"{"type":"rate_limit_error"}"#, throttled(None)),
        // A limit per minute is called a quota too, and its time to wait may be missing or in the body.
        (
            429,
            none,
            r#"{"message":"quota","quotaId":"GenerateRequestsPerMinute"}"#,
            throttled(None),
        ),
        (429, none, "Quota exceeded: PerMinute and PerDay", exhausted),
        (400, none, "Your credit balance is too low", exhausted),
        (403, none, "Forbidden", Class::Permanent),
    ];
    for (status, headers, body, expected) in rows {
        assert_eq!(http().class_of(status, find(headers), Some(body)), expected, "{body}");
    }
}

const FOR_EVER: Duration = Duration::from_nanos(i64::MAX.cast_unsigned())
    .saturating_sub(Duration::from_secs(NOW.cast_unsigned()));

#[test]
fn retry_after_is_read_in_every_shape() {
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    let rows: [(&[(&str, &str)], Option<Duration>); 26] = [
        (&[], None),
        (&[("retry-after", "120")], Some(secs(120))),
        (&[("retry-after", " 0 ")], Some(secs(0))),
        (&[("retry-after", "1.5")], Some(millis(1_500))),
        (&[("retry-after", "0.0000000001")], Some(Duration::from_nanos(1))),
        (&[("retry-after", "0.00000000000000000000000001")], Some(Duration::from_nanos(1))),
        (&[("retry-after", "-1")], None),
        (&[("retry-after", "soon")], None),
        (&[("retry-after", "")], None),
        (&[("retry-after", "1e3")], None),
        (&[("retry-after", "99999999999999999999")], Some(Duration::from_nanos(u64::MAX))),
        (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT")], Some(secs(30))),
        (&[("retry-after", "Sunday, 06-Nov-94 08:50:07 GMT")], Some(secs(30))),
        // A leap second is the first one of the next minute.
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:60 GMT")], Some(secs(23))),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:61 GMT")], None),
        (&[("retry-after", "Sun Nov  6 08:50:07 1994")], Some(secs(30))),
        (&[("retry-after", "Sun, 06 Nov 1994 08:49:00 GMT")], Some(secs(0))),
        // Beyond what a timestamp holds: for ever, not at once.
        (&[("retry-after", "Fri, 31 Dec 9999 23:59:59 GMT")], Some(FOR_EVER)),
        (&[("retry-after", "Fri, 31 Dec 0001 23:59:59 GMT")], None),
        (&[("retry-after", "Sun, 31 Feb 1994 08:49:00 GMT")], None),
        (&[("retry-after", "Sun, 06 Nov 1994 08:50:07 CET")], None),
        (
            &[
                ("retry-after", "Wed, 21 Oct 2015 07:28:10 GMT"),
                ("date", "Wed, 21 Oct 2015 07:28:00 GMT"),
            ],
            Some(secs(10)),
        ),
        (&[("retry-after-ms", "250")], Some(millis(250))),
        (&[("retry-after-ms", "250.5")], Some(Duration::from_micros(250_500))),
        (&[("retry-after-ms", "250"), ("retry-after", "1")], Some(secs(1))),
        (&[("retry-after-ms", "1500"), ("retry-after", "1"), ("date", date)], Some(millis(1_500))),
    ];
    for (headers, expected) in rows {
        let wait = retry_after(find(headers), || Timestamp::from_unix_seconds(NOW));
        assert_eq!(wait, expected, "{headers:?}");
    }
}

struct Reply(u16, &'static str);

impl HttpReply for Reply {
    fn status(&self) -> u16 {
        self.0
    }

    fn header(&self, _: &str) -> Option<&str> {
        None
    }

    fn body(&self) -> Option<&str> {
        Some(self.1)
    }
}

#[test]
fn classifier_takes_replies_and_errors() {
    let class = |result: Result<Reply, Fault>| http().classify(&result);
    assert_eq!(class(Ok(Reply(503, ""))), Class::Overloaded { after: None });
    assert_eq!(class(Ok(Reply(403, "billing_not_active"))), Class::QuotaExhausted { until: None });
    assert_eq!(class(Err(TRANSIENT)), Class::Transient);
    assert_eq!(class(Err(PERMANENT)), Class::Permanent);
}
