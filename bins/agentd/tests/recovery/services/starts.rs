//! Services that cannot be started, and what is said of them.

use super::scene::{Scene, numbered, scripted};

/// Everything that can be wrong with a service, beside one that is not.
fn wrong() -> String {
    let service = |name: &str, more: &str| scripted(name, "sleep 1000", more);
    [
        numbered("fine", ""),
        service("one", "depends = [\"two\"]"),
        service("two", "depends = [\"three\"]"),
        service("three", "depends = [\"one\"]"),
        service("lonely", "depends = [\"nobody-at-all\"]"),
        service("stranger", "user = \"no-such-user\""),
        "[[service]]\nname = \"absent\"\ncommand = [\"/nonexistent/program\"]\n".to_owned(),
        "[[service]]\nname = \"unreadable\"\ncommand = [\"SCENE/agentd.toml\"]\n".to_owned(),
    ]
    .concat()
}

const EXPECTED: [(&str, &str); 5] = [
    ("one", "one -> two -> three -> one"),
    ("lonely", "nobody-at-all"),
    ("stranger", "no-such-user"),
    ("absent", "/nonexistent/program"),
    ("unreadable", "agentd.toml"),
];

#[test]
fn what_is_wrong_with_services_is_named_by_the_check() {
    let scene = Scene::new(&wrong());
    let checked = scene.agentd(&["check-config"]).output().unwrap();
    assert_eq!(checked.status.code(), Some(78), "{checked:?}");
    let said = String::from_utf8(checked.stderr).unwrap();
    for (name, words) in EXPECTED {
        assert!(said.contains(words), "{name}: {said}");
    }
}

#[test]
fn services_that_cannot_start_keep_no_other_from_running() {
    let mut scene = Scene::new(&wrong());
    scene.begin(&["fine"]);
    for (name, words) in EXPECTED {
        scene.until_that(name, |one| ["failed", "held"].contains(&one["state"].as_str().unwrap()));
        let said = scene.explain(name).to_string();
        assert!(said.contains(words), "{name}: {said}");
    }
    scene.settles(&["fine"]);
    scene.stop();
}
