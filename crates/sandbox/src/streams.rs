use std::io;
use std::os::fd::BorrowedFd;

/// What a program is handed on its standard input.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Input<'a> {
    /// These bytes; none, for nothing.
    Bytes(&'a [u8]),
    /// What can be read from here, as it comes, up to the limit.
    Open(BorrowedFd<'a>),
}

/// Takes what a program gives, as it comes. Called from the thread that runs the program. It may take its time: the
/// program is kept to its share and ended at its deadline meanwhile. An error ends the program.
pub trait Sink {
    /// Takes a part of its standard output.
    ///
    /// # Errors
    ///
    /// When it cannot be passed on.
    fn output(&mut self, part: &[u8]) -> io::Result<()>;

    /// Takes a part of its standard error.
    ///
    /// # Errors
    ///
    /// When it cannot be passed on.
    fn errors(&mut self, part: &[u8]) -> io::Result<()>;
}

/// Keeps everything: output, and errors.
impl Sink for (Vec<u8>, Vec<u8>) {
    fn output(&mut self, part: &[u8]) -> io::Result<()> {
        self.0.extend_from_slice(part);
        Ok(())
    }

    fn errors(&mut self, part: &[u8]) -> io::Result<()> {
        self.1.extend_from_slice(part);
        Ok(())
    }
}
