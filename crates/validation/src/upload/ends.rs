//! Where an image ends, for formats that say so.

use std::io::{self, Read, Seek, SeekFrom};

use super::{FileKind, UploadProblem};

/// No image has more pieces.
const MOST_CHUNKS: usize = 1 << 16;

/// Says when data follow where the format ends, or when it does not end at all.
pub(super) fn check<R: Read + Seek>(
    file: &mut R,
    kind: FileKind,
    len: u64,
) -> io::Result<Option<UploadProblem>> {
    match kind {
        FileKind::Png => png(file, len),
        FileKind::Webp | FileKind::Wav | FileKind::Avi => riff(file, len),
        _ => Ok(None),
    }
}

fn png<R: Read + Seek>(file: &mut R, len: u64) -> io::Result<Option<UploadProblem>> {
    let mut at = 8_u64;
    for _ in 0..MOST_CHUNKS {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if at.saturating_add(12) > len || file.read_exact(&mut head).is_err() {
            return Ok(Some(UploadProblem::Broken));
        }
        let [a, b, c, d, name @ ..] = head;
        at = at.saturating_add(12).saturating_add(u64::from(u32::from_be_bytes([a, b, c, d])));
        if name == *b"IEND" {
            return Ok(match at.cmp(&len) {
                std::cmp::Ordering::Less => Some(UploadProblem::TrailingData),
                std::cmp::Ordering::Equal => None,
                std::cmp::Ordering::Greater => Some(UploadProblem::Broken),
            });
        }
    }
    Ok(Some(UploadProblem::Broken))
}

fn riff<R: Read + Seek>(file: &mut R, len: u64) -> io::Result<Option<UploadProblem>> {
    let mut size = [0; 4];
    file.seek(SeekFrom::Start(4))?;
    if file.read_exact(&mut size).is_err() {
        return Ok(Some(UploadProblem::Broken));
    }
    let end = u64::from(u32::from_le_bytes(size)).saturating_add(8);
    // Sound that was recorded live has no size, and large files of AVI go on in further pieces.
    Ok(if end.saturating_add(1) < len && end > 8 && len < 1 << 30 {
        Some(UploadProblem::TrailingData)
    } else {
        None
    })
}
