//! What is an expression, and where it is not.

use wardkit_promql::{Expr, ValueType};

#[test]
fn an_expression_has_one_spelling() {
    let check = |text: &str, expected: &str| {
        let printed = Expr::parse(text).unwrap().to_string();
        assert_eq!(printed, expected, "{text}");
        assert_eq!(Expr::parse(&printed).unwrap().to_string(), printed, "{text}");
    };
    check("up", "up");
    check(" up # all of them\n == 0", "up == 0");
    check("1+2*3^-2", "1 + 2 * 3 ^ -2");
    check("2^3^2", "2 ^ 3 ^ 2");
    check("-1 ^ 2", "-1 ^ 2");
    check("- - 1", "1");
    check("0x1F + 010 + .5e1 + 1e300 - inF", "31 + 8 + 5 + 1e300 - Inf");
    check("NAN", "NaN");
    check(r#"up{job=~'a|b',x!="\n",y="\x41",}"#, r#"up{job=~"a|b", x!="\n", y="A"}"#);
    check("{__name__=~`a.*`}", r#"{__name__=~"a.*"}"#);
    check(r#"{job="x",__name__="up"}"#, r#"up{job="x"}"#);
    check("sum", r#"{__name__="sum"}"#);
    check("a:b:c offset -1h30m", "a:b:c offset -1h30m");
    check("rate(x[90s] offset 1w @ 12.5)", "rate(x[1m30s] @ 12.500 offset 7d)");
    check(
        "max_over_time(rate(x[5m])[1h:30s] @ end())",
        "max_over_time(rate(x[5m])[1h:30s] @ end())",
    );
    check("x[1h:]", "x[1h:]");
    check("SUM(x) By (a, by,)", "sum by (a, by) (x)");
    check("sum without () (x)", "sum without () (x)");
    check("topk(3, x) by (sum)", "topk by (sum) (3, x)");
    check("a / on() group_left(x) b", "a / on () group_left (x) b");
    check("a >bool ignoring(x) b", "a > bool ignoring (x) b");
    check("a and on(x) b or c unless d", "a and on (x) b or c unless d");
    check("1 + on() x", "1 + x");
    check("round(x) + round(x, 5)", "round(x) + round(x, 5)");
    check("label_join(x, 'a', '-') == hour()", r#"label_join(x, "a", "-") == hour()"#);
    check("-x offset 5m + (1)", "-x offset 5m + (1)");
    check("a atan2 b % c", "a atan2 b % c");
    check("timestamp(offset offset 1m)", r#"timestamp({__name__="offset"} offset 1m)"#);
}

#[test]
fn a_text_that_is_none_is_refused_where_it_goes_wrong() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Expr::parse(text).unwrap_err().to_string(), expected, "{text}");
    };
    check("", "1:1: no expression found");
    check(" # nothing", "1:11: no expression found");
    check("sum(up", "1:7: unexpected end of the expression, expected \",\"");
    check("up\n  +* 2", "2:4: unexpected \"*\", expected a selector, a number or a function");
    check("up up", "1:4: unexpected \"up\", expected an operator or the end");
    check("x[5]", "1:3: \"5\" is no number or duration");
    check("é", "1:1: unexpected character 'é'");
    check("x{a=\"b}", "1:5: unterminated string");
    check(r#"x{a="\q"}"#, r"1:6: unknown escape \q");
    check("x{a=~\"(\"}", "1:6: unclosed group");
    check("x{a=~\")(\"}", "1:6: unopened group");
    check("{}", "1:1: a selector needs a matcher that an empty value does not fit");
    check(r#"{a=~".*"}"#, "1:1: a selector needs a matcher that an empty value does not fit");
    check(r#"a{__name__="b"}"#, "1:1: the metric's name is set twice");
    check("1 == 1", "1:3: comparisons between scalars need bool");
    check("x + bool y", "1:3: bool goes with comparisons only");
    check("x and 1", "1:3: and needs an instant vector on both sides");
    check("a and on(x) group_left b", "1:3: and takes no grouping");
    check("a + on(x) group_left(x) b", "1:3: label \"x\" is in both the on and the group clause");
    check("1 + on(x) a", "1:3: only instant vectors are matched by labels");
    check("x[5m] + 1", "1:1: range vector where + needs numbers");
    check("rate(x)", "1:6: expected range vector, found instant vector");
    check("sum(x[5m])", "1:5: expected instant vector, found range vector");
    check("sum(1)", "1:5: expected instant vector, found scalar");
    check("topk(x)", "1:1: topk takes 2 arguments, found 1");
    check("clamp(x)", "1:1: clamp takes 3 arguments, found 1");
    check("label_join(x, 'a')", "1:1: label_join takes at least 3 arguments, found 2");
    check("round(x, 1, 2)", "1:1: round takes 1 to 2 arguments, found 3");
    check("rats(x)", "1:1: unknown function \"rats\"");
    check(
        "histogram_count(x)",
        "1:1: function histogram_count is not supported: native histograms are not stored",
    );
    check("sum(x) offset 5m", "1:8: offset goes with a selector or a subquery only");
    check("x offset 5m offset 5m", "1:13: offset is set twice");
    check("x offset 5m[5m]", "1:12: a range comes before offset and @");
    check("x[0s]", "1:3: a duration must be greater than 0");
    check("x[5m:1m][5m:]", "1:1: expected instant vector, found range vector");
    check("x @ nan", "1:5: unexpected \"nan\", expected a time in seconds, start() or end()");
    check("-'a'", "1:2: a sign before a string");
    check("on", "1:1: unexpected \"on\", expected a selector, a number or a function");
}

#[test]
fn an_error_points_at_bytes_lines_and_characters() {
    let error = Expr::parse("'é' +\n 'ü' ?").unwrap_err();
    assert_eq!((error.offset(), error.line(), error.column()), (13, 2, 6));
}

#[test]
fn nesting_ends_before_the_stack_does() {
    for (open, close) in [("(", ")"), ("-", ""), ("abs(", ")"), ("1 ^ ", ""), ("sum(", ")")] {
        let text = open.repeat(5000) + "x" + &close.repeat(5000);
        let reason = Expr::parse(&text).unwrap_err();
        assert_eq!(reason.reason(), "nested more than 100 deep", "{open}");
    }
    let text = "x + ".repeat(5000) + "x";
    assert_eq!(Expr::parse(&text).unwrap_err().reason(), "nested more than 100 deep");
    let text = "x".repeat(70_000);
    assert_eq!(Expr::parse(&text).unwrap_err().reason(), "an expression has at most 65536 bytes");
}

#[test]
fn an_expression_knows_its_type_and_what_it_reads() {
    let expr = Expr::parse("sum(rate(a{x='1'}[5m])) / b > 1").unwrap();
    assert_eq!(expr.value_type(), ValueType::Vector);
    let names: Vec<_> = expr.selectors().iter().map(ToString::to_string).collect();
    assert_eq!(names, [r#"a{x="1"}"#, "b"]);
    for (text, expected) in
        [("1 + 1", ValueType::Scalar), ("'a'", ValueType::String), ("x[5m]", ValueType::Matrix)]
    {
        assert_eq!(Expr::parse(text).unwrap().value_type(), expected);
    }
}
