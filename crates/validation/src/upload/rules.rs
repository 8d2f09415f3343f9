//! Which files are welcome, and the check of one.

use std::io::{self, Read, Seek, SeekFrom};

use super::sniff::HEAD;
use super::zip::{self, Located};
use super::{FileKind, UploadProblem, ends, scan};
use crate::Error;

/// Which files are welcome.
///
/// A file is judged by its content; its name and its declared type must agree with that. Nothing is unpacked and
/// nothing is decoded: a file that passes is of its kind by its structure, and an image library may still find it
/// broken. Unpack archives with the sizes of their directory as hard limits, since a directory may lie.
///
/// ```
/// use std::io::Cursor;
/// use wardkit_validation::{FileKind, UploadProblem, UploadRules};
///
/// let rules = UploadRules::of([FileKind::Gif, FileKind::Pdf]);
/// let report = rules.check("cat.gif", Some("image/gif"), &mut Cursor::new(b"GIF89a<script>alert(1)</script>"))?;
/// assert_eq!(report.kind(), Some(FileKind::Gif));
/// assert_eq!(report.problems(), [UploadProblem::Markup]);
/// assert!(!report.is_accepted());
/// # Ok::<(), wardkit_validation::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(default, rename_all = "kebab-case", deny_unknown_fields))]
#[non_exhaustive]
pub struct UploadRules {
    /// The kinds that are welcome: images that cannot hold scripts, unless it is set.
    pub kinds: Vec<FileKind>,
    /// The most bytes of a file: 20 MiB unless it is set.
    pub max_bytes: u64,
    /// The most entries of an archive: 1000 unless it is set.
    pub max_entries: usize,
    /// The most bytes that an archive unpacks to: 200 MiB unless it is set.
    pub max_unpacked: u64,
    /// How many times its size an archive, or an entry of more than 1 MiB, may grow: 100 unless it is set.
    pub max_ratio: u64,
}

impl Default for UploadRules {
    fn default() -> Self {
        Self {
            kinds: vec![FileKind::Png, FileKind::Jpeg, FileKind::Gif, FileKind::Webp],
            max_bytes: 20 << 20,
            max_entries: 1000,
            max_unpacked: 200 << 20,
            max_ratio: 100,
        }
    }
}

/// Extensions by which servers or desktops run a file.
const RUN: [&str; 27] = [
    "php", "php3", "php4", "php5", "php7", "phtml", "phar", "asp", "aspx", "jsp", "jspx", "cgi",
    "pl", "py", "sh", "exe", "com", "bat", "cmd", "scr", "js", "vbs", "html", "htm", "svg", "jar",
    "lnk",
];

