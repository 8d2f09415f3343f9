//! Where a repository lies, as restic names places.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wardkit_core::Secret;

#[cfg(any(feature = "rest", feature = "s3"))]
use super::HttpOptions;
use super::{LocalDir, PrunableStore, StoreError};
#[cfg(feature = "rest")]
use super::{RestOptions, RestServer};
#[cfg(feature = "s3")]
use super::{S3, S3Credentials, S3Options};

/// Where a repository lies, as restic names places: a folder, `rest:https://host/path/` or `s3:https://host/bucket/path`.
///
/// What a server asks for is apart from it, in [`Access`]; only a REST server's name and password may stand within the
/// address, as restic has them. Neither form shows them.
///
/// ```
/// use wardkit_backup::store::Address;
///
/// let address = Address::parse("rest:http://me:s3cret@backup.example:8000/bot/")?;
/// assert!(address.is_remote());
/// assert_eq!(address.to_string(), "rest:http://***@backup.example:8000/bot/");
/// assert_eq!(Address::parse("local:/srv/backup")?.folder(), Some("/srv/backup".as_ref()));
/// assert!(Address::parse("sftp:backup.example:/srv").is_err());
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
#[derive(Clone)]
pub struct Address(Place);

#[derive(Clone)]
enum Place {
    Folder(PathBuf),
    Rest(Secret<String>),
    Bucket(Bucket),
}

#[derive(Clone)]
struct Bucket {
    endpoint: String,
    name: String,
    prefix: String,
}

/// What a server asks for before it lets anybody in.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Access {
    /// The name, or the access key of a bucket.
    pub user: String,
    /// The password, or the secret key of a bucket; nobody signs in to a REST server without one.
    pub secret: Option<Secret<String>>,
    /// What goes with credentials of a bucket that expire.
    pub session_token: Option<Secret<String>>,
    /// The region of a bucket; the one that services without regions take, where there is none.
    pub region: Option<String>,
    /// How servers are talked to.
    #[cfg(any(feature = "rest", feature = "s3"))]
    pub http: HttpOptions,
}

impl Address {
    /// Takes an address apart.
    ///
    /// # Errors
    ///
    /// [`StoreError::Setting`] when it is of a kind that only restic or rclone knows, or names no bucket.
    pub fn parse(address: &str) -> Result<Self, StoreError> {
        let wrong = |problem| Err(StoreError::Setting { setting: "repository", problem });
        let place = match address.split_once(':') {
            Some(("rest", "")) => return wrong("the address names no server"),
            Some(("rest", _)) => Place::Rest(Secret::new(address.to_owned())),
            Some(("s3", bucket)) => match Bucket::parse(bucket) {
                Some(bucket) => Place::Bucket(bucket),
                None => return wrong("it has the form s3:https://s3.example.com/BUCKET/FOLDER"),
            },
            Some((kind, _)) if OTHERS.contains(&kind) => {
                return wrong(
                    "there is no store of this kind; `rclone serve restic` serves it as rest:",
                );
            }
            Some(("local", folder)) => Place::Folder(folder.into()),
            _ => Place::Folder(address.into()),
        };
        match place {
            Place::Folder(folder) if folder.as_os_str().is_empty() => wrong("it is empty"),
            place => Ok(Self(place)),
        }
    }

    /// Whether it is on a server.
    #[must_use]
    pub const fn is_remote(&self) -> bool {
        !matches!(self.0, Place::Folder(_))
    }

    /// Whether it is a bucket, which nobody opens without [`Access`].
    #[must_use]
    pub const fn is_bucket(&self) -> bool {
        matches!(self.0, Place::Bucket(_))
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match &self.0 {
            Place::Folder(folder) => Some(folder),
            _ => None,
        }
    }

    /// Opens the repository there.
    ///
    /// # Errors
    ///
    /// When there is none, when it cannot be asked, and when this library was built without the feature of its kind.
    pub fn open(&self, access: &Access) -> Result<Arc<dyn PrunableStore>, StoreError> {
        match &self.0 {
            Place::Folder(folder) => Ok(Arc::new(LocalDir::open(folder)?)),
            #[cfg(feature = "rest")]
            Place::Rest(address) => Ok(Arc::new(RestServer::open(&rest(address, access)?)?)),
            #[cfg(feature = "s3")]
            Place::Bucket(bucket) => Ok(Arc::new(S3::open(&bucket.options(access)?)?)),
            #[cfg(not(all(feature = "rest", feature = "s3")))]
            _ => self.unbuilt(access),
        }
    }

