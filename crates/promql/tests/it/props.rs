//! What holds for any text.

use proptest::prelude::*;
use wardkit_promql::{Expr, MemorySource, eval};

/// Pieces that expressions are made of, so that chance makes some of them.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "(",
        ")",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "@",
        "+",
        "-",
        "*",
        "/",
        "^",
        "%",
        "==",
        "bool",
        "on",
        "ignoring",
        "group_left",
        "by",
        "without",
        "sum",
        "topk",
        "rate",
        "abs",
        "offset",
        "and",
        "or",
        "5m",
        "1h30m",
        "3",
        "0x1f",
        "1e3",
        "inf",
        "nan",
        "a",
        "b:c",
        "job",
        "=~",
        "=",
        "'x'",
        "\"y\\n\"",
        "`z`",
        "#",
        "\n",
        "start",
        "end",
        "time()",
        "x[5m]",
        "x[5m:1m]",
    ];
    prop_oneof![9 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Expressions by the grammar; not all of them have fitting types.
fn expression() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(vec![
        "1",
        "-0.5",
        "NaN",
        "Inf",
        "1e300",
        "up",
        "x{a='b'}",
        "x offset -5m",
        "x @ end()",
        "'s'",
        "sum",
        "{__name__=~'a.*'}",
        "time()",
        "x[5m]",
        "0x10",
        "x{a!='é\\n'}",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(5, 40, 3, |inner| {
        let ops = ["+", "-", "*", "/", "%", "^", "atan2", "==", "> bool", "and", "or", "unless"];
        let matchings = ["", " on (a)", " ignoring (b)", " on (a) group_left (c)"];
        let calls = ["sum", "sum by (a)", "max without (b)", "abs", "rate", "absent", "-", "+", ""];
        prop_oneof![
            (inner.clone(), select(&ops), select(&matchings), inner.clone())
                .prop_map(|(l, op, matching, r)| format!("{l} {op}{matching} {r}")),
            (select(&calls), inner.clone()).prop_map(|(call, of)| format!("{call}({of})")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("topk({l}, {r})")),
            inner.prop_map(|of| format!("({of})[10m:1m] offset 1m")),
        ]
    })
}

fn select(words: &[&'static str]) -> impl Strategy<Value = &'static str> + use<> {
    proptest::sample::select(words.to_vec())
}

proptest! {
    #[test]
    fn any_text_is_an_expression_or_an_error_within_it(text in any::<String>()) {
        if let Err(error) = Expr::parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset()));
        }
    }

    #[test]
    fn what_parses_prints_and_parses_as_the_same(pieces in prop::collection::vec(piece(), 0..12)) {
        round_trip(&pieces.join(" "))?;
        round_trip(&pieces.concat())?;
    }

    #[test]
    fn expressions_survive_printing_and_evaluation(text in expression()) {
        round_trip(&text)?;
    }
}

fn round_trip(text: &str) -> Result<(), TestCaseError> {
    let Ok(expr) = Expr::parse(text) else { return Ok(()) };
    let printed = expr.to_string();
    let again = Expr::parse(&printed);
    prop_assert!(again.is_ok(), "{text:?} prints as {printed:?}: {again:?}");
    let again = again.unwrap();
    prop_assert_eq!(again.to_string(), printed);
    prop_assert_eq!(again.value_type(), expr.value_type());
    // Whatever it is, its evaluation ends.
    let _ = eval(&expr, &MemorySource::new(), 1_700_000_000_000);
    Ok(())
}
