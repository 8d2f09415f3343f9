//! Random expressions, most of which have fitting types.

use crate::chance::Chance;

/// Writes an expression.
pub(crate) fn random(chance: &mut Chance) -> String {
    let depth = 1 + chance.below(3);
    match chance.below(24) {
        0 => scalar(chance, depth),
        1 => matrix(chance, depth),
        2 => wrong(chance, depth),
        // Their last digits differ from library to library, so that nothing may be made of them.
        3 => {
            let name = chance.one(&[
                "exp", "ln", "log2", "log10", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh",
                "tanh", "asinh", "deg", "rad", "asin", "acos", "acosh", "atanh",
            ]);
            format!("{name}({})", vector(chance, depth))
        }
        4 => format!("sort{}({})", chance.one(&["", "_desc"]), vector(chance, depth)),
        _ => vector(chance, depth),
    }
}

fn vector(chance: &mut Chance, depth: usize) -> String {
    if depth == 0 {
        return instant(chance);
    }
    let less = depth - 1;
    match chance.below(16) {
        0 | 1 => aggregation(chance, less),
        2..=4 => over(chance, less),
        5 | 6 => between_vectors(chance, less),
        7 => with_scalar(chance, less),
        8 => instant_function(chance, less),
        9 => labels(chance, less),
        10 => calendar(chance, less),
        11 => {
            let q = scalar(chance, 0);
            let buckets = chance.one(&[
                "latency_bucket",
                "rate(latency_bucket[5m])",
                "sum by (le) (latency_bucket)",
                "increase(latency_bucket[90s] offset 1m)",
                "{__name__=~'latency_bucket|requests_total'}",
            ]);
            format!("histogram_quantile({q}, {buckets})")
        }
        12 => format!("{}({})", chance.one(&["", "-", "+"]), vector(chance, less)),
        13 => {
            let of = chance.one(&["absent", "timestamp", "absent", "vector(scalar", "timestamp"]);
            let end = if of.contains('(') { "))" } else { ")" };
            format!("{of}({}{end}", vector(chance, less))
        }
        14 => format!("absent_over_time({})", matrix(chance, less)),
        _ => instant(chance),
    }
}

fn scalar(chance: &mut Chance, depth: usize) -> String {
    if depth > 0 && chance.one_in(2) {
        let less = depth - 1;
        return match chance.below(4) {
            0 => format!("scalar({})", vector(chance, less)),
            1 => {
                let op = chance.one(&["+", "-", "*", "/", "%", "> bool", "== bool", "<= bool"]);
                format!("{} {op} {}", scalar(chance, less), scalar(chance, less))
            }
            2 => format!("-({})", scalar(chance, less)),
            _ => "time()".to_owned(),
        };
    }
    let fixed = [
        "0", "1", "0.5", "0.9", "2", "-1", "100", "1e3", "NaN", "Inf", "-Inf", "0x10", "010",
        "1.5", "3",
    ];
    chance.one(&fixed).to_owned()
}

fn instant(chance: &mut Chance) -> String {
    let mut text = selector(chance);
    text.push_str(&shift(chance));
    text
}

fn matrix(chance: &mut Chance, depth: usize) -> String {
    let ranges = ["30s", "1m", "90s", "5m", "10m", "1h", "45s", "15s", "1m1ms"];
    let range = chance.one(&ranges);
    if depth > 0 && chance.one_in(3) {
        let step = chance.one(&["", "1m", "30s", "17s", "7m", "333ms"]);
        let of = vector(chance, depth - 1);
        let range = match step {
            "333ms" => "20s",
            // Without a step in its range, Prometheus evaluates some expressions at the one after it.
            "7m" => "10m",
            _ if of.contains('@') => "10m",
            _ => range,
        };
        return format!("({of})[{range}:{step}]{}", shift(chance));
    }
    format!("{}[{range}]{}", selector(chance), shift(chance))
}

fn shift(chance: &mut Chance) -> String {
    match chance.below(12) {
        0 => format!(" offset {}", chance.one(&["1m", "5m", "-1m", "7s", "-333ms", "1h"])),
        1 => format!(
            " @ {}",
            chance.one(&[
                "1700000600",
                "1700001234.567",
                "start()",
                "end()",
                "1700000600 offset 1m"
            ])
        ),
        _ => String::new(),
    }
}

