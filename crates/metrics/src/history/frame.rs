//! Frames on the disk: length, checksum, content. What does not agree with its checksum is not there.

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// What follows up to [`Frame::End`] belongs together; of which journal it is made, 0 for none.
    Begin = 1,
    /// Numbers and keys of series.
    Names = 2,
    /// Times that blocks share.
    Ticks = 3,
    /// A block of samples.
    Samples = 4,
    /// A block of rows.
    Rows = 5,
    /// What belongs together is complete.
    End = 6,
    /// In the journal: the samples of a moment.
    Tick = 7,
    /// In the journal: a window as it is in memory.
    Window = 8,
}

impl Frame {
    const fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Begin,
            2 => Self::Names,
            3 => Self::Ticks,
            4 => Self::Samples,
            5 => Self::Rows,
            6 => Self::End,
            7 => Self::Tick,
            8 => Self::Window,
            _ => return None,
        })
    }
}

/// Appends a frame, the content of which `fill` appends.
pub(super) fn put(out: &mut Vec<u8>, frame: Frame, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD]);
    out.push(frame as u8);
    fill(out);
    let content = start + HEAD;
    let sum = crc32fast::hash(&out[content..]);
    let length = u32::try_from(out.len() - content).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..content].copy_from_slice(&sum.to_le_bytes());
}

/// Splits the first frame from what follows; `None` when there is no whole one.
pub(super) fn split(bytes: &[u8]) -> Option<(Frame, &[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (content, rest) = rest.split_at_checked(length)?;
    let (&first, payload) = content.split_first()?;
    (crc32fast::hash(content) == u32::from_le_bytes(*sum)).then_some(())?;
    Some((Frame::of(first)?, payload, rest))
}

/// How long a frame's head is, the kind of its content apart.
pub(super) const HEAD: usize = 8;
