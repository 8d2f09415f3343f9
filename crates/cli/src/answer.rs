//! Writing a command's answer.

use std::io::{ErrorKind, Write};

use crate::{Kind, Report};

/// Writes a command's answer to `out`, usually standard output.
///
/// A reader that has gone, such as `head`, has read enough: that is no error.
///
/// # Errors
///
/// Returns a report when the answer cannot be written, for example to a full disk.
pub fn answer(mut out: impl Write, text: &str) -> Result<(), Report> {
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Report::new(Kind::CouldNotRun, error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    struct Refusing(ErrorKind);

    impl Write for Refusing {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn only_a_reader_that_has_gone_is_forgiven() {
        assert!(answer(Refusing(ErrorKind::BrokenPipe), "text").is_ok());
        let report = answer(Refusing(ErrorKind::StorageFull), "text").unwrap_err();
        assert_eq!(report.exit_code(), 2);
        let mut written = Vec::new();
        assert!(answer(&mut written, "text").is_ok());
        assert_eq!(written, b"text");
    }
}
