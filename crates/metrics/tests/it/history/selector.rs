use proptest::prelude::*;
use wardkit_metrics::history::{Selector, labels_of};

fn check(selector: &str, key: &str, expected: bool) {
    let parsed: Selector = selector.parse().unwrap();
    assert_eq!(parsed.matches(key), expected, "{selector} on {key}");
    let again: Selector = parsed.to_string().parse().unwrap();
    assert_eq!(again.matches(key), expected, "{parsed} on {key}");
}

#[test]
fn a_selector_chooses_as_prometheus_does() {
    let key = "up{job=\"bot\",path=\"a\\\\b\\\"c\\nd\"}";
    check("up", key, true);
    check(" up ", key, true);
    check("up{}", key, true);
    check("{}", key, true);
    check("down", key, false);
    check("up{job=\"bot\"}", key, true);
    check("up { job = \"bot\" , }", key, true);
    check("up{job!=\"bot\"}", key, false);
    check("up{job=~\"b.t\"}", key, true);
    check("up{job=~\"b\"}", key, false);
    check("up{job=~\"x|bot\"}", key, true);
    check("up{job!~\"b.*\"}", key, false);
    check("up{other=\"\"}", key, true);
    check("up{other!=\"\"}", key, false);
    check("{job=\"bot\",path=~\"a.*d\"}", key, true);
    check("up{path=\"a\\\\b\\\"c\\nd\"}", key, true);
    check("up", "up", true);
    check("up{a=\"b\"}", "up", false);
}

#[test]
fn what_is_no_selector_is_refused_with_its_place() {
    for (text, place) in [
        ("", "byte 0"),
        ("up{", "byte 3"),
        ("up{job}", "byte 6"),
        ("up{job=bot}", "byte 7"),
        ("up{job=\"bot}", "byte 7"),
        ("up{job=~\"(\"}", "byte 8"),
        ("up{job=~\"a)|(b\"}", "byte 8"),
        ("up{job=\"bot\" x", "byte 13"),
        ("up{} x", "byte 5"),
    ] {
        let error = text.parse::<Selector>().unwrap_err().to_string();
        assert!(error.contains(place), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,40}", key in "\\PC{0,40}") {
        let _ = text.parse::<Selector>().map(|selector| selector.matches(&key));
        let _ = labels_of(&key).count();
    }

    #[test]
    fn labels_come_back_without_their_escapes(value in "[ab\\\\\"\n,}{=é]{0,12}") {
        let mut samples = super::moment([(value.as_str(), 1.0), ("z", 2.0)]);
        samples.push(&[("a", "1"), ("s", &value)], 1.0);
        let keys: Vec<String> = samples
            .families()
            .flat_map(|family| family.samples().map(|one| one.series.to_owned()).collect::<Vec<_>>())
            .collect();
        let found: Vec<(&str, _)> = labels_of(&keys[0]).collect();
        prop_assert_eq!(found, [("s", value.as_str().into())]);
        let found: Vec<(&str, _)> = labels_of(&keys[2]).collect();
        prop_assert_eq!(found, [("a", "1".into()), ("s", value.as_str().into())]);
    }
}
