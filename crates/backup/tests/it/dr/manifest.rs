use std::ffi::OsString;
use std::io::{self, Cursor, Read};
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use wardkit_backup::dr::{Manifest, ManifestError, Sum, Witness};
use wardkit_backup::source::{
    CommandStdout, Content, Entry, EntryKind, Failure, FileTime, Metadata, Opened, Program, Source,
    SourceError,
};

fn sum(content: &[u8]) -> Sum {
    let modified = FileTime { seconds: -3, nanos: 7 };
    Sum { hash: *blake3::hash(content).as_bytes(), size: content.len() as u64, modified }
}

fn text(manifest: &Manifest) -> Vec<u8> {
    let mut text = Vec::new();
    manifest.write(&mut text).unwrap();
    text
}

#[test]
fn manifest_is_text_that_people_can_read() {
    let mut manifest = Manifest::default();
    manifest.insert("/srv/a b%\n", sum(b""));
    manifest.insert_rows("/srv/x.db", "my users", 12);
    let hash = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
    let expected = format!(
        "wardkit-manifest 1 1\n{hash} 0 -3.000000007 /srv/a%20b%25%0a\nrows 1\n12 my%20users /srv/x.db\n"
    );
    assert_eq!(String::from_utf8(text(&manifest)).unwrap(), expected);
}

#[test]
fn text_that_is_cut_off_or_changed_is_refused() {
    let mut manifest = Manifest::default();
    manifest.insert("/a", sum(b"a"));
    manifest.insert("/b", sum(b"b"));
    manifest.insert_rows("/b", "t", 3);
    let whole = text(&manifest);
    for length in 0..whole.len() {
        assert!(Manifest::read(&whole[..length]).is_err(), "{length}");
    }
    let whole = String::from_utf8(whole).unwrap();
    for (old, new) in
        [("manifest 1", "manifest 2"), (" 1 -3", " x -3"), ("-3.0", "-3,0"), ("/a", "%2")]
    {
        let error = Manifest::read(whole.replacen(old, new, 1).as_bytes()).unwrap_err();
        assert!(matches!(error, ManifestError::Line { line: 1 | 2, .. }), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn manifest_is_read_as_it_was_written(
        files in prop::collection::btree_map(prop::collection::vec(any::<u8>(), 1..20), any::<[u8; 4]>(), 0..20),
        tables in prop::collection::vec((prop::collection::vec(any::<u8>(), 1..9), "\\PC{1,9}", any::<u64>()), 0..9),
    ) {
        let mut manifest = Manifest::default();
        for (path, table, rows) in tables {
            manifest.insert_rows(PathBuf::from(OsString::from_vec(path)), table, rows);
        }
        for (path, content) in files {
            manifest.insert(PathBuf::from(OsString::from_vec(path)), sum(&content));
        }
        prop_assert_eq!(Manifest::read(text(&manifest).as_slice()).unwrap(), manifest);
    }
}

/// Files with their contents, in memory.
#[derive(Debug)]
struct Told(Vec<(&'static str, &'static str)>);

#[derive(Debug)]
struct Text(&'static str, Metadata);

struct Open(Cursor<&'static str>, Metadata);

impl Source for Told {
    fn paths(&self) -> Vec<PathBuf> {
        vec!["/".into()]
    }

    fn prepare(&mut self) -> Result<(), SourceError> {
        Ok(())
    }

    fn next_entry(&mut self) -> Option<Result<Entry, Failure>> {
        let (path, content) = self.0.pop()?;
        let mut metadata = Metadata::plain(EntryKind::File, 0o600);
        metadata.size = content.len() as u64;
        let text = Text(content, metadata.clone());
        Some(Ok(Entry { path: path.into(), metadata, content: Some(Box::new(text)) }))
    }

    fn finish(&mut self) -> Result<(), SourceError> {
        Ok(())
    }
}

impl Content for Text {
    fn open(&self) -> io::Result<Box<dyn Opened>> {
        Ok(Box::new(Open(Cursor::new(self.0), self.1.clone())))
    }
}

impl Read for Open {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Opened for Open {
    fn metadata(&self) -> &Metadata {
        &self.1
    }

    fn is_as_opened(&self) -> io::Result<bool> {
        Ok(true)
    }
}

/// Reads the files whose names are in `read`, as a backup does that takes the others over.
fn witnessed(files: &[(&'static str, &'static str)], read: &[&str], before: Manifest) -> Manifest {
    let mut witness = Witness::new(Told(files.to_vec()), before);
    witness.prepare().unwrap();
    while let Some(entry) = witness.next_entry() {
        let entry = entry.unwrap();
        if read.iter().any(|path| entry.path == Path::new(path)) {
            let mut all = Vec::new();
            entry.content.unwrap().open().unwrap().read_to_end(&mut all).unwrap();
        }
    }
    witness.finish().unwrap();
    witness.into_manifest()
}

#[test]
fn witness_hashes_what_is_read_and_keeps_what_is_taken_over() {
    let first = witnessed(&[("/a", "one"), ("/b", "two")], &["/a", "/b"], Manifest::default());
    let hashes: Vec<_> = first.files().map(|(path, sum)| (path.to_owned(), sum.hash)).collect();
    let hash = |text: &str| *blake3::hash(text.as_bytes()).as_bytes();
    assert_eq!(hashes, [("/a".into(), hash("one")), ("/b".into(), hash("two"))]);

    let second = [("/a", "one"), ("/b", "other"), ("/c", "three")];
    let manifest = witnessed(&second, &["/c"], first);
    let known: Vec<_> = manifest.files().map(|(path, _)| path.to_owned()).collect();
    assert_eq!(known, [Path::new("/a"), Path::new("/c")], "the size of /b is another one");
}

#[test]
fn what_the_metadata_does_not_tell_of_is_read_again_under_a_witness_too() {
    let program = Program::new(["true"], Duration::from_mins(1)).unwrap();
    let taken = FileTime { seconds: 0, nanos: 0 };
    let source = CommandStdout::new("/dump", program, taken).unwrap();
    let boxed: Box<dyn Source> = Box::new(source);
    let mut source = Witness::new(boxed, Manifest::default());
    source.prepare().unwrap();
    let entry = source.next_entry().unwrap().unwrap();
    assert!(!entry.content.unwrap().is_told_by_metadata());
}
