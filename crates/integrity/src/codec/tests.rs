use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

fn digest() -> impl Strategy<Value = Digest> {
    any::<[u8; 32]>().prop_map(Digest::from_bytes)
}

fn time() -> impl Strategy<Value = FileTime> {
    // Few values, so that two times of an entry are often equal.
    let seconds = prop_oneof![-2..3_i64, any::<i64>(), Just(i64::MIN), Just(i64::MAX)];
    (seconds, prop_oneof![0..2_u32, 0..1_000_000_000_u32])
        .prop_map(|(seconds, nanos)| FileTime { seconds, nanos })
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        any::<i32>().prop_map(Fault::Refused),
        Just(Fault::Raced),
        Just(Fault::Unstable),
        Just(Fault::Sparse)
    ]
}

fn xattr() -> impl Strategy<Value = Xattr> {
    let whole = vec(any::<u8>(), 0..40).prop_map(|value| XattrValue::Whole(value.into()));
    let long = (digest(), any::<u64>()).prop_map(|(digest, size)| XattrValue::Digest(digest, size));
    (vec(any::<u8>(), 0..20), prop_oneof![whole, long])
        .prop_map(|(name, value)| Xattr { name: name.into(), value })
}

fn path() -> impl Strategy<Value = PathBuf> {
    vec(any::<u8>(), 0..60).prop_map(|bytes| OsString::from_vec(bytes).into())
}

prop_compose! {
    fn entry()(
        kind in prop::sample::select(&KINDS[..]),
        (mode, uid, gid) in any::<(u32, u32, u32)>(),
        (size, nlink, inode, dev) in any::<(u64, u64, u64, u64)>(),
        rdev in prop_oneof![Just(0), any::<u64>()],
        (mtime, ctime, btime) in (time(), time(), option::of(time())),
        flags in option::of(prop_oneof![Just(0), any::<u32>()]),
        (path, target) in (path(), option::of(path())),
        (xattr_digest, list) in (option::of(digest()), vec(xattr(), 0..4)),
        (content, fault) in (option::of(digest()), option::of(fault())),
    ) -> Entry {
        let flags = flags.map(Flags::from_bits);
        let xattrs = Xattrs { digest: xattr_digest, list };
        Entry {
            mode, uid, gid, size, nlink, inode, dev, rdev, mtime, ctime, btime, flags, target, xattrs, content, fault,
            ..Entry::new(path, kind)
        }
    }
}

proptest! {
    #[test]
    fn an_entry_decodes_as_it_was(entry in entry(), rest in vec(any::<u8>(), 0..4)) {
        let mut bytes = Vec::new();
        encode(&entry, &mut bytes);
        let length = bytes.len();
        bytes.extend_from_slice(&rest);
        let mut left = bytes.as_slice();
        prop_assert_eq!(decode(&mut left, entry.path.clone()), Ok(entry.clone()));
        prop_assert_eq!(left, rest);
        for end in 0..length {
            prop_assert!(decode(&mut &bytes[..end], entry.path.clone()).is_err());
        }
    }

    #[test]
    fn whatever_decodes_encodes_as_the_same_bytes(
        entry in entry(),
        garbage in vec(any::<u8>(), 0..200),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
    ) {
        let mut bytes = Vec::new();
        encode(&entry, &mut bytes);
        for (index, byte) in damage {
            let at = index.index(bytes.len());
            bytes[at] = byte;
        }
        for bytes in [bytes, garbage] {
            let mut left = bytes.as_slice();
            if let Ok(entry) = decode(&mut left, PathBuf::new()) {
                let mut again = Vec::new();
                encode(&entry, &mut again);
                prop_assert_eq!(again.as_slice(), &bytes[..bytes.len() - left.len()]);
            }
        }
    }
}

#[test]
fn a_regular_file_takes_less_than_eighty_bytes() {
    let time = |seconds, nanos| FileTime { seconds, nanos };
    let entry = Entry {
        mode: 0o100_644,
        size: 123_456,
        nlink: 1,
        inode: 12_345_678,
        dev: 0x801,
        mtime: time(1_790_000_000, 1),
        ctime: time(1_795_000_000, 123_456_789),
        btime: Some(time(1_795_000_000, 123_456_000)),
        flags: Some(Flags::default()),
        content: Some(Digest::from_bytes([7; 32])),
        ..Entry::new("/etc/passwd", EntryKind::File)
    };
    let mut bytes = Vec::new();
    encode(&entry, &mut bytes);
    assert_eq!(bytes.len(), 74);
}

#[test]
fn a_length_that_is_not_there_allocates_nothing() {
    let mut link = Vec::new();
    encode(
        &Entry { target: Some(PathBuf::new()), ..Entry::new("", EntryKind::Symlink) },
        &mut link,
    );
    assert_eq!(link.pop(), Some(0));
    put_number(u64::MAX, &mut link);
    assert_eq!(decode(&mut link.as_slice(), PathBuf::new()), Err(ENDS_EARLY));
}

#[test]
fn numbers_have_one_spelling() {
    let cases: [(&[u8], Result<u64, &str>); 9] = [
        (&[0], Ok(0)),
        (&[0x7f], Ok(127)),
        (&[0x80, 1], Ok(128)),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], Ok(u64::MAX)),
        (&[], Err("ends early")),
        (&[0x80], Err("ends early")),
        (&[0x80, 0], Err("a number is longer than it must be")),
        (&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2], Err("a number is too large")),
        (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81],
            Err("a number is too long"),
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(take_number(&mut &bytes[..]), expected.map_err(Malformed), "{bytes:?}");
    }
}
