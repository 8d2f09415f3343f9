//! Who is on call, as a chart of days and hours.

use std::fmt::Write as _;

use serde_json::Value;
use wardkit_cli::escaped;

use super::super::table::{Column, table};

pub(super) const LIST: &[Column] = &[
    ("SCHEDULE", "name"),
    ("ON CALL", "on_call"),
    ("UNTIL", "local_until"),
    ("NEXT", "next"),
    ("WARNING", "warning"),
];
const SHIFTS: &[Column] =
    &[("FROM", "local_from"), ("UNTIL", "local_until"), ("ON CALL", "person")];

/// Returns a schedule for people: who is on call now, each day's hours, and the shifts.
pub(super) fn shown(answer: &Value) -> String {
    let text = |key: &str| escaped(answer[key].as_str().unwrap_or("nobody"));
    let (name, now, until) = (text("name"), text("on_call"), text("local_until"));
    let mut out = format!("{name}: {now} is on call until {until}, then {}\n\n", text("next"));
    out.push_str(&chart(answer));
    out.push('\n');
    let mut shifts = answer["shifts"].clone();
    for shift in shifts.as_array_mut().into_iter().flatten() {
        if shift["person"].is_null() {
            shift["person"] = "nobody".into();
        }
    }
    out.push_str(&table(&shifts, SHIFTS, "no time at all"));
    if let Some(warning) = answer["warning"].as_str() {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "\nwarning: {}", escaped(warning));
    }
    out
}

/// Returns a line a day with a letter an hour, and what the letters mean.
fn chart(answer: &Value) -> String {
    let days = || answer["days"].as_array().into_iter().flatten();
    let mut people: Vec<&str> = Vec::new();
    for person in days().flat_map(|day| day["hours"].as_array().into_iter().flatten()) {
        if let Some(person) = person.as_str()
            && !people.contains(&person)
        {
            people.push(person);
        }
    }
    let letters = letters(&people);
    let letter = |hour: &Value| {
        let found = hour.as_str().and_then(|name| people.iter().position(|one| *one == name));
        found.and_then(|index| letters.get(index)).copied().unwrap_or('.')
    };
    let mut out = format!("{:16}00    06    12    18\n", "");
    for day in days() {
        let hours: String = day["hours"].as_array().into_iter().flatten().map(letter).collect();
        let _ = writeln!(out, "{:16}{hours}", escaped(day["day"].as_str().unwrap_or_default()));
    }
    let mut legend: Vec<String> = people
        .iter()
        .zip(&letters)
        .map(|(name, letter)| format!("{letter} {}", escaped(name)))
        .collect();
    legend.push(". nobody".to_owned());
    out + &legend.join("   ") + "\n"
}

/// Returns a letter for each: their first one where it is free, else the next that is.
fn letters(people: &[&str]) -> Vec<char> {
    let mut taken: Vec<char> = Vec::new();
    for person in people {
        let own =
            person.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase());
        let mut wanted = own.chain('a'..='z').chain('A'..='Z').chain('0'..='9');
        let letter = wanted.find(|letter| !taken.contains(letter)).unwrap_or('?');
        taken.push(letter);
    }
    taken
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hours_are_letters_and_gaps_are_points() {
        let day = |hours: Vec<Value>| json!({"day": "Mon 2026-11-23", "hours": hours});
        let mut hours = vec![json!("ann"); 9];
        hours.extend(vec![json!("abe\u{1b}"); 8]);
        hours.extend(vec![Value::Null; 7]);
        let shown = shown(&json!({
            "name": "primary", "on_call": "ann", "local_until": "Mon 2026-11-23 09:00", "next": "abe",
            "days": [day(hours)],
            "shifts": [{"local_from": "a", "local_until": "b", "person": null}],
            "warning": "primary: nobody is on call",
        }));
        assert!(
            shown.starts_with("primary: ann is on call until Mon 2026-11-23 09:00, then abe\n")
        );
        assert!(shown.contains("Mon 2026-11-23  aaaaaaaaabbbbbbbb.......\n"), "{shown}");
        assert!(shown.contains("a ann   b abe") && shown.contains(". nobody\n"), "{shown}");
        assert!(shown.contains("nobody\n\nwarning: primary: nobody is on call\n"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
    }

    #[test]
    fn everybody_has_a_letter_of_their_own_as_long_as_there_are_some() {
        assert_eq!(letters(&["ann", "abe", "\u{e4}rn", "ben"]), ['a', 'b', 'r', 'e']);
        let many: Vec<String> = (0..70).map(|_| "x".to_owned()).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(letters(&many)[69], '?');
    }
}
