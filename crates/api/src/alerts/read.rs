//! What clients write about alerts, read.

mod posted;
mod silence;

use wardkit_core::Timestamp;

use super::{Call, Query};
use crate::params::decode;
use crate::routes::AlertsRoute;

/// A call, and what is wrong with the parts of it that are left out.
pub(super) struct Read {
    pub(super) call: Call,
    pub(super) errors: Vec<String>,
}

/// Why a request is not read. Alertmanager answers each in another way.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// A parameter is none.
    Parameter(String),
    /// The body is not the document that it should be.
    Document(String),
    /// Something is missing or of no use: the number that the foreign schema gives it, and a text.
    Field(u16, String),
}

/// Reads a request. What is wrong with a single alert does not keep the others out.
///
/// # Errors
///
/// Returns what is wrong with the request as a whole.
pub(super) fn read(
    route: AlertsRoute,
    path: &str,
    query: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<Read, Unread> {
    let alerts = || alerts(query).map_err(Unread::Parameter);
    let name = || silence::name(path);
    let call = match route {
        AlertsRoute::Status => Call::Status,
        AlertsRoute::Receivers => Call::Receivers,
        AlertsRoute::Alerts => Call::Alerts(alerts()?),
        AlertsRoute::Groups => Call::Groups(alerts()?),
        AlertsRoute::Silences => Call::Silences { filter: alerts()?.filter },
        AlertsRoute::Silence => Call::Silence(name()?),
        AlertsRoute::ExpireSilence => Call::ExpireSilence(name()?),
        AlertsRoute::SetSilence => Call::SetSilence(silence::read(body)?),
        AlertsRoute::Command => Call::Command(json(body).map_err(Unread::Document)?),
        AlertsRoute::Post => {
            if body.is_empty() {
                return Err(Unread::Field(REQUIRED, "alerts in body is required".to_owned()));
            }
            let (alerts, errors) = posted::read(body, now).map_err(Unread::Document)?;
            return Ok(Read { call: Call::Post(alerts), errors });
        }
        AlertsRoute::AckPage | AlertsRoute::Ack => {
            return Err(Unread::Parameter("a link is no call".to_owned()));
        }
    };
    Ok(Read { call, errors: Vec::new() })
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("parsing the body failed: {error}"))
}

/// Reads which alerts or silences are wanted. Like Alertmanager, it passes over parameters that it does not know.
fn alerts(query: Option<&str>) -> Result<Query, String> {
    let mut asked = Query::default();
    for pair in query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = decode(value)?;
        let is_yes = || YES.iter().any(|yes| value.eq_ignore_ascii_case(yes));
        match name {
            "active" | "silenced" | "inhibited" | "unprocessed" if value.is_empty() => {}
            "filter" if asked.filter.len() == MOST_FILTERS => {
                return Err(format!("more than {MOST_FILTERS} filters"));
            }
            "filter" => asked.filter.push(value),
            "receiver" => asked.receiver = Some(value).filter(|text| !text.is_empty()),
            "active" => asked.active = is_yes(),
            "silenced" => asked.silenced = is_yes(),
            "inhibited" => asked.inhibited = is_yes(),
            "unprocessed" => asked.unprocessed = is_yes(),
            _ => {}
        }
    }
    Ok(asked)
}

/// What the foreign schema calls something that is missing.
const REQUIRED: u16 = 602;
/// What Alertmanager takes for a yes; everything else is a no.
const YES: [&str; 10] =
    ["true", "1", "yes", "ok", "y", "on", "selected", "checked", "t", "enabled"];
/// Each may be a regular expression that is compiled for the request.
const MOST_FILTERS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::Command;

    const NOW: Timestamp = Timestamp::from_unix_seconds(1_700_000_000);

    fn read_one(
        route: AlertsRoute,
        path: &str,
        query: Option<&str>,
        body: &str,
    ) -> Result<Call, Unread> {
        read(route, path, query, body.as_bytes(), NOW).map(|read| read.call)
    }

    #[test]
    fn parameters_say_which_alerts_are_wanted() {
        let query = "filter=a%3D%22b+c%22&filter=d!%3De&silenced=false&active=True&inhibited=maybe&unprocessed=&receiver=te.m&x=y";
        let Ok(Call::Alerts(asked)) =
            read_one(AlertsRoute::Alerts, "/api/v2/alerts", Some(query), "")
        else {
            panic!("not read")
        };
        assert_eq!(asked.filter, ["a=\"b c\"", "d!=e"]);
        assert_eq!(asked.receiver.as_deref(), Some("te.m"));
        assert_eq!(
            (asked.active, asked.silenced, asked.inhibited, asked.unprocessed),
            (true, false, false, true)
        );
        assert_eq!(
            read_one(AlertsRoute::Groups, "/", None, ""),
            Ok(Call::Groups(Query::default()))
        );
        for (query, reason) in [
            ("filter=%".to_owned(), "a percent sign"),
            ("filter=a&".repeat(33), "more than 32 filters"),
        ] {
            let refused = read_one(AlertsRoute::Alerts, "/", Some(&query), "").unwrap_err();
            assert!(
                matches!(&refused, Unread::Parameter(text) if text.starts_with(reason)),
                "{refused:?}"
            );
        }
    }

    #[test]
    fn commands_are_read_as_the_client_writes_them() {
        let command = Command::Ack {
            id: "7".to_owned(),
            seconds: Some(60),
            comment: String::new(),
            by: "ann".to_owned(),
        };
        let text = serde_json::to_string(&command).unwrap();
        assert_eq!(text, r#"{"do":"ack","id":"7","seconds":60,"by":"ann"}"#);
        let read = read_one(AlertsRoute::Command, "/v1/alerts", None, &text);
        assert_eq!(read, Ok(Call::Command(command)));
        let refused = read_one(AlertsRoute::Command, "/v1/alerts", None, "{}").unwrap_err();
        assert!(matches!(refused, Unread::Document(_)), "{refused:?}");
    }
}
