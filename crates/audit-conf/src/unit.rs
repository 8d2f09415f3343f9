//! Units of systemd.

use wardkit_harden::{Unit, exposure};

use crate::found::{Judged, Place};
use crate::parse::sections;
use crate::secret::{is_reference, is_secret_name, password_of_url};

pub(crate) fn judge(judged: &mut Judged<'_>) {
    let settings = sections(judged.text);
    let last =
        |key: &str| settings.iter().rev().find(|one| one.section == "Service" && one.key == key);
    let Some(start) = last("ExecStart") else { return };
    let is_of_user = judged.path.contains("systemd/user/");
    let user = last("User").map_or("root", |one| one.value.as_str());
    let is_dynamic = last("DynamicUser")
        .is_some_and(|one| matches!(one.value.as_str(), "yes" | "true" | "1" | "on"));
    if matches!(user, "root" | "0" | "") && !is_dynamic && !is_of_user {
        let at = last("User").unwrap_or(start).at;
        judged.fail("unit-root", at, "User", "The unit runs as root.");
    }
    let is_service = last("Type").is_none_or(|one| one.value != "oneshot");
    if is_service && last("Restart").is_none_or(|one| one.value == "no") {
        judged.fail("unit-no-restart", start.at, "Restart", "The unit is not started again.");
    }
    for one in settings.iter().filter(|one| one.section == "Service" && one.key == "Environment") {
        let line = judged.text[one.at..].lines().next().unwrap_or_default();
        let (_, values) = line.split_once('=').unwrap_or_default();
        for pair in values.split_whitespace() {
            let Some((name, value)) = pair.trim_matches(['"', '\'']).split_once('=') else {
                continue;
            };
            if is_secret_name(name) && value.len() > 3 && !is_reference(value)
                || password_of_url(value).is_some()
            {
                judged.fail(
                    "unit-secret-inline",
                    one.at,
                    name,
                    format!("{name} has its value in the unit."),
                );
            }
        }
    }
    if is_of_user {
        return;
    }
    if let Ok(unit) = Unit::parse(judged.text) {
        let exposure = exposure(&unit);
        if exposure.tenths > MOST_EXPOSED {
            let current = format!("Its exposure is {} of 10.", exposure.shown());
            judged.fail("unit-exposure", Place::FILE, "exposure", current);
        }
    }
}

/// What `systemd-analyze security` calls medium.
const MOST_EXPOSED: u64 = 50;
