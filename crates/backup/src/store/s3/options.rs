use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use wardkit_core::{Secret, Timestamp};
use wardkit_retry::Sleep;

use super::sign::{Signer, encoded};
use crate::store::StoreError;
use crate::store::http::{Http, HttpOptions, split_address};

/// A repository in a bucket of an S3-compatible service, laid out as restic does.
///
/// Objects are stored under the condition that their name is free, with a checksum that the service verifies; large
/// ones in parts. The service has to know conditional writes, as AWS, `MinIO`, Ceph and others do.
///
/// ```no_run
/// use wardkit_backup::store::{Retention, S3, S3Credentials, S3Options};
/// use wardkit_core::Secret;
///
/// let credentials = S3Credentials::new("AKIA…", Secret::new("…".to_owned()));
/// let mut options = S3Options::new("https://s3.eu-central-1.amazonaws.com", "backups", credentials);
/// options.region = "eu-central-1".to_owned();
/// options.prefix = "laptop".to_owned();
/// // Nobody, not even the account's owner, removes a backup before.
/// options.retention = Some(Retention::compliance(30));
/// let store = S3::open(&options)?;
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
pub struct S3 {
    pub(super) http: Http,
    pub(super) signer: Signer,
    pub(super) clock: Arc<dyn Sleep>,
    pub(super) place: Place,
    pub(super) retention: Option<Retention>,
    pub(super) part_size: u64,
}

/// Which bucket, and how it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct S3Options {
    /// The address of the service, without the bucket.
    pub endpoint: String,
    /// The region that requests are signed for: `us-east-1`, which services of one region take.
    pub region: String,
    /// The name of the bucket.
    pub bucket: String,
    /// The folder of the repository within the bucket; none for the bucket itself.
    pub prefix: String,
    /// Where the bucket's name stands in an address.
    pub style: S3Style,
    /// Who asks.
    pub credentials: S3Credentials,
    /// For how long no object may be removed, in a bucket with object lock. Locks are removed all the same.
    pub retention: Option<Retention>,
    /// The size from which an object is sent in parts, and of the parts: 64 MiB, and 5 MiB at least.
    pub part_size: u64,
    /// How the service is talked to.
    pub http: HttpOptions,
}

impl S3Options {
    /// Options with the usual values.
    #[must_use]
    pub fn new(
        endpoint: impl Into<String>,
        bucket: impl Into<String>,
        credentials: S3Credentials,
    ) -> Self {
        Self {
            endpoint: endpoint.into(),
            region: "us-east-1".to_owned(),
            bucket: bucket.into(),
            prefix: String::new(),
            style: S3Style::Path,
            credentials,
            retention: None,
            part_size: 64 << 20,
            http: HttpOptions::default(),
        }
    }

    /// The size of parts, which the service limits.
    pub(super) fn checked_part_size(&self) -> Result<u64, StoreError> {
        if (SMALLEST_PART..=LARGEST_PART).contains(&self.part_size) {
            return Ok(self.part_size);
        }
        Err(StoreError::Setting { setting: "part-size", problem: "not between 5 MiB and 5 GiB" })
    }
}

/// Where the bucket's name stands in an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum S3Style {
    /// In the path, which every service knows.
    #[default]
    Path,
    /// In the host's name, which some want.
    VirtualHost,
}

/// Who asks. It does not show its secrets.
#[derive(Clone)]
pub struct S3Credentials {
    pub(super) access_key: String,
    pub(super) secret_key: Secret<String>,
    pub(super) session_token: Option<Secret<String>>,
}

impl S3Credentials {
    /// An access key and its secret.
    #[must_use]
    pub fn new(access_key: impl Into<String>, secret_key: Secret<String>) -> Self {
        Self { access_key: access_key.into(), secret_key, session_token: None }
    }

    /// The same for credentials that expire.
    #[must_use]
    pub fn with_session_token(mut self, token: Secret<String>) -> Self {
        self.session_token = Some(token);
        self
    }
}

impl fmt::Debug for S3Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Credentials(***)")
    }
}

/// For how long no object may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Retention {
    /// Who may shorten it.
    pub mode: RetentionMode,
    /// How many days it lasts from the moment of writing.
    pub days: u16,
}

