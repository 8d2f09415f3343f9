mod multipart;
mod options;
mod sign;
mod xml;

use std::collections::HashSet;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use base64ct::{Base64, Encoding as _};
use sha2::{Digest, Sha256};
use wardkit_core::Clock as _;

use super::http::{Http, LONGEST_LIST, LONGEST_OBJECT, Request, Response, range_header};
use super::{
    Key, Kind, ObjectMeta, ObjectStore, PrunableStore, Put, StoreError, already_there, within,
};
use crate::format::Id;

pub use options::{Retention, RetentionMode, S3, S3Credentials, S3Options, S3Style};

use options::Place;
use sign::{Signer, encoded};
use xml::{Element, elements};

/// What a request to the bucket says beyond its signature.
struct Call<'a> {
    what: &'static str,
    method: &'static str,
    /// The path below the prefix; empty for the bucket itself.
    path: &'a str,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<&'a [u8]>,
    most: u64,
}

impl<'a> Call<'a> {
    const fn new(what: &'static str, method: &'static str, path: &'a str) -> Self {
        Self {
            what,
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            most: LONGEST_LIST,
        }
    }
}

impl S3 {
    /// Uses a bucket whether there is a repository in it or not: to create one.
    ///
    /// # Errors
    ///
    /// When an option cannot be right, when there is a repository, and when the bucket cannot be asked.
    pub fn create(options: &S3Options) -> Result<Self, StoreError> {
        let store = Self::connect(options)?;
        match store.stat(&Key::Config)? {
            Some(_) => Err(StoreError::RepositoryExists { place: store.place.url("") }),
            None => Ok(store),
        }
    }

    /// Opens the repository in a bucket.
    ///
    /// # Errors
    ///
    /// [`StoreError::NoRepository`] when there is no configuration, and when the bucket cannot be asked.
    pub fn open(options: &S3Options) -> Result<Self, StoreError> {
        let store = Self::connect(options)?;
        match store.stat(&Key::Config)? {
            Some(_) => Ok(store),
            None => Err(StoreError::NoRepository { place: store.place.url("") }),
        }
    }

    fn connect(options: &S3Options) -> Result<Self, StoreError> {
        let place = Place::of(options)?;
        Ok(Self {
            http: Http::new(&options.http)?,
            signer: Signer::new(&options.region, &options.credentials),
            clock: Arc::clone(&options.http.clock),
            retention: options.retention,
            part_size: options.checked_part_size()?,
            place,
        })
    }

    /// Makes the call, again while it fails in a way that passes; each attempt is signed anew, with its own time.
    fn call(&self, call: &Call<'_>) -> Result<Response, StoreError> {
        let place = self.place.url(call.path);
        self.http.retrying(call.what, &place, || {
            let response = self.send(call, &place)?;
            // Two writers of the same name at the same time: both are to try again.
            if response.status == 409 && reason(&response) == "ConditionalRequestConflict" {
                let busy = Response { status: 503, ..response };
                return Err(self.refused(call.what, call.path, &busy));
            }
            Ok(response)
        })
    }

    fn send(&self, call: &Call<'_>, place: &str) -> Result<Response, StoreError> {
        let hash = Sha256::digest(call.body.unwrap_or_default());
        let mut query = call.query.clone();
        query.sort();
        let query: Vec<String> =
            query.iter().map(|(name, value)| format!("{name}={}", encoded(value, true))).collect();
        let query = query.join("&");
        let mut headers = call.headers.clone();
        self.signer.sign(
            &sign::Signed {
                method: call.method,
                host: &self.place.host,
                path: &self.place.path(call.path),
                query: &query,
                body: &Id::from_bytes(hash.into()).to_string(),
                now: self.clock.now(),
            },
            &mut headers,
        );
        let mut url = place.to_owned();
        if !query.is_empty() {
            url = format!("{url}?{query}");
        }
        let request = Request {
            what: call.what,
            place,
            method: call.method,
            url: &url,
            headers,
            body: call.body,
            most: call.most,
        };
        self.http.send(&request)
    }