    /// Makes the place of a new repository.
    ///
    /// # Errors
    ///
    /// When there is one already, and as [`open`](Self::open).
    pub fn create(&self, access: &Access) -> Result<Arc<dyn PrunableStore>, StoreError> {
        match &self.0 {
            Place::Folder(folder) => Ok(Arc::new(LocalDir::create(folder)?)),
            #[cfg(feature = "rest")]
            Place::Rest(address) => Ok(Arc::new(RestServer::create(&rest(address, access)?)?)),
            #[cfg(feature = "s3")]
            Place::Bucket(bucket) => Ok(Arc::new(S3::create(&bucket.options(access)?)?)),
            #[cfg(not(all(feature = "rest", feature = "s3")))]
            _ => self.unbuilt(access),
        }
    }

    #[cfg(not(all(feature = "rest", feature = "s3")))]
    #[expect(clippy::unused_self, reason = "as a method it stands where the stores are made")]
    fn unbuilt(&self, _: &Access) -> Result<Arc<dyn PrunableStore>, StoreError> {
        let problem = "this program was built without stores of this kind";
        Err(StoreError::Setting { setting: "repository", problem })
    }
}

#[cfg(feature = "rest")]
fn rest(address: &Secret<String>, access: &Access) -> Result<RestOptions, StoreError> {
    let mut options = RestOptions::new(address.expose())?;
    if let Some(secret) = &access.secret {
        options = options.with_user(&access.user, secret);
    }
    options.http = access.http.clone();
    Ok(options)
}

impl Bucket {
    /// Takes both of restic's forms, with the scheme and without.
    fn parse(address: &str) -> Option<Self> {
        let address = address.strip_prefix("//").unwrap_or(address);
        let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
        let mut parts = rest.trim_end_matches('/').splitn(3, '/');
        let (host, bucket) = (parts.next()?, parts.next()?);
        let prefix = parts.next().unwrap_or_default().to_owned();
        // Whoever puts a name and password there would see them in every error.
        let is_whole = !host.is_empty() && !host.contains('@') && !bucket.is_empty();
        let endpoint = format!("{scheme}://{host}");
        is_whole.then(|| Self { endpoint, name: bucket.to_owned(), prefix })
    }

    #[cfg(feature = "s3")]
    fn options(&self, access: &Access) -> Result<S3Options, StoreError> {
        let Some(secret) = access.secret.clone().filter(|_| !access.user.is_empty()) else {
            let problem = "a bucket needs an access key and its secret";
            return Err(StoreError::Setting { setting: "credentials", problem });
        };
        let mut credentials = S3Credentials::new(&access.user, secret);
        if let Some(token) = access.session_token.clone() {
            credentials = credentials.with_session_token(token);
        }
        let mut options = S3Options::new(&self.endpoint, &self.name, credentials);
        options.prefix.clone_from(&self.prefix);
        if let Some(region) = &access.region {
            options.region.clone_from(region);
        }
        options.http = access.http.clone();
        Ok(options)
    }
}

/// As it was given, without the name and password that may stand within it.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Folder(folder) => folder.display().fmt(f),
            Place::Rest(address) => f.write_str(&without_user(address.expose())),
            Place::Bucket(Bucket { endpoint, name, prefix }) => {
                write!(f, "s3:{endpoint}/{name}/{prefix}")
            }
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn without_user(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rfind('@') {
        Some(at) => format!("{scheme}://***{}", &rest[at..]),
        None => address.to_owned(),
    }
}

/// What restic knows besides.
const OTHERS: [&str; 6] = ["sftp", "b2", "azure", "gs", "swift", "rclone"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_secrets() {
        for (address, shown) in [
            ("rest:https://me:secret@host:8000/bot/", "rest:https://***@host:8000/bot/"),
            ("rest:http://me:se@cret@host/", "rest:http://***@host/"),
            ("rest:http://host/a@b", "rest:http://host/a@b"),
            ("/srv/a@b", "/srv/a@b"),
            ("/a:b", "/a:b"),
            ("local:/srv", "/srv"),
            ("s3:https://host/bucket/a/b/", "s3:https://host/bucket/a/b"),
            ("s3:host/bucket", "s3:https://host/bucket/"),
            ("s3:http://host:9000/bucket", "s3:http://host:9000/bucket/"),
        ] {
            let parsed = Address::parse(address).expect(address);
            assert_eq!(parsed.to_string(), shown);
            assert!(!format!("{parsed:?}").contains("cret"), "{parsed:?}");
        }
    }

    #[test]
    fn what_is_no_place_is_refused() {
        for wrong in [
            "",
            "local:",
            "rest:",
            "s3:",
            "s3:https://host",
            "s3:https://me:x@host/b",
            "sftp:host:/x",
        ] {
            let error = Address::parse(wrong).expect_err(wrong);
            assert!(matches!(error, StoreError::Setting { .. }), "{wrong}");
        }
    }

    #[cfg(feature = "s3")]
    #[test]
    fn a_bucket_is_not_opened_without_its_keys() {
        let address = Address::parse("s3:http://127.0.0.1:1/bucket").expect("an address");
        let error = address.open(&Access::default()).err().expect("no keys");
        assert_eq!(error.to_string(), "credentials: a bucket needs an access key and its secret");
    }
}