impl Retention {
    /// Nobody may shorten it, not even the owner of the account.
    #[must_use]
    pub const fn compliance(days: u16) -> Self {
        Self { mode: RetentionMode::Compliance, days }
    }

    /// Who has the permission for it may shorten it.
    #[must_use]
    pub const fn governance(days: u16) -> Self {
        Self { mode: RetentionMode::Governance, days }
    }

    /// When it ends, in whole seconds: some services read nothing finer.
    pub(super) fn until(self, now: Timestamp) -> String {
        let end = now.saturating_add(Duration::from_hours(24 * u64::from(self.days)));
        Timestamp::from_unix_seconds(end.as_unix_seconds()).to_string()
    }
}

/// Who may shorten a retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetentionMode {
    /// Nobody.
    Compliance,
    /// Who has the permission for it.
    Governance,
}

impl fmt::Display for RetentionMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compliance => "COMPLIANCE",
            Self::Governance => "GOVERNANCE",
        })
    }
}

/// Where the repository lies, as requests name it.
pub(super) struct Place {
    scheme: String,
    pub(super) host: String,
    /// The path of the bucket, encoded, without the last slash.
    root: String,
    /// The prefix of all keys: empty, or with a slash at its end.
    prefix: String,
}

impl Place {
    pub(super) fn of(options: &S3Options) -> Result<Self, StoreError> {
        let address = split_address(&options.endpoint)?;
        if address.user.is_some() {
            let problem = "it contains a name; credentials are apart";
            return Err(StoreError::Setting { setting: "endpoint", problem });
        }
        let bucket = &options.bucket;
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
        if bucket.is_empty() || !bucket.bytes().all(is_known) || bucket.starts_with('.') {
            let problem = "a bucket has letters, digits, dots and hyphens";
            return Err(StoreError::Setting { setting: "bucket", problem });
        }
        let (host, root) = match options.style {
            S3Style::Path => (address.host, format!("{}/{bucket}", address.path)),
            S3Style::VirtualHost => (format!("{bucket}.{}", address.host), address.path),
        };
        let prefix = options.prefix.trim_matches('/');
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self { scheme: address.scheme, host, root, prefix })
    }

    /// The key of the object at a path of the repository.
    pub(super) fn key(&self, path: &str) -> String {
        format!("{}{path}", self.prefix)
    }

    /// The path of the address, encoded; the bucket itself for an empty one.
    pub(super) fn path(&self, path: &str) -> String {
        if path.is_empty() {
            return if self.root.is_empty() { "/".to_owned() } else { self.root.clone() };
        }
        format!("{}/{}", self.root, encoded(&self.key(path), false))
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("{}://{}{}", self.scheme, self.host, self.path(path))
    }
}

/// The service's own limits of a part.
const SMALLEST_PART: u64 = 5 << 20;
const LARGEST_PART: u64 = 5 << 30;

#[cfg(test)]
mod tests {
    use super::*;

    fn place(style: S3Style, prefix: &str) -> Place {
        let credentials = S3Credentials::new("id", Secret::new("s3cret".to_owned()));
        let mut options = S3Options::new("http://host:9000/", "bucket", credentials);
        options.style = style;
        options.prefix = prefix.to_owned();
        assert!(!format!("{options:?}").contains("s3cret"));
        Place::of(&options).expect("sound")
    }

    #[test]
    fn the_bucket_stands_in_the_path_or_in_the_host() {
        let in_path = place(S3Style::Path, "/a b/c/");
        assert_eq!(in_path.url("config"), "http://host:9000/bucket/a%20b/c/config");
        assert_eq!(in_path.url(""), "http://host:9000/bucket");
        let in_host = place(S3Style::VirtualHost, "");
        assert_eq!(in_host.url("keys/x"), "http://bucket.host:9000/keys/x");
        assert_eq!(in_host.path(""), "/");
    }

    #[test]
    fn a_retention_ends_in_whole_seconds() {
        let now = Timestamp::from_unix_nanos(1_700_000_000_123_456_789);
        assert_eq!(Retention::compliance(1).until(now), "2023-11-15T22:13:20Z");
    }
}
