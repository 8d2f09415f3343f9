//! What judging a text costs.

use allocation_counter::measure;
use wardkit_validation::{Level, Policy, Sink};

#[test]
fn a_clean_text_takes_no_memory() {
    let policy = Policy::default();
    for text in [
        "",
        "hello, when does the shop open tomorrow?",
        "Thanks! See you at 10:30; bring the blue folder (the big one).",
        "Привет, как дела? Всё хорошо 👍🏽",
        "今日は天気がいいですね。また明日！",
        "می‌خواهم کتاب بخوانم",
        "L’été dernier… «oui»",
    ] {
        // Tables are made at the first use.
        assert_eq!(policy.check(text).unwrap().level(), Level::Clean, "{text:?}");
        let counted = measure(|| {
            let _ = policy.check(text).unwrap();
        });
        assert_eq!(counted.count_total, 0, "{text:?}");
    }
}

#[test]
fn judging_the_same_text_gives_the_same_verdict() {
    let text = "' or 1=1 -- <script>%252e%252e/&#x26;lt; \u{202e}".repeat(500);
    for sink in Sink::ALL {
        let policy = Policy::for_sink(*sink);
        assert_eq!(policy.check(&text).unwrap(), policy.check(&text).unwrap(), "{sink}");
    }
}

#[test]
fn a_verdict_of_a_hostile_text_takes_memory_in_proportion() {
    for unit in ["%252e", "&amp;lt;", "\\x5cx27", "' or 1=1 ", "<a ", "ｅ%61", "e\u{301}\u{302}"] {
        let text = unit.repeat(60_000 / unit.len());
        let counted = measure(|| {
            let _ = Policy::default().check(&text).unwrap();
        });
        // Four times the text in readings, each with its map, and each built in a string that doubled.
        let limit = u64::try_from(text.len()).unwrap() * 128;
        assert!(counted.bytes_max < limit, "{unit:?}: {} bytes", counted.bytes_max);
    }
}

#[test]
fn a_long_text_is_not_read_to_its_end_once_it_is_sure_to_be_rejected() {
    let exhausted = |text: &str| {
        let verdict = Policy::default().check(text).unwrap();
        assert_eq!(verdict.level(), Level::Reject);
        verdict.findings().iter().any(|finding| finding.rule.id == "input.budget-exhausted")
    };
    let attack = "<img src=x onerror=y> ;cat ../../x | {{7*7}} ";
    assert!(exhausted(&attack.repeat(300)));
    assert!(!exhausted(&attack.repeat(20)));
    // Nor is a letter that quotes one attack kept from being judged whole.
    let letter = "The meeting moved to Thursday, and Jonas brings the figures. ".repeat(100);
    assert!(!exhausted(&format!("{letter}{attack}{letter}")));
}