fn selector(chance: &mut Chance) -> String {
    let names = ["up", "queue", "depth", "requests_total", "info", "temperature", "latency_bucket"];
    let matchers = [
        "job=\"api\"",
        "job!=\"api\"",
        "job=~\"a.*|db\"",
        "job!~\"w.+\"",
        "instance=\"a:1\"",
        "code=~\"[45]..\"",
        "code!=\"200\"",
        "code=\"\"",
        "version=~\".+\"",
        "nope=\"\"",
        "nope=\"x\"",
        "instance=~\"[ab]:\\\\d\"",
        "le!=\"+Inf\"",
    ];
    let count = [0, 0, 1, 1, 2, 3][chance.below(6)];
    let matchers: Vec<_> = (0..count).map(|_| chance.one(&matchers)).collect();
    match chance.below(14) {
        0 => format!(
            "{{__name__=~\"{}\", {}}}",
            chance.one(&["up|queue", "depth|queue", "requests.*", ".*"]),
            matchers.join(",")
        ),
        1 => format!("nothing{{{}}}", matchers.join(",")),
        _ if matchers.is_empty() => chance.one(&names).to_owned(),
        _ => format!("{}{{{}}}", chance.one(&names), matchers.join(", ")),
    }
}

fn grouping(chance: &mut Chance) -> String {
    let labels = chance.one(&[
        "job",
        "instance",
        "job, instance",
        "code",
        "",
        "nope",
        "job, code",
        "__name__",
        "le",
    ]);
    match chance.below(3) {
        0 => String::new(),
        1 => format!(" by ({labels})"),
        _ => format!(" without ({labels})"),
    }
}

fn aggregation(chance: &mut Chance, depth: usize) -> String {
    let group = grouping(chance);
    match chance.below(14) {
        0 => {
            let q = scalar(chance, 1);
            format!("quantile{group} ({q}, {})", vector(chance, depth))
        }
        // Of equal values each implementation keeps others: these are all different.
        1 | 2 => {
            let most = chance.one(&["1", "2", "3", "0", "-1", "100", "2.9", "NaN", "scalar(up)"]);
            let op = chance.one(&["topk", "bottomk"]);
            format!(
                "{op}{group} ({most}, {})",
                chance.one(&["requests_total{code=\"200\"}", "temperature"])
            )
        }
        3 => {
            let label = chance.one(&["v", "job", "le", "1x"]);
            format!("count_values{group} (\"{label}\", {})", vector(chance, depth))
        }
        _ => {
            let ops = ["sum", "min", "max", "avg", "count", "group", "stddev", "stdvar"];
            let of = vector(chance, depth);
            // The spread of times is far below their size: its last digits depend on the order.
            let ops = if of.contains("time") { &ops[..6] } else { &ops };
            format!("{}{group} ({of})", chance.one(ops))
        }
    }
}

fn over(chance: &mut Chance, depth: usize) -> String {
    let name = chance.one(&[
        "rate",
        "increase",
        "delta",
        "irate",
        "idelta",
        "deriv",
        "changes",
        "resets",
        "rate",
        "avg_over_time",
        "min_over_time",
        "max_over_time",
        "sum_over_time",
        "count_over_time",
        "stddev_over_time",
        "stdvar_over_time",
        "last_over_time",
        "present_over_time",
        "increase",
        "predict_linear",
        "quantile_over_time",
        "holt_winters",
    ]);
    let range = matrix(chance, depth);
    match name {
        "predict_linear" => format!("predict_linear({range}, {})", scalar(chance, 1)),
        "quantile_over_time" => format!("quantile_over_time({}, {range})", scalar(chance, 1)),
        "holt_winters" => {
            format!("holt_winters({range}, {}, 0.25)", chance.one(&["0.5", "0.1", "1", "-1"]))
        }
        _ => format!("{name}({range})"),
    }
}

fn between_vectors(chance: &mut Chance, depth: usize) -> String {
    let op = chance.one(&[
        "+", "-", "*", "/", "%", "==", "!=", ">", "<", ">=", "<=", "> bool", "== bool", "and",
        "or", "unless", "and", "or", "unless",
    ]);
    let labels =
        chance.one(&["job", "instance", "job, instance", "", "code", "__name__", "version"]);
    let mut matching = match chance.below(5) {
        0 | 1 => String::new(),
        2 => format!(" ignoring ({labels})"),
        _ => format!(" on ({labels})"),
    };
    if !matching.is_empty() && chance.one_in(2) && !["and", "or", "unless"].contains(&op) {
        let include = chance.one(&["", " (version)", " (code)", " (job)", " ()", " (__name__)"]);
        matching.push_str(chance.one(&[" group_left", " group_right"]));
        matching.push_str(include);
    }
    let pair = [
        ("requests_total", "on (job, instance) group_left (version)", "info"),
        ("info", "on (job, instance) group_right ()", "requests_total"),
        ("queue", "", "depth"),
        ("up", "on (job)", "temperature"),
        ("requests_total", "ignoring (code) group_left", "up"),
        ("latency_bucket", "on (job) group_left ()", "temperature"),
    ][chance.below(6)];
    if chance.one_in(2) && !["and", "or", "unless"].contains(&op) {
        return format!("{} {op} {} {}", pair.0, pair.1, pair.2);
    }
    format!("({}) {op}{matching} ({})", vector(chance, depth), vector(chance, depth))
}

