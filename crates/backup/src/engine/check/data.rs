//! The bytes of the packs: each has its name as hash, its header says what the index says, and each blob is its id.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::report::Check;
use super::window::Window;
use super::{Finding, ReadData};
use crate::engine::blobs::BlobOpener;
use crate::engine::{Error, Event, Index, Role, Stage, parallel};
use crate::format::{self, Id, MAX_HEADER_BYTES, PackedBlob};
use crate::store::{Key, Kind};

/// Reads the packs that are asked for, and that the index knows.
pub(super) fn check<R: Role>(
    check: &Check<'_, R>,
    index: &Index,
    packs: &[(Id, u64)],
    read_data: &ReadData,
) -> Result<(), Error> {
    if *read_data == ReadData::None {
        return Ok(());
    }
    check.observer.event(&Event::Stage(Stage::CheckData));
    let by_pack = index.by_pack();
    let mut part = Vec::new();
    let mut wanted = by_pack.iter().filter_map(|(pack, blobs)| {
        let number = packs.binary_search_by_key(&pack, |(id, _)| *id).ok()?;
        let blobs = || blobs.iter().map(|place| place.blob).collect();
        read_data.takes(&pack).then(|| Pack { id: pack, size: packs[number].1, blobs: blobs() })
    });
    loop {
        part.extend(wanted.by_ref().take(AT_ONCE));
        if part.is_empty() {
            return Ok(());
        }
        read(check, &part)?;
        part.clear();
    }
}

/// A pack, and what the index says of it.
struct Pack {
    id: Id,
    size: u64,
    blobs: Vec<PackedBlob>,
}

fn read<R: Role>(check: &Check<'_, R>, packs: &[Pack]) -> Result<(), Error> {
    let bytes = packs.iter().map(|pack| pack.size).sum();
    check.observer.event(&Event::Found { files: packs.len() as u64, bytes });
    let next = AtomicUsize::new(0);
    let threads = check.repository.options().threads.max(1);
    let numbers: Vec<usize> = (0..threads.min(packs.len())).collect();
    parallel::for_each(threads, &numbers, |_| {
        let mut hand = Hand { opener: check.repository.blob_opener()?, decompressed: Vec::new() };
        while let Some(pack) = packs.get(next.fetch_add(1, Ordering::Relaxed)) {
            check.go_on()?;
            match prove(check, &mut hand, pack) {
                Ok(true) => {
                    let mut report = check.report();
                    report.proven.push(pack.id);
                    report.bytes += pack.size;
                }
                Ok(false) => {}
                Err(error) => check.find(Finding::of(Key::Named(Kind::Pack, pack.id), error)),
            }
            check.observer.event(&Event::Done { files: 1, bytes: pack.size });
        }
        Ok(())
    })
}

struct Hand<'a> {
    opener: BlobOpener<'a>,
    decompressed: Vec<u8>,
}

/// Tells whether a pack is whole; what is not is found.
fn prove<R: Role>(check: &Check<'_, R>, hand: &mut Hand<'_>, pack: &Pack) -> Result<bool, Error> {
    let id = pack.id;
    let mut window = Window::new(check.repository.store(), id, pack.size);
    let mut is_whole = true;
    let mut find = |finding| {
        is_whole = false;
        check.find(finding);
    };
    let mut end = 0;
    for blob in &pack.blobs {
        let (from, length) = (u64::from(blob.offset), u64::from(blob.length));
        if from != end {
            // Then the header, which has no gaps, says something else.
            break;
        }
        end = from + length;
        let Some(sealed) = window.range(from, length)? else { break };
        let opened = hand.opener.open_in_place(&id, blob, sealed, &mut hand.decompressed);
        if let Err(source) = opened {
            find(Finding::Blob { pack: id, source });
        }
    }
    if let Some(finding) = header(check, &mut window, pack, end)? {
        find(finding);
    }
    if window.hash()? != id {
        find(Finding::PackAltered { pack: id });
    }
    Ok(is_whole)
}

/// What is wrong with the header, which lies behind the last blob.
fn header<R: Role>(
    check: &Check<'_, R>,
    window: &mut Window<'_>,
    pack: &Pack,
    end: u64,
) -> Result<Option<Finding>, Error> {
    let contradiction = Some(Finding::PackContradiction { pack: pack.id });
    let length = pack.size.saturating_sub(end);
    if length > u64::from(MAX_HEADER_BYTES) + LENGTH {
        return Ok(contradiction);
    }
    let Some(tail) = window.range(end, length)? else { return Ok(contradiction) };
    let Some((sealed, last)) = tail.split_last_chunk() else { return Ok(contradiction) };
    let opened = match format::pack_header_length(*last, pack.size) {
        Ok(length) if length as usize != sealed.len() => return Ok(contradiction),
        Ok(_) => format::open_pack_header(check.repository.master_key(), sealed, pack.size),
        Err(source) => Err(source),
    };
    Ok(match opened {
        Ok(blobs) if blobs == pack.blobs => None,
        Ok(_) => contradiction,
        Err(source) => Some(Finding::PackHeader { pack: pack.id, source }),
    })
}

/// The packs whose blobs are listed in memory at once.
const AT_ONCE: usize = 256;
/// The length of the header, at the end of the pack.
const LENGTH: u64 = 4;
