//! A guardian by itself, as a master starts it: the socket is its standard input.

use std::os::fd::AsFd as _;

fn main() -> Result<(), wardkit_guardian::Error> {
    let listener = std::io::stdin();
    wardkit_guardian::run(listener.as_fd())
}
