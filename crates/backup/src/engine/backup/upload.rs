use crossbeam_channel::Receiver;

use super::Ended;
use super::shared::Shared;
use crate::engine::packer::FullPack;
use crate::engine::{Adds, IndexWriter};
use crate::format::FinishedPack;
use crate::store::{Key, Kind, ObjectStore};

/// Stores packs, and then tells the index. What is in a pack that was handed over is stored even when another thread
/// ends the backup, so that the next one finds it.
pub(super) fn upload<R: Adds>(
    shared: &Shared<'_>,
    store: &dyn ObjectStore,
    index: &IndexWriter<'_, R>,
    packs: &Receiver<FullPack>,
) -> Result<(), Ended> {
    for FullPack { pack, room } in packs {
        let FinishedPack { id, bytes, blobs } = pack;
        shared.or_stop(store.put(&Key::Named(Kind::Pack, id), &bytes))?;
        drop((bytes, room));
        shared.or_stop(index.add(id, blobs))?;
    }
    Ok(())
}
