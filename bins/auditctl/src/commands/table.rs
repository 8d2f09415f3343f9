//! Documents as tables for people.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;
use wardkit_cli::escaped;

/// A column: its title, and the dotted key of what stands in it.
pub(super) type Column = (&'static str, &'static str);

/// Returns a list of documents as a table. A column in which nothing stands is left out.
pub(super) fn table(list: &Value, columns: &[Column], empty: &str) -> String {
    let items: &[Value] = list.as_array().map_or(&[], Vec::as_slice);
    if items.is_empty() {
        return format!("{empty}\n");
    }
    let cell = |item: &Value, key: &str| {
        let found = key.split('.').fold(item, |value, part| &value[part]);
        match found {
            Value::String(text) => escaped(&to_the_second(text)),
            found => escaped(&texts(found)),
        }
    };
    let filled = columns.iter().map(|(title, key)| {
        let cells: Vec<_> = items.iter().map(|item| cell(item, key)).collect();
        (*title, cells)
    });
    let filled: Vec<_> =
        filled.filter(|(_, cells)| cells.iter().any(|text| !text.is_empty())).collect();
    let widths: Vec<usize> = filled
        .iter()
        .map(|(title, cells)| {
            let longest = cells.iter().map(|text| text.chars().count()).max();
            longest.unwrap_or(0).max(title.len())
        })
        .collect();
    let mut out = String::new();
    let mut line = |texts: Vec<&str>| {
        let mut text = String::new();
        for (one, width) in texts.iter().zip(&widths) {
            // Writing to a String cannot fail.
            let _ = write!(text, "{one:width$}  ");
        }
        out.push_str(text.trim_end());
        out.push('\n');
    };
    line(filled.iter().map(|(title, _)| *title).collect());
    for row in 0..items.len() {
        line(filled.iter().map(|(_, cells)| cells[row].as_str()).collect());
    }
    out
}

/// Returns a time without what is below its seconds, and any other text as it is.
pub(super) fn to_the_second(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let is_time = bytes.len() > 20 && bytes[10] == b'T' && bytes[19] == b'.' && text.ends_with('Z');
    match text.get(..19).filter(|_| is_time) {
        Some(seconds) => Cow::Owned(format!("{seconds}Z")),
        None => Cow::Borrowed(text),
    }
}

/// Returns a value in one line: labels as they are written, matchers as they are matched.
pub(super) fn texts(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(texts).collect::<Vec<_>>().join(" "),
        Value::Object(map) if map.contains_key("isRegex") => {
            let op = match (map.get("isEqual") != Some(&Value::Bool(false)), &map["isRegex"]) {
                (true, Value::Bool(true)) => "=~",
                (true, _) => "=",
                (false, Value::Bool(true)) => "!~",
                (false, _) => "!=",
            };
            format!("{}{op}{}", texts(&value["name"]), value["value"])
        }
        Value::Object(map) => {
            let pair = |(name, value): (&String, &Value)| format!("{name}={value}");
            map.iter().map(pair).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_become_lines_and_empty_columns_go() {
        let list = json!([
            {"id": "a", "labels": {"b": "c", "d": "e"}, "by": ""},
            {"id": "long\u{1b}", "labels": {}, "inner": {"x": 7}},
        ]);
        let columns = [("ID", "id"), ("LABELS", "labels"), ("BY", "by"), ("X", "inner.x")];
        let text = table(&list, &columns, "none");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[0].starts_with("ID") && !lines[0].contains("BY"), "{text}");
        assert!(lines[1].contains("b=\"c\" d=\"e\""), "{text}");
        assert!(!text.contains('\u{1b}') && lines[2].ends_with('7'), "{text}");
        assert_eq!(table(&json!([]), &columns, "none"), "none\n");
    }

    #[test]
    fn times_are_told_to_the_second() {
        for (text, shown) in [
            ("2026-11-22T02:04:57.610326218Z", "2026-11-22T02:04:57Z"),
            ("2026-11-22T02:04:57Z", "2026-11-22T02:04:57Z"),
            ("0123456789T12345678.éZ", "0123456789T12345678Z"),
            ("éééééTééééé.ééééZ", "éééééTééééé.ééééZ"),
            ("Down", "Down"),
        ] {
            assert_eq!(to_the_second(text), shown);
        }
    }

    #[test]
    fn matchers_are_shown_as_they_match() {
        let matchers = json!([
            {"name": "a", "value": "b", "isRegex": false, "isEqual": true},
            {"name": "c", "value": "d|e", "isRegex": true, "isEqual": false},
        ]);
        assert_eq!(texts(&matchers), "a=\"b\" c!~\"d|e\"");
    }
}
