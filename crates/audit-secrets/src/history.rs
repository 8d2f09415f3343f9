//! What files were before.

use std::error::Error;

/// A file as a commit had it.
#[derive(Clone, Copy, Debug)]
pub struct OldFile<'a> {
    /// The commit, in full.
    pub commit: &'a str,
    /// The path from the root of what is audited.
    pub path: &'a str,
    /// The content.
    pub text: &'a str,
}

/// Shows the engine what files were before.
///
/// The engine calls it once, after it has judged the files that are there. A slice of [`OldFile`]s is one.
pub trait History: Send + Sync {
    /// Hands over each content once, by the first commit that has it, in the same order each time. What is no text is
    /// left out.
    ///
    /// # Errors
    ///
    /// Returns what kept it from handing over all; what came before counts.
    fn visit(&self, take: &mut dyn FnMut(OldFile<'_>)) -> Result<(), Box<dyn Error + Send + Sync>>;
}

impl History for Vec<OldFile<'static>> {
    fn visit(&self, take: &mut dyn FnMut(OldFile<'_>)) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.iter().copied().for_each(take);
        Ok(())
    }
}