    fn refused(&self, what: &'static str, path: &str, response: &Response) -> StoreError {
        let place = self.place.url(path);
        let reason = reason(response);
        let request = request_of(what, &place);
        request.refused(response, &reason)
    }

    fn malformed(&self, what: &'static str, path: &str, problem: &'static str) -> StoreError {
        StoreError::Malformed { what, place: self.place.url(path), problem }
    }

    /// The headers of an object that is stored: it replaces nothing, arrives whole, and stays for as long as it has to.
    fn headers_of(&self, key: &Key) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", "application/octet-stream".to_owned())];
        // A lock has to go when its program ends.
        if let Some(retention) = self.retention.filter(|_| key.kind() != Kind::Lock) {
            headers.push(("x-amz-object-lock-mode", retention.mode.to_string()));
            let until = retention.until(self.clock.now());
            headers.push(("x-amz-object-lock-retain-until-date", until));
        }
        headers
    }

    fn put_whole(&self, key: &Key, path: &str, body: &[u8]) -> Result<Response, StoreError> {
        let mut call = Call::new("write", "PUT", path);
        call.headers = self.headers_of(key);
        call.headers.push(replace_nothing());
        // The second is what some services go by to find the first.
        call.headers.push(("x-amz-checksum-sha256", checksum(body)));
        call.headers.push(("x-amz-sdk-checksum-algorithm", "SHA256".to_owned()));
        call.body = Some(body);
        self.call(&call)
    }
}

impl ObjectStore for S3 {
    fn put(&self, key: &Key, body: &[u8]) -> Result<Put, StoreError> {
        let path = key.to_path();
        let in_parts = body.len() as u64 > self.part_size;
        let response = if in_parts {
            self.put_in_parts(key, &path, body)?
        } else {
            self.put_whole(key, &path, body)?
        };
        match response.status {
            200 => Ok(Put::Stored),
            // The name is taken, perhaps by an attempt of this call whose answer was lost; that of an upload in parts
            // has ended the upload.
            412 | 404 if response.status == 412 || in_parts => {
                let size =
                    self.stat(key)?.ok_or_else(|| self.refused("write", &path, &response))?;
                already_there(key, size, body)
            }
            _ => Err(self.refused("write", &path, &response)),
        }
    }

    fn get(&self, key: &Key, range: Option<Range<u64>>) -> Result<Vec<u8>, StoreError> {
        if let Some(empty) = range.as_ref().filter(|range| range.start >= range.end) {
            let size = self.stat(key)?.ok_or(StoreError::NotFound { key: *key })?;
            return within(key, Some(empty.clone()), size).map(|_| Vec::new());
        }
        let path = key.to_path();
        let mut call = Call::new("read", "GET", &path);
        call.most = LONGEST_OBJECT;
        if let Some(range) = &range {
            call.headers.push(range_header(range));
            call.most = call.most.min(range.end - range.start).max(LONGEST_ERROR);
        }
        let response = self.call(&call)?;
        match response.status {
            200 | 206 => {
                let place = self.place.url(&path);
                request_of("read", &place).part(key, range.as_ref(), response)
            }
            404 if reason(&response) != "NoSuchBucket" => Err(StoreError::NotFound { key: *key }),
            416 => {
                let size = self.stat(key)?.ok_or(StoreError::NotFound { key: *key })?;
                Err(within(key, range, size)
                    .err()
                    .unwrap_or_else(|| self.refused("read", &path, &response)))
            }
            _ => Err(self.refused("read", &path, &response)),
        }
    }

    fn stat(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        let path = key.to_path();
        let response = self.call(&Call::new("look at", "HEAD", &path))?;
        match (response.status, response.content_length()) {
            (200, Some(size)) => Ok(Some(size)),
            (200, None) => Err(self.malformed("look at", &path, "the answer has no length")),
            (404, _) => Ok(None),
            _ => Err(self.refused("look at", &path, &response)),
        }
    }

