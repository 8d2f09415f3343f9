use wardkit_core::Labels;

use super::Router;
use crate::Route;

fn route(matchers: &str, receiver: &str, continues: bool, routes: Vec<Route>) -> Route {
    let matchers = matchers.parse().unwrap();
    Route { matchers, receiver: receiver.to_owned(), continues, routes, ..Route::default() }
}

fn receivers(router: &Router, labels: &[(&str, &str)]) -> Vec<String> {
    let labels = Labels::from_pairs(labels.iter().copied()).unwrap();
    router.route(&labels).iter().map(|node| node.route.receiver.clone()).collect()
}

#[test]
fn the_first_that_matches_takes_an_alert_unless_it_continues() {
    let router = Router::new(&route(
        "",
        "root",
        false,
        vec![
            route("a=1", "one", true, vec![]),
            route("a=~1|2,b=x", "two", false, vec![route("c=y", "deep", false, vec![])]),
            route("a=1", "three", false, vec![]),
            route("b!=", "four", true, vec![]),
        ],
    ));
    assert_eq!(receivers(&router, &[]), ["root"]);
    assert_eq!(receivers(&router, &[("a", "1")]), ["one", "three"]);
    assert_eq!(receivers(&router, &[("a", "1"), ("b", "x")]), ["one", "two"]);
    assert_eq!(receivers(&router, &[("a", "2"), ("b", "x"), ("c", "y")]), ["deep"]);
    assert_eq!(receivers(&router, &[("a", "3"), ("b", "x")]), ["four"]);
}

#[test]
fn nodes_are_named_by_their_way() {
    let leaf = || route(r#"severity="critical""#, "x", true, vec![]);
    let router = Router::new(&route(
        "",
        "root",
        false,
        vec![leaf(), leaf(), route("a=1", "y", false, vec![leaf()])],
    ));
    let names: Vec<&str> = router.nodes().iter().map(|node| node.id.as_str()).collect();
    assert_eq!(
        names,
        [
            "{}",
            r#"{}/{severity="critical"}"#,
            r#"{}/{severity="critical"}#1"#,
            r#"{}/{a="1"}"#,
            r#"{}/{a="1"}/{severity="critical"}"#,
        ]
    );
    assert_eq!(router.nodes()[2].key, r#"{}/{severity="critical"}"#);
    let id = router.nodes()[3].id.clone();
    assert_eq!(router.node(&id).unwrap().route.receiver, "y");
}

#[test]
fn an_index_over_many_routes_changes_nothing() {
    let many: Vec<Route> = (0..300)
        .map(|n| route(&format!("team=t{n},severity=~a|b|b"), &format!("r{n}"), n % 3 == 0, vec![]))
        .chain([route("severity=a", "severe", false, vec![])])
        .collect();
    let router = Router::new(&route("", "root", false, many));
    assert_eq!(receivers(&router, &[("team", "t3"), ("severity", "a")]), ["r3", "severe"]);
    assert_eq!(receivers(&router, &[("team", "t4"), ("severity", "b")]), ["r4"]);
    assert_eq!(receivers(&router, &[("team", "t4"), ("severity", "c")]), ["root"]);
}
