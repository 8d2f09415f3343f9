//! Masks what `tracing` logs.

use tracing::Metadata;
use tracing_subscriber::fmt::MakeWriter;

use super::{Masker, MaskingWriter};

/// Makes the writers of a subscriber mask what they write: the values of fields by their names, and everything that is
/// recognised in messages.
///
/// ```
/// use wardkit_validation::{Masker, MaskingMakeWriter};
///
/// let subscriber = tracing_subscriber::fmt()
///     .with_writer(MaskingMakeWriter::new(std::io::stderr, Masker::default()))
///     .finish();
/// tracing::subscriber::with_default(subscriber, || {
///     tracing::info!(password = "hunter2", "logged in"); // password="***"
/// });
/// ```
///
/// It works with every format that `tracing_subscriber::fmt` has, because it sees the line as it is written.
#[derive(Clone, Debug)]
pub struct MaskingMakeWriter<M> {
    inner: M,
    masker: Masker,
}

impl<M> MaskingMakeWriter<M> {
    /// Masks what the writers of `inner` write.
    #[must_use]
    pub const fn new(inner: M, masker: Masker) -> Self {
        Self { inner, masker }
    }
}

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for MaskingMakeWriter<M> {
    type Writer = MaskingWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        MaskingWriter::new(self.inner.make_writer(), &self.masker)
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> Self::Writer {
        MaskingWriter::new(self.inner.make_writer_for(metadata), &self.masker)
    }
}