impl UploadRules {
    /// Returns rules that welcome these kinds.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = FileKind>) -> Self {
        Self { kinds: kinds.into_iter().collect(), ..Self::default() }
    }

    /// Looks at a file that came under a name, and perhaps with a declared media type.
    ///
    /// # Errors
    ///
    /// The file cannot be read. What speaks against it is in the report.
    pub fn check<R: Read + Seek>(
        &self,
        name: &str,
        mime: Option<&str>,
        file: &mut R,
    ) -> Result<UploadReport, Error> {
        self.look(name, mime, file).map_err(Error::Upload)
    }

    fn look<R: Read + Seek>(
        &self,
        name: &str,
        mime: Option<&str>,
        file: &mut R,
    ) -> io::Result<UploadReport> {
        let len = file.seek(SeekFrom::End(0))?;
        let refused = |problem| Ok(UploadReport { kind: None, problems: vec![problem] });
        if len == 0 {
            return refused(UploadProblem::Empty);
        }
        if len > self.max_bytes {
            return refused(UploadProblem::TooLarge);
        }
        file.seek(SeekFrom::Start(0))?;
        let mut head = Vec::with_capacity(HEAD);
        file.by_ref().take(HEAD as u64).read_to_end(&mut head)?;
        let Some(mut kind) = FileKind::of(&head) else {
            return refused(UploadProblem::UnknownKind);
        };

        let mut problems = Vec::new();
        let archive = zip::locate(file, len, self.max_entries)?;
        if kind.is_zip() {
            if let Located::Found(directory) = &archive {
                kind = zip::kind(directory);
            }
            self.archive(file, &archive, &mut problems)?;
        } else if !matches!(archive, Located::Nothing) || second_format(kind, &head) {
            problems.push(UploadProblem::Polyglot);
        }
        if kind == FileKind::Gzip {
            self.gzip(file, len, &mut problems)?;
        }
        if kind.is_opaque() {
            problems.push(UploadProblem::ArchiveOpaque);
        }
        problems.extend(ends::check(file, kind, len)?);
        scan::scan(file, kind, &mut problems)?;
        self.declared(kind, name, mime, &mut problems);
        problems.sort_unstable();
        problems.dedup();
        Ok(UploadReport { kind: Some(kind), problems })
    }

    fn declared(
        &self,
        kind: FileKind,
        name: &str,
        mime: Option<&str>,
        problems: &mut Vec<UploadProblem>,
    ) {
        if kind.is_executable() {
            problems.push(UploadProblem::Executable);
        } else if kind.is_active() {
            // Whether a drawing or page is harmless takes a parser and a decision: nothing passes in silence.
            problems.push(UploadProblem::ActiveContent);
        }
        if !self.kinds.contains(&kind) {
            problems.push(UploadProblem::KindNotAllowed);
        }
        let file_name = name.rsplit(['/', '\\']).next().unwrap_or(name).to_ascii_lowercase();
        let mut parts = file_name.trim_end_matches(['.', ' ']).split('.');
        let _stem = parts.next();
        let extensions: Vec<&str> = parts.map(str::trim).collect();
        if let Some((last, before)) = extensions.split_last() {
            if !kind.extensions().contains(last) {
                problems.push(UploadProblem::ExtensionMismatch);
            }
            if before.iter().any(|extension| RUN.contains(extension)) {
                problems.push(UploadProblem::HiddenExtension);
            }
        }
        if mime.is_some_and(|mime| !declares(mime, kind)) {
            problems.push(UploadProblem::TypeMismatch);
        }
    }

    fn archive<R: Read + Seek>(
        &self,
        file: &mut R,
        archive: &Located,
        problems: &mut Vec<UploadProblem>,
    ) -> io::Result<()> {
        match archive {
            Located::Nothing | Located::Broken => problems.push(UploadProblem::Broken),
            Located::TooMany => problems.push(UploadProblem::ArchiveEntries),
            Located::Found(directory) => {
                if directory.before > 0 {
                    problems.push(UploadProblem::Polyglot);
                }
                zip::judge(file, directory, self, problems)?;
            }
        }
        Ok(())
    }

    /// The last four bytes of gzip are the unpacked size, at least for one member of less than 4 GiB.
    fn gzip<R: Read + Seek>(
        &self,
        file: &mut R,
        len: u64,
        problems: &mut Vec<UploadProblem>,
    ) -> io::Result<()> {
        let mut size = [0; 4];
        let Some(at) = len.checked_sub(4).filter(|at| *at >= 14) else {
            problems.push(UploadProblem::Broken);
            return Ok(());
        };
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut size)?;
        let unpacked = u64::from(u32::from_le_bytes(size));
        if unpacked > self.max_unpacked {
            problems.push(UploadProblem::ArchiveSize);
        }
        if unpacked / len > self.max_ratio {
            problems.push(UploadProblem::ArchiveRatio);
        }
        Ok(())
    }
}

/// Readers of PDF take a document that begins within the first kilobyte.
fn second_format(kind: FileKind, head: &[u8]) -> bool {
    let start = &head[..head.len().min(1024)];
    kind != FileKind::Pdf && !kind.is_text() && memchr::memmem::find(start, b"%PDF-").is_some()
}

/// Tells whether a media type may stand for a kind. Clients name the general one, and the same kind differently.
fn declares(mime: &str, kind: FileKind) -> bool {
    let mime = mime.split(';').next().unwrap_or(mime).trim().to_ascii_lowercase();
    let (family, name) = mime.split_once('/').unwrap_or((&mime, ""));
    let (own_family, own_name) = kind.mime().split_once('/').unwrap_or(("", ""));
    mime == "application/octet-stream"
        || (family == own_family && name == own_name)
        || kind.extensions().iter().any(|extension| name.trim_start_matches("x-") == *extension)
        || match kind {
            FileKind::Ogg | FileKind::Mp4 | FileKind::Matroska => {
                matches!(family, "audio" | "video")
            }
            FileKind::Wav => {
                matches!(mime.as_str(), "audio/x-wav" | "audio/vnd.wave" | "audio/wave")
            }
            FileKind::Text => family == "text" && !matches!(name, "html" | "xml" | "javascript"),
            FileKind::Xml => mime == "text/xml",
            FileKind::Zip => mime == "application/x-zip-compressed",
            FileKind::OpenDocument => mime.starts_with("application/vnd.oasis.opendocument."),
            FileKind::Ole => {
                mime.starts_with("application/vnd.ms-") || mime == "application/msword"
            }
            _ => false,
        }
}

/// What was found out about a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UploadReport {
    kind: Option<FileKind>,
    problems: Vec<UploadProblem>,
}

impl UploadReport {
    /// Returns whether nothing speaks against the file.
    #[must_use]
    pub const fn is_accepted(&self) -> bool {
        self.problems.is_empty()
    }

    /// Returns what it is, by its content.
    #[must_use]
    pub const fn kind(&self) -> Option<FileKind> {
        self.kind
    }

    /// Returns what speaks against it, each once.
    #[must_use]
    pub fn problems(&self) -> &[UploadProblem] {
        &self.problems
    }
}
