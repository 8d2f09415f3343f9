//! Values from outside.

use wardkit_validation::{
    Arg, Error, Filename, HeaderSafe, HtmlEscaped, Setting, SettingKind, Settings, SqlParam,
    Untrusted,
};

#[test]
fn the_value_never_shows_itself() {
    let shown = format!("{:?} {:#?}", Untrusted::new("hunter2"), Untrusted::new(vec!["hunter2"]));
    assert_eq!(shown, "Untrusted(..) Untrusted(..)");
}

#[test]
fn no_sink_shows_its_value_to_a_debugger() {
    let settings =
        Settings::read(&[Setting::new("query", SettingKind::Text)], [("query", "hunter2")]);
    let shown = [
        format!("{:?}", HeaderSafe::new("Bearer hunter2").unwrap()),
        format!("{:?}", HtmlEscaped::new("hunter2")),
        format!("{:?}", Filename::for_upload(&Untrusted::new("hunter2"), "png").unwrap()),
        format!("{:?}", Arg::new("hunter2").unwrap()),
        format!("{:?}", SqlParam::from("hunter2")),
        format!("{:?}", settings.unwrap()),
    ];
    assert_eq!(
        shown.join(" "),
        "HeaderSafe(..) HtmlEscaped(..) Filename(..) Arg(..) SqlParam(..) Settings([\"query\"])"
    );
}

#[test]
fn a_list_gives_back_its_own_text() {
    let check = |text: &str| Untrusted::new(text).validate_for(&["start", "stop"]);
    assert_eq!(check("stop").unwrap(), "stop");
    for refused in ["", "Stop", "stop ", "stop\0", "start;stop", "sto\u{440}"] {
        assert!(matches!(check(refused), Err(Error::NotListed)), "{refused:?}");
    }
}

#[test]
fn a_range_gives_back_numbers_inside_it_only() {
    let check = |text: &str| Untrusted::new(text.to_owned()).validate_for(&(-5..=10_i32));
    assert_eq!([check("-5").unwrap(), check("10").unwrap(), check("+3").unwrap()], [-5, 10, 3]);
    for refused in ["", "-6", "11", "1e1", "0x3", " 3", "3 ", "99999999999999999999", "\u{663}"] {
        assert!(matches!(check(refused), Err(Error::NotInRange)), "{refused:?}");
    }
    let ratio = |text: &str| Untrusted::new(text).validate_for(&(0.0..=1.0_f64));
    assert_eq!(ratio("0.5").unwrap().to_bits(), 0.5_f64.to_bits());
    assert!(ratio("NaN").is_err() && ratio("inf").is_err());
}

#[test]
fn the_unchecked_way_gives_the_value_as_it_came() {
    let text = Untrusted::new("a\0b".to_owned());
    assert_eq!(text.into_inner_unchecked("compared with what was sent"), "a\0b");
}

#[cfg(feature = "serde")]
#[test]
fn a_field_of_a_request_is_read_as_one_from_outside() {
    let text: Untrusted<String> = serde_json::from_str("\"stop\"").unwrap();
    assert_eq!(text.validate_for(&["start", "stop"]).unwrap(), "stop");
}
