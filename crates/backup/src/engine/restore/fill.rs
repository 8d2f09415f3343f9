//! Fills the files of a batch: each range of a pack is read once, each blob proven once, by several threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::RestoreFault;
use super::batch::{Batch, Piece, Task};
use super::run::Restore;
use super::write::{Opened, Writing};
use crate::engine::blobs::BlobOpener;
use crate::engine::{Error, Role, parallel};
use crate::format::{BlobKind, Id, PackedBlob};
use crate::store::{Key, Kind};

/// Writes the files of a batch.
pub(super) fn fill<R: Role>(restore: &Restore<'_, R>, batch: &mut Batch) -> Result<(), Error> {
    let tasks = batch.tasks();
    let writing = Writing::of(restore, batch);
    let next = AtomicUsize::new(0);
    let threads = restore.repository.options().threads.max(1);
    let hands: Vec<usize> = (0..threads.min(tasks.len())).collect();
    let done = parallel::for_each(threads, &hands, |_| {
        let opener = restore.repository.blob_opener()?;
        let mut hand = Hand { opener, opened: Opened::default(), decompressed: Vec::new() };
        while let Some(task) = tasks.get(next.fetch_add(1, Ordering::Relaxed)) {
            restore.go_on()?;
            match task {
                Task::Read { pack, start, end, pieces } => {
                    let pieces = &batch.pieces[pieces.clone()];
                    read(&writing, &mut hand, (batch.pack(*pack), *start, *end), pieces);
                }
                Task::Empty { files } => {
                    for file in files {
                        writing.write_empty(&mut hand.opened, *file);
                    }
                }
            }
        }
        Ok(())
    });
    writing.remove_rest();
    done
}

/// What one thread has in hand.
struct Hand<'a> {
    opener: BlobOpener<'a>,
    opened: Opened,
    decompressed: Vec<u8>,
}

/// Reads a range of a pack, and writes each blob of it to all its places.
fn read<R: Role>(
    writing: &Writing<'_, R>,
    hand: &mut Hand<'_>,
    (pack, start, end): (Id, u64, u64),
    pieces: &[Piece],
) {
    let key = Key::Named(Kind::Pack, pack);
    let mut bytes = writing.restore.repository.store().get(&key, Some(start..end)).ok();
    let name = |piece: &Piece| (piece.offset, piece.length, writing.blob_id(piece));
    for places in pieces.chunk_by(|a, b| name(a) == name(b)) {
        let blob = places[0].blob(writing.blob_id(&places[0]));
        let sealed = bytes.as_mut().and_then(|bytes| {
            let from = usize::try_from(u64::from(blob.offset) - start).ok()?;
            bytes.get_mut(from..from.checked_add(blob.length as usize)?)
        });
        if let Err(fault) = spread(writing, hand, (&pack, &blob), sealed, places) {
            for piece in places {
                writing.fail(piece.file, fault.clone());
            }
        }
    }
}

/// Opens a blob and writes it to all its places.
fn spread<R: Role>(
    writing: &Writing<'_, R>,
    hand: &mut Hand<'_>,
    (pack, blob): (&Id, &PackedBlob),
    sealed: Option<&mut [u8]>,
    places: &[Piece],
) -> Result<(), RestoreFault> {
    let Hand { opener, opened, decompressed } = hand;
    let again;
    let found = sealed.map(|sealed| opener.open_in_place(pack, blob, sealed, decompressed));
    let plain = if let Some(Ok(plain)) = found {
        plain
    } else {
        // The pack is damaged, or could not be read. Another one may have the blob too.
        let restore = writing.restore;
        again = restore
            .repository
            .read_blob_with(opener, restore.index, BlobKind::Data, &blob.id)
            .map_err(|source| RestoreFault::Blob { id: blob.id, source: Arc::new(source) })?;
        &again[..]
    };
    if plain.len() as u64 != blob.plain_length() {
        return Err(RestoreFault::Contradiction { what: "lengths of blobs" });
    }
    for piece in places {
        writing.write(opened, piece, plain);
    }
    Ok(())
}
