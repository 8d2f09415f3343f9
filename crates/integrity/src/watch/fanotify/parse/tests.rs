use proptest::prelude::*;

use super::*;

/// Writes an event as the kernel does.
fn written(mask: u64, pid: i32, file: i32, records: &[Vec<u8>]) -> Vec<u8> {
    let records = records.concat();
    let length = u32::try_from(METADATA + records.len()).unwrap();
    let mut bytes = length.to_ne_bytes().to_vec();
    bytes.extend([VERSION, 0]);
    bytes.extend(24_u16.to_ne_bytes());
    bytes.extend(mask.to_ne_bytes());
    bytes.extend(file.to_ne_bytes());
    bytes.extend(pid.to_ne_bytes());
    bytes.extend(records);
    bytes
}

fn info(kind: u8, body: &[u8]) -> Vec<u8> {
    // Records are padded to a multiple of four.
    let length = (RECORD + body.len()).next_multiple_of(4);
    let mut bytes = vec![kind, 0];
    bytes.extend(u16::try_from(length).unwrap().to_ne_bytes());
    bytes.extend(body);
    bytes.resize(length, 0);
    bytes
}

fn fid_body(fid: &Fid, name: Option<&str>) -> Vec<u8> {
    let mut bytes = fid.fsid.to_le_bytes().to_vec();
    bytes.extend(u32::try_from(fid.bytes.len()).unwrap().to_ne_bytes());
    bytes.extend(fid.kind.to_ne_bytes());
    bytes.extend(&fid.bytes);
    if let Some(name) = name {
        bytes.extend(name.as_bytes());
        bytes.push(0);
    }
    bytes
}

fn some_fid(number: u8) -> Fid {
    Fid { fsid: 0x0102_0304_0506_0708, kind: 1, bytes: vec![number; 8].into() }
}

#[test]
fn events_are_read_as_the_kernel_writes_them() {
    let named = |number, name: &str| Named { directory: some_fid(number), name: name.into() };
    let mut buffer = written(
        0x100,
        42,
        NONE,
        &[
            info(OBJECT, &fid_body(&some_fid(1), None)),
            info(AT_NAME, &fid_body(&some_fid(2), Some("a b"))),
            info(PIDFD, &7_i32.to_ne_bytes()),
        ],
    );
    buffer.extend(written(
        0x1000_0000,
        -1,
        NONE,
        &[
            info(FROM_NAME, &fid_body(&some_fid(2), Some("old"))),
            info(TO_NAME, &fid_body(&some_fid(3), Some("new"))),
            // What a later kernel may add.
            info(99, b"what?"),
        ],
    ));
    buffer.extend(written(0x4000, 0, NONE, &[]));
    let none = Event { pidfd: NONE, file: NONE, ..Event::default() };
    let expected = [
        Event {
            mask: 0x100,
            pid: 42,
            pidfd: 7,
            at: Some(named(2, "a b")),
            object: Some(some_fid(1)),
            ..none.clone()
        },
        Event {
            mask: 0x1000_0000,
            from: Some(named(2, "old")),
            to: Some(named(3, "new")),
            ..none.clone()
        },
        Event { mask: 0x4000, ..none },
    ];
    assert_eq!(events(&buffer).collect::<Vec<_>>(), expected);
}

#[test]
fn what_ends_early_is_malformed_and_is_the_last() {
    let one = written(1, 1, NONE, &[info(AT_NAME, &fid_body(&some_fid(2), Some("name")))]);
    let two = [one.clone(), one.clone()].concat();
    for cut in one.len() + 1..two.len() {
        let read: Vec<Event> = events(&two[..cut]).collect();
        assert_eq!(read.len(), 2, "{cut}");
        assert_eq!((read[0].malformed, read[1].malformed), (false, true), "{cut}");
    }
}

proptest! {
    #[test]
    fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        // Each event takes at least its metadata, and only the last can be malformed.
        let read: Vec<Event> = events(&bytes).collect();
        prop_assert!(read.len() <= bytes.len() / METADATA + 1);
        prop_assert!(read.iter().rev().skip(1).all(|event| !event.malformed));
    }

    #[test]
    fn any_records_end(records in prop::collection::vec((any::<u8>(), prop::collection::vec(any::<u8>(), 0..64)), 0..8)) {
        let records: Vec<Vec<u8>> =
            records.into_iter().map(|(kind, body)| info(kind % 13, &body)).collect();
        prop_assert_eq!(events(&written(1, 1, NONE, &records)).count(), 1);
    }

    #[test]
    fn a_flipped_byte_never_makes_more_of_it(at in 0_usize..200, to: u8) {
        let mut bytes = written(
            2,
            3,
            NONE,
            &[info(OBJECT, &fid_body(&some_fid(1), None)), info(AT_NAME, &fid_body(&some_fid(2), Some("name")))],
        );
        let at = at % bytes.len();
        bytes[at] = to;
        prop_assert!(events(&bytes).count() <= bytes.len() / METADATA + 1);
    }
}
