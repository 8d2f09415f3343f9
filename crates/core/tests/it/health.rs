use wardkit_core::Health;

#[test]
fn whole_is_as_well_as_its_worst_part() {
    let full = || Health::degraded("full");
    let gone = || Health::down("gone");
    let rows = [
        (vec![], Health::Up),
        (vec![("a", Health::Up)], Health::Up),
        (vec![("a", Health::Up), ("b", full())], Health::degraded("b: full")),
        (vec![("a", Health::Starting), ("b", full())], Health::Starting),
        (vec![("a", gone()), ("b", Health::Starting)], Health::down("a: gone")),
        (vec![("a", gone()), ("b", full()), ("c", gone())], Health::down("a: gone; c: gone")),
    ];
    for (parts, expected) in rows {
        assert_eq!(Health::merge(parts.clone()), expected, "{parts:?}");
    }
}

#[test]
fn degraded_is_ready_and_starting_is_not() {
    let ready: Vec<_> = [Health::Up, Health::degraded("x"), Health::Starting, Health::down("x")]
        .iter()
        .map(|health| (health.as_str().to_owned(), health.is_ready()))
        .collect();
    let expected = [("up", true), ("degraded", true), ("starting", false), ("down", false)];
    assert_eq!(ready, expected.map(|(state, is_ready)| (state.to_owned(), is_ready)));
}
