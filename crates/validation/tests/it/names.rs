//! The names that policies and reports use.

use wardkit_validation::{Class, Sink};

#[test]
fn every_sink_is_read_back_from_its_name() {
    for sink in Sink::ALL {
        assert_eq!(sink.as_str().parse::<Sink>().unwrap(), *sink);
    }
    assert_eq!(
        "Sql".parse::<Sink>().unwrap_err().to_string().split(':').next(),
        Some("no sink has that name")
    );
}

#[test]
fn every_class_has_a_name_of_its_own() {
    let names: std::collections::BTreeSet<_> =
        Class::ALL.iter().map(|class| class.as_str()).collect();
    assert_eq!(names.len(), Class::ALL.len());
}
