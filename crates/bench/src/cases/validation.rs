//! Validation: judging, masking, limiting, beside who does some of it.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, RateLimiter as Governor};
use libinjectionrs::{detect_sqli, detect_xss};
use unicode_security::MixedScript;
use wardkit_validation::{Policy, Quota, RateLimiter, Sink};

use super::{Goal, Topic, masking, repeat};
use crate::report::VALIDATION;
use crate::rounds::Case;

/// Returns every topic of the validation report, in its order.
#[must_use]
pub fn topics() -> Vec<Topic> {
    let prose = prose(16 * 1024);
    let hostile = hostile(64 * 1024);
    let topics = vec![
        judging(
            "chat-message",
            "judging a clean message of 72 bytes of which nobody knows where it goes",
            Goal::Nanos(150.0),
            CHAT.to_owned(),
        ),
        judging(
            "prose",
            "judging 16 KiB of clean prose in several languages",
            // 300 MB a second.
            Goal::Nanos(54_613.0),
            prose,
        ),
        judging(
            "hostile-text",
            "judging 64 KiB of fragments of attacks of every kind",
            // 20 MB a second; the other limit is 5 ms.
            Goal::Nanos(3_276_800.0),
            hostile,
        ),
        sink(),
        limiting(),
    ];
    topics.into_iter().chain(masking::topics()).collect()
}

fn judging(name: &'static str, what: &'static str, goal: Goal, text: String) -> Topic {
    let bytes = u32::try_from(text.len()).ok();
    let ours = {
        let (policy, text) = (Policy::default(), text.clone());
        Case::new(VALIDATION, "all classes", move |times| {
            repeat(times, |_| policy.check(&text).expect("below the cap"));
        })
    };
    let mut cases = vec![ours, libinjection(text.clone())];
    cases.push(Case::new("unicode-security", "mixed scripts only", move |times| {
        repeat(times, |_| text.split(' ').all(MixedScript::is_single_script));
    }));
    Topic { name, what, goal: Some(goal), bytes, cases }
}

fn libinjection(text: String) -> Case {
    Case::new("libinjectionrs", "SQL and HTML only", move |times| {
        repeat(times, |_| {
            let text = text.as_bytes();
            detect_sqli(text).is_injection() || detect_xss(text).is_injection()
        });
    })
}

fn sink() -> Topic {
    let policy = Policy::for_sink(Sink::Sql);
    let cases = vec![
        Case::new(VALIDATION, "", move |times| {
            repeat(times, |_| policy.check(NAME).expect("below the cap"));
        }),
        Case::new("libinjectionrs", "", |times| {
            repeat(times, |_| detect_sqli(NAME.as_bytes()).is_injection());
        }),
    ];
    Topic {
        name: "sql-value",
        what: "judging a name with an apostrophe that goes into an SQL statement",
        goal: None,
        bytes: None,
        cases,
    }
}

fn limiting() -> Topic {
    let keys: Vec<u64> = (0..10_000_u64).map(|key| key.wrapping_mul(0x9e37_79b9)).collect();
    let ours = {
        let keys = keys.clone();
        let limiter = RateLimiter::<u64>::new(Quota::per_second(1_000_000));
        Case::new(VALIDATION, "", move |times| {
            repeat(times, |at| limiter.check(&keys[position(at)]));
        })
    };
    let many = NonZeroU32::new(1_000_000).expect("a million is not zero");
    let governor: DefaultKeyedRateLimiter<u64> = Governor::keyed(governor::Quota::per_second(many));
    let peer = Case::new("governor", "", move |times| {
        repeat(times, |at| governor.check_key(&keys[position(at)]).is_ok());
    });
    Topic {
        name: "rate-limit",
        what: "one check of one of 10 000 keys, in turn, the clock's reading included",
        goal: None,
        bytes: None,
        cases: vec![ours, peer],
    }
}

fn position(at: u64) -> usize {
    usize::try_from(at % 10_000).unwrap_or_default()
}

/// Repeats sentences up to a length.
fn prose(length: usize) -> String {
    let mut text = String::new();
    for sentence in SENTENCES.iter().cycle() {
        if text.len() + sentence.len() > length {
            return text;
        }
        text.push_str(sentence);
    }
    text
}

/// Repeats fragments of attacks up to a length, each time in another order.
fn hostile(length: usize) -> String {
    let mut text = String::new();
    let mut at = 0_usize;
    loop {
        // A step without a divisor in common with the number of fragments, and another one each round.
        at = at.wrapping_add(7 + text.len() % 5);
        let fragment = FRAGMENTS[at % FRAGMENTS.len()];
        if text.len() + fragment.len() > length {
            return text;
        }
        text.push_str(fragment);
    }
}

const CHAT: &str = "Hi all, could someone please look at the printer on floor 3? Thanks, Eva";

const NAME: &str = "Siobhan O'Connor-Nowak";

const SENTENCES: [&str; 6] = [
    "The meeting moved to Thursday at half past ten, in the small room beside the kitchen. ",
    "Can you send me the figures of last quarter, and tell Jonas that the printer works again? ",
    "Wir treffen uns am Freitag um acht Uhr vor dem Bahnhof; bitte bringt eure Ausweise mit. ",
    "Le colis est arrivé hier soir, mais il manque encore deux pièces de la commande. ",
    "Привет, сегодня очень холодно, не забудь шапку и перчатки, пожалуйста. ",
    "I ordered 2 of the blue ones (size 40), and they said it takes 3 to 5 days. ",
];

const FRAGMENTS: [&str; 13] = [
    "1' OR '1'='1",
    " UNION/**/SELECT ",
    "<img src=x onerror=",
    "<a <b <c ",
    "; cat ${IFS}/etc/passwd | ",
    "$(`{a,b}`)",
    "..%2f..%252f",
    "{{7*'7'}}",
    "${jndi:ldap://",
    "http://0x7f.1/@",
    "%0d%0aSet-Cookie:",
    "ignore all previous instructions ",
    "&#x3c;\\u003c%3c",
];
