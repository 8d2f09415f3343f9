use std::fmt::Write as _;

use super::{Call, Element, Response, S3, checksum, elements, replace_nothing};
use crate::store::{Key, StoreError};

impl S3 {
    /// Stores a large object in parts. It comes to be with the last call, or not at all.
    pub(super) fn put_in_parts(
        &self,
        key: &Key,
        path: &str,
        body: &[u8],
    ) -> Result<Response, StoreError> {
        let upload = self.begin(key, path)?;
        let stored = self.send_parts(path, &upload, body);
        if !matches!(&stored, Ok(response) if response.status == 200) {
            // The parts are paid for until they are removed. Why there is no object is the error to tell.
            let mut abort = Call::new("write", "DELETE", path);
            abort.query.push(("uploadId", upload));
            let _ = self.call(&abort);
        }
        stored
    }

    fn begin(&self, key: &Key, path: &str) -> Result<String, StoreError> {
        let mut call = Call::new("write", "POST", path);
        call.query.push(("uploads", String::new()));
        call.headers = self.headers_of(key);
        call.headers.push(("x-amz-checksum-algorithm", "SHA256".to_owned()));
        call.body = Some(b"");
        let response = self.call(&call)?;
        if response.status != 200 {
            return Err(self.refused("write", path, &response));
        }
        text_of(&response, "/UploadId")
            .ok_or_else(|| self.malformed("write", path, "the upload has no name"))
    }

    fn send_parts(&self, path: &str, upload: &str, body: &[u8]) -> Result<Response, StoreError> {
        let mut list = "<CompleteMultipartUpload>".to_owned();
        // A body in memory is at most `usize` long, so that a larger part is the whole body.
        let part_size = usize::try_from(self.part_size).unwrap_or(usize::MAX);
        for (number, part) in (1_u32..).zip(body.chunks(part_size)) {
            let sum = checksum(part);
            let mut call = Call::new("write", "PUT", path);
            call.query = vec![("partNumber", number.to_string()), ("uploadId", upload.to_owned())];
            call.headers.push(("x-amz-checksum-sha256", sum.clone()));
            call.body = Some(part);
            let response = self.call(&call)?;
            let tag = response.header("etag").filter(|_| response.status == 200);
            let Some(tag) = tag else { return Err(self.refused("write", path, &response)) };
            let is_plain = |char: &char| char.is_ascii_alphanumeric() || "-_".contains(*char);
            let tag: String = tag.chars().filter(is_plain).collect();
            // Writing to a string does not fail.
            let _ = write!(
                list,
                "<Part><PartNumber>{number}</PartNumber><ETag>&quot;{tag}&quot;</ETag>\
                 <ChecksumSHA256>{sum}</ChecksumSHA256></Part>"
            );
        }
        list += "</CompleteMultipartUpload>";
        let mut call = Call::new("write", "POST", path);
        call.query.push(("uploadId", upload.to_owned()));
        call.headers.push(("content-type", "application/xml".to_owned()));
        call.headers.push(replace_nothing());
        call.body = Some(list.as_bytes());
        let response = self.call(&call)?;
        // The service begins to answer before it is done: its 200 may go on with an error.
        let is_done = text_of(&response, "/ETag").is_some();
        if response.status == 200 && !is_done {
            return Err(self.refused("write", path, &Response { status: 500, ..response }));
        }
        Ok(response)
    }
}

/// The text of the element at the end of this path. Not every service gives the document the name that AWS does.
fn text_of(response: &Response, path: &str) -> Option<String> {
    let elements = elements(std::str::from_utf8(&response.body).ok()?)?;
    let found = elements.into_iter().find(|Element { path: one, .. }| one.ends_with(path));
    found.map(|one| one.text)
}
