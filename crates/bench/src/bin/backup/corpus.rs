//! What is backed up: many small files, incompressible files, and a database.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use crate::Result;

/// What is backed up.
pub(crate) struct Corpus {
    path: PathBuf,
    edits: u64,
}

impl Corpus {
    /// Makes it, or takes the one that an earlier run left.
    pub(crate) fn make(path: &Path, text: &Path) -> Result<Self> {
        let corpus = Self { path: path.to_owned(), edits: 0 };
        if path.join("done").exists() {
            return Ok(corpus);
        }
        crate::clear(path)?;
        fs::create_dir_all(path.join("random"))?;
        copy(text, &path.join("text"))?;
        for number in 0..4 {
            let mut file = File::create(path.join(format!("random/{number}")))?;
            let mut noise = Noise(number + 1);
            for _ in 0..150 {
                file.write_all(&noise.bytes(1 << 20))?;
            }
        }
        database(&path.join("bot.sqlite"))?;
        fs::write(path.join("done"), "")?;
        Ok(corpus)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Tells what it holds.
    pub(crate) fn described(&self) -> Result<String> {
        let files = files(&self.path)?;
        let bytes: u64 = files.iter().map(|(_, size)| size).sum();
        Ok(format!(
            "What is backed up: {} files of {:.2} GiB: sources of Rust crates, four files of 150 MiB of random bytes, and a \
             SQLite database. The change: 1 % of the small files are appended to, the database gets new rows and changed \
             ones, and 1 MiB of a random file is written anew.",
            files.len(),
            bytes as f64 / f64::from(1 << 30)
        ))
    }

    /// Changes about a hundredth of it, each time another one.
    pub(crate) fn edit(&mut self) -> Result<()> {
        self.edits += 1;
        let mut noise = Noise(self.edits + 1000);
        let text = files(&self.path.join("text"))?;
        for (path, _) in text.iter().skip(usize::try_from(self.edits)?).step_by(100) {
            OpenOptions::new().append(true).open(path)?.write_all(b"// changed\n")?;
        }
        let name = format!("random/{}", self.edits % 4);
        let mut random = OpenOptions::new().write(true).open(self.path.join(name))?;
        random.seek(SeekFrom::Start((10 + self.edits) << 20))?;
        random.write_all(&noise.bytes(1 << 20))?;
        let database = rusqlite::Connection::open(self.path.join("bot.sqlite"))?;
        database.execute_batch(&format!(
            "UPDATE message SET text = text || ' edited' WHERE id > (SELECT max(id) - 5000 FROM message);
             UPDATE message SET text = upper(text) WHERE id % 2900 = {};",
            self.edits
        ))?;
        Ok(())
    }

    /// Refuses a restore that is not the same, byte by byte.
    pub(crate) fn compare(&self, restored: &Path) -> Result<()> {
        let inside = restored.join(self.path.strip_prefix("/")?);
        for (path, size) in files(&self.path)? {
            let other = inside.join(path.strip_prefix(&self.path)?);
            let (mut left, mut right) = (File::open(&path)?, File::open(&other)?);
            let (mut one, mut two) = (vec![0; 1 << 16], vec![0; 1 << 16]);
            let mut seen = 0;
            loop {
                let read = left.read(&mut one)?;
                right.read_exact(&mut two[..read])?;
                if one[..read] != two[..read] {
                    return Err(format!("{} is not what was backed up", other.display()).into());
                }
                seen += read as u64;
                if read == 0 {
                    break;
                }
            }
            if seen != size || other.metadata()?.len() != size {
                return Err(format!("{} has another length", other.display()).into());
            }
        }
        Ok(())
    }
}

/// The bytes of all files below a path.
pub(crate) fn size(path: &Path) -> Result<u64> {
    Ok(files(path)?.iter().map(|(_, size)| size).sum())
}

fn files(path: &Path) -> Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    let mut waiting = vec![path.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                found.push((entry.path(), entry.metadata()?.len()));
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for (path, _) in files(from)? {
        let place = to.join(path.strip_prefix(from)?);
        fs::create_dir_all(place.parent().unwrap_or(to))?;
        fs::copy(&path, place)?;
    }
    Ok(())
}

fn database(path: &Path) -> Result<()> {
    let database = rusqlite::Connection::open(path)?;
    database.execute_batch(
        "PRAGMA journal_mode = DELETE;
         CREATE TABLE message (id INTEGER PRIMARY KEY, chat INTEGER, token TEXT, text TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 580000)
         INSERT INTO message SELECT i, i % 997, hex(randomblob(64)),
             'the bot answered message number ' || i || ' of ' || hex(randomblob(16)) ||
             ' with the usual words, which are the same for everybody who asks, and says how it is today and how it was'
             || ' yesterday, and asks back whether anything else is wanted, at length, as such programs do, again and again'
         FROM n;
         CREATE INDEX by_chat ON message (chat);",
    )?;
    Ok(())
}

/// Bytes that no compression makes smaller, the same in each run.
struct Noise(u64);

impl Noise {
    fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count + 8);
        while bytes.len() < count {
            // SplitMix64.
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut word = self.0;
            word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            bytes.extend_from_slice(&(word ^ (word >> 31)).to_le_bytes());
        }
        bytes.truncate(count);
        bytes
    }
}
