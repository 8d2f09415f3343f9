//! Scans while others exchange names: a few hundred of each kind, the target `slow` has ten thousand.

#[path = "../support/races.rs"]
mod races;

use races::{Other, race, race_with_vanishing, race_with_writer};

#[test]
fn a_pipe_in_place_of_a_file_neither_hangs_nor_fools_a_scan() {
    race(Other::Fifo, 300);
}

#[test]
fn a_socket_in_place_of_a_file_does_not_fool_a_scan() {
    race(Other::Socket, 300);
}

#[test]
fn a_link_in_place_of_a_file_is_not_followed() {
    race(Other::Link, 300);
}

#[test]
fn a_link_in_place_of_a_directory_is_not_followed() {
    race(Other::DirectoryLink, 300);
}

#[test]
fn a_directory_in_place_of_another_does_not_fool_a_scan() {
    race(Other::Directory, 300);
}

#[test]
fn a_device_in_place_of_a_file_is_not_read() {
    // Making a device takes root; for others a pipe that nobody writes to stands for it.
    let root = rustix::process::geteuid().is_root();
    race(if root { Other::Null } else { Other::Fifo }, 300);
}

#[test]
fn a_file_that_is_written_has_a_digest_of_its_size_or_none() {
    race_with_writer(300);
}

#[test]
fn what_comes_and_goes_is_there_or_not() {
    race_with_vanishing(300);
}
