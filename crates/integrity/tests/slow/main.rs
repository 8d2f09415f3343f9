//! What takes minutes: scans in large numbers.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "../support/races.rs"]
mod races;

use races::{Other, race, race_with_vanishing, race_with_writer};

#[test]
fn ten_thousand_scans_survive_pipes_in_place_of_files() {
    race(Other::Fifo, 10_000);
}

#[test]
fn ten_thousand_scans_follow_no_link_in_place_of_a_file() {
    race(Other::Link, 10_000);
}

#[test]
fn ten_thousand_scans_follow_no_link_in_place_of_a_directory() {
    race(Other::DirectoryLink, 10_000);
}

#[test]
fn ten_thousand_scans_are_not_fooled_by_one_directory_in_place_of_another() {
    race(Other::Directory, 10_000);
}

#[test]
fn ten_thousand_scans_survive_sockets_in_place_of_files() {
    race(Other::Socket, 10_000);
}

#[test]
fn ten_thousand_scans_read_no_device_in_place_of_a_file() {
    // Making a device takes root; for others a pipe that nobody writes to stands for it.
    let root = rustix::process::geteuid().is_root();
    race(if root { Other::Null } else { Other::Fifo }, 10_000);
}

#[test]
fn ten_thousand_looks_at_a_file_that_is_written_find_one_state_or_none() {
    race_with_writer(10_000);
}

#[test]
fn ten_thousand_scans_survive_what_comes_and_goes() {
    race_with_vanishing(10_000);
}
