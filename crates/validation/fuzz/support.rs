//! What must hold of every verdict, whatever the text.

use wardkit_validation::{Level, Policy, Sink, Strictness};

/// Judges a text for a sink and as a message, as strictly as possible.
pub fn judge(sink: Sink, bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        assert!(Policy::for_sink(sink).check_bytes(bytes).is_err());
        return;
    };
    for policy in [Policy::for_sink(sink), Policy::default()] {
        let mut policy = policy;
        policy.strictness = Strictness::new(4).expect("4 is the strictest");
        let verdict = policy.check(text).expect("the fuzzer's texts are shorter than the cap");
        assert_eq!(verdict.level() == Level::Clean, verdict.findings().is_empty());
        for finding in verdict.findings() {
            assert!(finding.span.start <= finding.span.end, "{finding:?}");
            assert!(text.get(finding.span.clone()).is_some(), "{finding:?}");
        }
        assert_eq!(policy.check(text).ok().as_ref(), Some(&verdict), "not the same twice");
    }
}