fn with_scalar(chance: &mut Chance, depth: usize) -> String {
    let ops = ["+", "-", "*", "/", "%", "==", "!=", ">", "<", ">=", "<=", "> bool", "!= bool"];
    let (op, vector, scalar) = (chance.one(&ops), vector(chance, depth), scalar(chance, 1));
    if chance.one_in(2) {
        format!("{vector} {op} {scalar}")
    } else {
        format!("{scalar} {op} {vector}")
    }
}

fn instant_function(chance: &mut Chance, depth: usize) -> String {
    let of = vector(chance, depth);
    match chance.below(10) {
        0 => format!("clamp({of}, {}, {})", scalar(chance, 0), scalar(chance, 0)),
        1 => format!("clamp_min({of}, {})", scalar(chance, 1)),
        2 => format!("clamp_max({of}, {})", scalar(chance, 1)),
        3 => format!("round({of})"),
        4 => format!("round({of}, {})", scalar(chance, 0)),
        _ => format!("{}({of})", chance.one(&["abs", "ceil", "floor", "sgn"])),
    }
}

fn labels(chance: &mut Chance, depth: usize) -> String {
    let of = vector(chance, depth);
    let to = chance.one(&["x", "job", "instance", "__name__", "1x"]);
    if chance.one_in(3) {
        let from =
            chance.one(&["", ", \"job\"", ", \"job\", \"instance\"", ", \"nope\", \"code\""]);
        return format!("label_join({of}, \"{to}\", \"{}\"{from})", chance.one(&["-", ""]));
    }
    let replacement = chance.one(&["$1", "fix", "", "${1}x$2", "$$", "$name-", "a$1b"]);
    let from = chance.one(&["job", "instance", "nope", "code"]);
    let pattern =
        chance.one(&["(.*)", "(.)(.*)", "api", "", "(?P<name>[a-z]+).*", "(", "(\\\\d).*"]);
    format!("label_replace({of}, \"{to}\", \"{replacement}\", \"{from}\", \"{pattern}\")")
}

fn calendar(chance: &mut Chance, depth: usize) -> String {
    let name = chance.one(&[
        "hour",
        "minute",
        "month",
        "year",
        "day_of_month",
        "day_of_week",
        "day_of_year",
        "days_in_month",
    ]);
    match chance.below(3) {
        0 => format!("{name}()"),
        1 => format!("{name}(vector({}e6))", chance.below(4_000_000)),
        _ => format!("{name}(round(abs({}) < 1e9) * 1000)", vector(chance, depth)),
    }
}

/// Writes what is mostly no expression: it is refused here and there.
fn wrong(chance: &mut Chance, depth: usize) -> String {
    let (vector, matrix, scalar) =
        (vector(chance, depth), matrix(chance, depth), scalar(chance, depth));
    match chance.below(16) {
        0 => format!("rate({vector})"),
        1 => format!("sum({matrix})"),
        2 => format!("abs({scalar})"),
        3 => format!("{scalar} == {scalar}"),
        4 => format!("({vector}) and ({scalar})"),
        5 => format!("({vector}) + bool ({vector})"),
        6 => format!("({vector})[5m]"),
        7 => format!("({matrix}) > 1"),
        8 => format!("({vector}) offset 5m"),
        9 => format!("clamp({vector})"),
        10 => format!("-{matrix}"),
        11 => format!("({vector}) and on (x) group_left ({vector})"),
        12 => format!("({vector}) * on (x) group_left (x) ({vector})"),
        13 => format!("1 + on ({}) ({vector})", chance.one(&["", "x"])),
        14 => chance
            .one(&[
                "up up",
                "{}",
                "up{}",
                "'a'",
                "\"\\q\"",
                "x[0s]",
                "sum",
                "by",
                "on",
                "up @ nan",
                "up offset 0s",
                "1 ^ 2 ^ 3",
                "-2 ^ 2",
                "{__name__=\"up\"}",
                "up{__name__=\"x\"}",
                "sum(up) by (by)",
                "SUM(up)",
                "Rate(up[5m])",
                "#",
                "08 + 0x0f",
                "+up",
            ])
            .to_owned(),
        _ => format!(
            "{vector} {}",
            chance.one(&[")", "+", "by (x)", "bool", "[5m", "{", "offset", "@"])
        ),
    }
}