    /// An object that a server shows twice is told once.
    fn list(
        &self,
        kind: Kind,
        found: &mut dyn FnMut(ObjectMeta) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        let mut seen = HashSet::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.page(kind, after.as_deref())?;
            let before = seen.len();
            for object in page.objects {
                if seen.insert(object.key) && found(object).is_break() {
                    return Ok(());
                }
            }
            let Some(next) = page.next else { return Ok(()) };
            if seen.len() == before && after.as_ref() == Some(&next) {
                return Err(self.malformed("list", kind.folder(), "the list goes in circles"));
            }
            after = Some(next);
        }
    }

    fn remove_lock(&self, id: &Id) -> Result<(), StoreError> {
        self.delete(&Key::Named(Kind::Lock, *id))
    }
}

impl PrunableStore for S3 {
    /// Where the bucket keeps versions, the object is only marked as removed until its retention ends.
    fn delete(&self, key: &Key) -> Result<(), StoreError> {
        let path = key.to_path();
        let response = self.call(&Call::new("remove", "DELETE", &path))?;
        match response.status {
            200 | 204 | 404 => Ok(()),
            _ => Err(self.refused("remove", &path, &response)),
        }
    }
}

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("place", &self.place.url("")).finish_non_exhaustive()
    }
}

/// A part of a list.
struct Page {
    objects: Vec<ObjectMeta>,
    /// What to go on with.
    next: Option<String>,
}

impl S3 {
    fn page(&self, kind: Kind, after: Option<&str>) -> Result<Page, StoreError> {
        let mut call = Call::new("list", "GET", "");
        let folder = match kind {
            Kind::Config => kind.folder().to_owned(),
            other => format!("{}/", other.folder()),
        };
        call.query = vec![("list-type", "2".to_owned()), ("prefix", self.place.key(&folder))];
        if let Some(after) = after {
            call.query.push(("continuation-token", after.to_owned()));
        }
        let response = self.call(&call)?;
        if response.status != 200 {
            return Err(self.refused("list", &folder, &response));
        }
        self.parse_page(kind, &response.body).ok_or_else(|| {
            self.malformed("list", &folder, "the list is not what the protocol says")
        })
    }

    fn parse_page(&self, kind: Kind, body: &[u8]) -> Option<Page> {
        let elements = elements(std::str::from_utf8(body).ok()?)?;
        let mut page = Page { objects: Vec::new(), next: None };
        let (mut key, mut size, mut token, mut is_cut) = (None, None, None, None);
        for Element { path, text } in elements {
            match path.as_str() {
                "ListBucketResult/Contents/Key" => key = Some(text),
                "ListBucketResult/Contents/Size" => size = Some(text.parse().ok()?),
                "ListBucketResult/NextContinuationToken" => token = Some(text),
                "ListBucketResult/IsTruncated" => is_cut = Some(text == "true"),
                "ListBucketResult/Contents" => {
                    let (name, size) = (key.take()?, size.take()?);
                    let object = name.strip_prefix(&self.place.key("")).and_then(Key::from_path);
                    if let Some(key) = object.filter(|key| key.kind() == kind) {
                        page.objects.push(ObjectMeta { key, size });
                    }
                }
                _ => {}
            }
        }
        // A list that does not say whether it is whole may be any other answer.
        if is_cut? {
            page.next = Some(token?);
        }
        Some(page)
    }
}

/// What errors are told about.
const fn request_of<'a>(what: &'static str, place: &'a str) -> Request<'a> {
    Request { what, place, method: "", url: "", headers: Vec::new(), body: None, most: 0 }
}

/// The name of the error in an answer, such as `AccessDenied`.
fn reason(response: &Response) -> String {
    let text = std::str::from_utf8(&response.body).unwrap_or_default();
    let code = elements(text).into_iter().flatten().find(|one| one.path == "Error/Code");
    code.map(|code| code.text).unwrap_or_default()
}

/// The condition under which a name is written: it is free.
fn replace_nothing() -> (&'static str, String) {
    ("if-none-match", "*".to_owned())
}

fn checksum(body: &[u8]) -> String {
    Base64::encode_string(&Sha256::digest(body))
}

/// An answer to a short range may be an error, whose text is longer.
const LONGEST_ERROR: u64 = 64 * 1024;
