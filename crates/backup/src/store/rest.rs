use std::collections::HashSet;
use std::fmt;
use std::ops::{ControlFlow, Range};

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use wardkit_core::Secret;

use super::http::{
    Http, HttpOptions, LONGEST_LIST, LONGEST_OBJECT, Request, Response, range_header, split_address,
};
use super::{
    Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError, already_there, within,
};
use crate::format::Id;

/// A repository on restic's REST server or `rclone serve restic`, append-only ones too: those refuse to
/// [`delete`](PrunableStore::delete) anything but locks.
///
/// ```no_run
/// use wardkit_backup::store::{RestOptions, RestServer};
///
/// let options = RestOptions::new("http://me:s3cret@backup.example:8000/laptop/")?;
/// assert!(!format!("{options:?}").contains("s3cret"));
/// let store = RestServer::open(&options)?;
/// # Ok::<(), wardkit_backup::store::StoreError>(())
/// ```
pub struct RestServer {
    http: Http,
    /// The address without name and password, and without the last slash.
    base: String,
    authorization: Option<Secret<String>>,
}

/// Which server, and how it is talked to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RestOptions {
    /// How it is talked to.
    pub http: HttpOptions,
    base: String,
    authorization: Option<Secret<String>>,
}

impl RestOptions {
    /// Takes the address of the repository, with `rest:` in front or without, and with name and password or without.
    ///
    /// # Errors
    ///
    /// When it is no address, and for `https` without the feature `tls`.
    pub fn new(address: &str) -> Result<Self, StoreError> {
        let address = split_address(address.strip_prefix("rest:").unwrap_or(address))?;
        let base = format!("{}://{}{}", address.scheme, address.host, address.path);
        let mut options = Self { http: HttpOptions::default(), base, authorization: None };
        if let Some(user) = address.user {
            let user = Secret::new(user);
            let (name, password) = user.expose().split_once(':').unwrap_or((user.expose(), ""));
            let password = Secret::new(percent_decoded(password)?);
            options = options.with_user(&percent_decoded(name)?, &password);
        }
        Ok(options)
    }

    /// Signs in with this name and password.
    #[must_use]
    pub fn with_user(mut self, name: &str, password: &Secret<String>) -> Self {
        let pair = Secret::new(format!("{name}:{}", password.expose()));
        let encoded = Secret::new(Base64::encode_string(pair.expose().as_bytes()));
        self.authorization = Some(Secret::new(format!("Basic {}", encoded.expose())));
        self
    }
}

impl RestServer {
    /// Has the server make the folders of a new repository.
    ///
    /// # Errors
    ///
    /// When there is a repository, and when the server cannot be asked or refuses.
    pub fn create(options: &RestOptions) -> Result<Self, StoreError> {
        let store = Self::connect(options)?;
        if store.stat(&Key::Config)?.is_some() {
            return Err(StoreError::RepositoryExists { place: store.base });
        }
        let url = format!("{}/?create=true", store.base);
        let response = store.http.retrying("create", &store.base, || {
            store.http.send(&store.request("create", &store.base, "POST", &url, Some(b"")))
        })?;
        match response.status {
            200 | 201 => Ok(store),
            _ => {
                Err(store.request("create", &store.base, "POST", &url, None).refused(&response, ""))
            }
        }
    }

    /// Opens the repository on a server.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoRepository`] when there is no configuration, and when the server cannot be asked.
    pub fn open(options: &RestOptions) -> Result<Self, StoreError> {
        let store = Self::connect(options)?;
        match store.stat(&Key::Config)? {
            Some(_) => Ok(store),
            None => Err(StoreError::NoRepository { place: store.base }),
        }
    }

    fn connect(options: &RestOptions) -> Result<Self, StoreError> {
        Ok(Self {
            http: Http::new(&options.http)?,
            base: options.base.clone(),
            authorization: options.authorization.clone(),
        })
    }

    fn url(&self, key: &Key) -> String {
        format!("{}/{key}", self.base)
    }

    fn request<'a>(
        &self,
        what: &'static str,
        place: &'a str,
        method: &'static str,
        url: &'a str,
        body: Option<&'a [u8]>,
    ) -> Request<'a> {
        let mut headers = vec![("accept", VERSION_2.to_owned())];
        if let Some(authorization) = &self.authorization {
            headers.push(("authorization", authorization.expose().clone()));
        }
        Request { what, place, method, url, headers, body, most: LONGEST_LIST }
    }

    /// Asks about one object, again while that makes sense.
    fn ask(
        &self,
        what: &'static str,
        method: &'static str,
        key: &Key,
        body: Option<&[u8]>,
    ) -> Result<Response, StoreError> {
        let url = self.url(key);
        self.http.retrying(what, &url, || {
            let request = self.request(what, &url, method, &url, body);
            let response = self.http.send(&request)?;
            match response.status {
                200 | 201 | 204 | 403 | 404 => Ok(response),
                _ => Err(request.refused(&response, "")),
            }
        })
    }

    fn refused(&self, what: &'static str, key: &Key, response: &Response) -> StoreError {
        let url = self.url(key);
        self.request(what, &url, "", &url, None).refused(response, "")
    }

    /// What a server of the first version lists: names, whose sizes have to be asked for one by one.
    fn sized(&self, kind: Kind, names: &[String]) -> Result<Vec<Listed>, StoreError> {
        let mut listed = Vec::with_capacity(names.len());
        for name in names {
            let Ok(id) = name.parse() else { continue };
            if let Some(size) = self.stat(&Key::Named(kind, id))? {
                listed.push(Listed { name: name.clone(), size });
            }
        }
        Ok(listed)
    }
}

