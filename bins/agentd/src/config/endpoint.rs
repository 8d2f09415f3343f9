//! What is wrong with a request before it is sent: found when the configuration is checked, not with every try.

use wardkit_channels::{HttpRequest, endpoint_policy};
use wardkit_probe::Target;
use wardkit_validation::Accept as _;

use crate::reload::error_chain;

/// Returns why a URL of the operator's own is refused.
pub(super) fn url_refused(url: &str) -> Option<String> {
    let Ok(policy) = endpoint_policy([url]) else {
        return Some("is not http:// or https:// with a host and without a user".to_owned());
    };
    policy.accept(url).err().map(|error| error_chain(&error))
}

/// Returns why a header field is refused. The value is never in it.
pub(super) fn header_refused(name: &str, value: &str) -> Option<String> {
    HttpRequest::get("").with_header(name, value).err().map(|error| error_chain(&error))
}

/// Returns what is wrong with `[probe]`: `(key, reason)`.
pub(super) fn probe_violations(config: &wardkit_probe::Config) -> Vec<(String, String)> {
    let own = config.violations().into_iter();
    let mut found: Vec<_> = own.map(|one| (format!("probe.{}", one.path), one.reason)).collect();
    for (index, check) in config.checks.iter().enumerate() {
        let Target::Http(target) = &check.target else { continue };
        let key = format!("probe.check[{index}].target.http");
        let url = format!("{key}.url");
        if let Some(reason) = url_refused(&target.url)
            && !found.iter().any(|(known, _)| *known == url)
        {
            found.push((url, reason));
        }
        for (name, value) in &target.headers {
            let refused = header_refused(name, value);
            found.extend(refused.map(|reason| (format!("{key}.headers.{name}"), reason)));
        }
    }
    found
}
