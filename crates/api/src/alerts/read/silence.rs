//! Silences that clients want.

use serde::Deserialize;
use wardkit_core::Timestamp;

use super::{REQUIRED, Unread, json};
use crate::alerts::{ShownMatcher, SilenceWish};

/// Reads the name of a silence, the last part of a path.
pub(super) fn name(path: &str) -> Result<String, Unread> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let digits = name.bytes().filter(|byte| *byte != b'-');
    if digits.clone().count() == DIGITS && digits.clone().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(name.to_owned());
    }
    let reason = format!("silenceID in path must be of type uuid: {name:?}");
    Err(Unread::Field(OF_TYPE, reason))
}

/// Reads a silence, of which everything may be missing: what is missing is named as Alertmanager names it.
pub(super) fn read(body: &[u8]) -> Result<SilenceWish, Unread> {
    if body.is_empty() {
        return Err(missing("silence"));
    }
    let wish: Option<Wish> = json(body).map_err(Unread::Document)?;
    let wish = wish.unwrap_or_default();
    let comment = wish.comment.ok_or_else(|| missing("comment"))?;
    let created_by = wish.created_by.ok_or_else(|| missing("createdBy"))?;
    let ends_at = wish.ends_at.ok_or_else(|| missing("endsAt"))?;
    let wanted = wish.matchers.ok_or_else(|| missing("matchers"))?;
    if wanted.is_empty() {
        let reason = "matchers in body should have at least 1 items".to_owned();
        return Err(Unread::Field(TOO_FEW, reason));
    }
    let matchers = wanted.into_iter().enumerate().map(|(index, one)| {
        let missing = |field: &str| missing(&format!("matchers.{index}.{field}"));
        Ok(ShownMatcher {
            is_equal: one.is_equal.unwrap_or(true),
            is_regex: one.is_regex.ok_or_else(|| missing("isRegex"))?,
            name: one.name.ok_or_else(|| missing("name"))?,
            value: one.value.ok_or_else(|| missing("value"))?,
        })
    });
    let matchers = matchers.collect::<Result<_, Unread>>()?;
    let starts_at = wish.starts_at.ok_or_else(|| missing("startsAt"))?;
    let mut read = SilenceWish::new(matchers, starts_at, ends_at);
    read.id = wish.id.unwrap_or_default();
    (read.comment, read.created_by) = (comment, created_by);
    read.until_resolved = wish.until_resolved.unwrap_or(false);
    Ok(read)
}

fn missing(field: &str) -> Unread {
    Unread::Field(REQUIRED, format!("{field} in body is required"))
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    id: Option<String>,
    comment: Option<String>,
    created_by: Option<String>,
    ends_at: Option<Timestamp>,
    matchers: Option<Vec<Wanted>>,
    starts_at: Option<Timestamp>,
    until_resolved: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    is_equal: Option<bool>,
    is_regex: Option<bool>,
    name: Option<String>,
    value: Option<String>,
}

/// Of a UUID.
const DIGITS: usize = 32;
/// What the foreign schema calls something of another type.
const OF_TYPE: u16 = 601;
/// What it calls a list that is too short.
const TOO_FEW: u16 = 612;

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":"2026-11-21T00:00:00Z",
        "endsAt":"2026-11-21T01:00:00+01:00","createdBy":"me","comment":"c","annotations":{}}"#;

    #[test]
    fn a_silence_is_read_with_or_without_what_newer_clients_add() {
        let wish = read(BODY.as_bytes()).unwrap();
        assert!(wish.matchers[0].is_equal && !wish.matchers[0].is_regex && wish.id.is_empty());
        assert_eq!(wish.starts_at, wish.ends_at);
        // Alertmanager asks for a comment and an author, and takes empty ones.
        let wish = read(BODY.replace("\"c\"", "\"\"").as_bytes()).unwrap();
        assert_eq!((wish.comment.as_str(), wish.created_by.as_str()), ("", "me"));
    }

    #[test]
    fn what_is_missing_in_a_silence_is_named_and_numbered() {
        let field = |number, text: &str| Unread::Field(number, text.to_owned());
        for (from, to, expected) in [
            (BODY, "", field(602, "silence in body is required")),
            (BODY, "null", field(602, "comment in body is required")),
            ("\"createdBy\":\"me\",", "", field(602, "createdBy in body is required")),
            ("\"name\":\"a\",", "", field(602, "matchers.0.name in body is required")),
            (",\"isRegex\":false", "", field(602, "matchers.0.isRegex in body is required")),
            (
                r#"{"name":"a","value":"b","isRegex":false}"#,
                "",
                field(612, "matchers in body should have at least 1 items"),
            ),
        ] {
            assert_eq!(read(BODY.replace(from, to).as_bytes()), Err(expected), "{from}");
        }
        for (from, to) in [("2026-11-21T00", "2026-13-21T00"), ("{", ""), ("false", "7")] {
            let refused = read(BODY.replace(from, to).as_bytes()).unwrap_err();
            assert!(matches!(refused, Unread::Document(_)), "{refused:?}");
        }
    }

    #[test]
    fn a_silence_is_named_by_a_uuid() {
        for good in [
            "/api/v2/silence/00000000-0000-4000-8000-00000000000a",
            "00000000000040008000000000000000",
        ] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["/api/v2/silence/nope", "", "0000000z-0000-4000-8000-000000000000"] {
            assert!(matches!(name(bad), Err(Unread::Field(601, _))), "{bad}");
        }
    }
}