impl ObjectStore for RestServer {
    /// Asks before it sends: not every server refuses to overwrite.
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        if let Some(size) = self.stat(key)? {
            return already_there(key, size, body);
        }
        let response = self.ask("write", "POST", key, Some(body))?;
        if matches!(response.status, 200 | 201 | 204) {
            return Ok(Put::Stored);
        }
        match self.stat(key)? {
            // Another one was faster, or the answer to the first attempt was lost.
            Some(size) => already_there(key, size, body),
            None => Err(self.refused("write", key, &response)),
        }
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        if let Some(empty) = range.as_ref().filter(|range| range.start >= range.end) {
            let size = self.stat(key)?.ok_or(StoreError::NotFound { key: *key })?;
            return within(key, Some(empty.clone()), size).map(|_| Vec::new());
        }
        let url = self.url(key);
        self.http.retrying("read", &url, || {
            let mut request = self.request("read", &url, "GET", &url, None);
            request.most = LONGEST_OBJECT;
            if let Some(range) = &range {
                request.headers.push(range_header(range));
                request.most = request.most.min(range.end - range.start).max(LONGEST_ERROR);
            }
            let response = self.http.send(&request)?;
            match response.status {
                404 => Err(StoreError::NotFound { key: *key }),
                416 => match self.stat(key)? {
                    Some(size) => Err(within(key, range.clone(), size)
                        .err()
                        .unwrap_or_else(|| request.refused(&response, ""))),
                    None => Err(StoreError::NotFound { key: *key }),
                },
                _ => request.part(key, range.as_ref(), response),
            }
        })
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        let response = self.ask("look at", "HEAD", key, None)?;
        match (response.status, response.content_length()) {
            (200, Some(size)) => Ok(Some(size)),
            (200, None) => Err(StoreError::Malformed {
                what: "look at",
                place: self.url(key),
                problem: "the answer has no length",
            }),
            (404, _) => Ok(None),
            _ => Err(self.refused("look at", key, &response)),
        }
    }

    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        if kind == Kind::Config {
            if let Some(size) = self.stat(&Key::Config)? {
                let _ = found(ObjectMeta { key: Key::Config, size });
            }
            return Ok(());
        }
        let url = format!("{}/{}/", self.base, kind.folder());
        let request = self.request("list", &url, "GET", &url, None);
        let response = self.http.retrying("list", &url, || self.http.send(&request))?;
        let malformed = |_| request.malformed("the list is not what the protocol says");
        let listed: Vec<Listed> = match (response.status, response.header("content-type")) {
            (200, Some(version)) if version.starts_with(VERSION_2) => {
                serde_json::from_slice(&response.body).map_err(malformed)?
            }
            (200, _) => {
                let names: Vec<String> =
                    serde_json::from_slice(&response.body).map_err(malformed)?;
                self.sized(kind, &names)?
            }
            _ => return Err(request.refused(&response, "")),
        };
        let mut seen = HashSet::with_capacity(listed.len());
        for Listed { name, size } in listed {
            let Ok(id) = name.parse::<Id>() else { continue };
            if seen.insert(id) && found(ObjectMeta { key: Key::Named(kind, id), size }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.delete(&Key::Named(Kind::Lock, *id))
    }
}

impl PrunableStore for RestServer {
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let response = self.ask("remove", "DELETE", key, None)?;
        match response.status {
            200 | 201 | 204 | 404 => Ok(()),
            _ => Err(self.refused("remove", key, &response)),
        }
    }
}

impl fmt::Debug for RestServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestServer").field("base", &self.base).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Listed {
    name: String,
    size: u64,
}

fn percent_decoded(text: &str) -> Result<String, StoreError> {
    let wrong = || StoreError::Setting {
        setting: "the address of the server",
        problem: "name or password is not percent-encoded text",
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
        let (high, low) = (digit().ok_or_else(wrong)?, digit().ok_or_else(wrong)?);
        bytes.push(u8::try_from(high << 4 | low).map_err(|_| wrong())?);
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

/// The version of the protocol whose lists contain sizes.
const VERSION_2: &str = "application/vnd.x.restic.rest.v2";
/// An answer to a short range may be an error, whose text is longer.
const LONGEST_ERROR: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_and_password_are_sent_and_never_shown() {
        let options = RestOptions::new("rest:http://me:s3%20cr%40t@host:8000/a/").expect("sound");
        let header = options.authorization.as_ref().expect("there is one").expose().clone();
        assert_eq!(header, format!("Basic {}", Base64::encode_string(b"me:s3 cr@t")));
        assert_eq!(options.base, "http://host:8000/a");
        let store = RestServer::connect(&options).expect("nothing is sent yet");
        for text in [format!("{options:?}"), format!("{store:?}")] {
            assert!(!text.contains("s3") && !text.contains("Basic"), "{text}");
        }
        for wrong in ["http://me:%2@host/", "http://me:%zz@host/", "http://%ff:x@host/"] {
            let error = RestOptions::new(wrong).expect_err("no text").to_string();
            assert!(!error.contains('%'), "{error}");
        }
    }
}
