//! What an ELF file says of how it is started: its loader, and the libraries it asks for. Nothing in it is believed
//! further than the bytes reach.

/// What is read of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Elf {
    pub(crate) interpreter: Option<String>,
    pub(crate) libraries: Vec<String>,
    /// Where it has its libraries looked for first, as it is written: with `$ORIGIN`.
    pub(crate) run_paths: Vec<String>,
}

/// Reads a file, or says what is wrong with it.
pub(crate) fn read(bytes: &[u8]) -> Result<Elf, &'static str> {
    let class = bytes.get(4).copied().ok_or(CUT)?;
    if !bytes.starts_with(MAGIC) || class != CLASS_64 {
        return Err("it is no 64-bit ELF file");
    }
    if bytes.get(5) != Some(&LITTLE_ENDIAN) {
        return Err("its byte order is none of x86-64 and 64-bit ARM");
    }
    let segments = segments(bytes)?;
    let mut elf = Elf::default();
    for segment in &segments {
        if segment.kind == PT_INTERP {
            let range = slice(bytes, segment.offset, segment.size).ok_or(CUT)?;
            let end = range.iter().position(|byte| *byte == 0).unwrap_or(range.len());
            elf.interpreter = Some(text(&range[..end]).ok_or("its loader has no readable name")?);
        }
    }
    if let Some(dynamic) = segments.iter().find(|segment| segment.kind == PT_DYNAMIC) {
        read_dynamic(bytes, dynamic, &segments, &mut elf)?;
    }
    Ok(elf)
}

struct Segment {
    kind: u32,
    offset: u64,
    address: u64,
    size: u64,
}

fn segments(bytes: &[u8]) -> Result<Vec<Segment>, &'static str> {
    let start = number(bytes, 32, 8).ok_or(CUT)?;
    let size = number(bytes, 54, 2).ok_or(CUT)?;
    let count = number(bytes, 56, 2).ok_or(CUT)?;
    if size < SEGMENT || count > MOST_SEGMENTS {
        return Err("its program headers are none");
    }
    let segment = |index: u64| {
        let at = start.checked_add(index * size)?;
        let field = |offset: u64, length| number(bytes, at.checked_add(offset)?, length);
        Some(Segment {
            kind: u32::try_from(field(0, 4)?).ok()?,
            offset: field(8, 8)?,
            address: field(16, 8)?,
            size: field(32, 8)?,
        })
    };
    (0..count).map(|index| segment(index).ok_or(CUT)).collect()
}

fn read_dynamic(
    bytes: &[u8],
    dynamic: &Segment,
    segments: &[Segment],
    elf: &mut Elf,
) -> Result<(), &'static str> {
    let entries = slice(bytes, dynamic.offset, dynamic.size).ok_or(CUT)?;
    let pairs: Vec<(u64, u64)> = entries
        .chunks_exact(16)
        .take(MOST_ENTRIES)
        .filter_map(|entry| Some((number(entry, 0, 8)?, number(entry, 8, 8)?)))
        .take_while(|(tag, _)| *tag != DT_NULL)
        .collect();
    let Some((_, names)) = pairs.iter().find(|(tag, _)| *tag == DT_STRTAB) else { return Ok(()) };
    let holds = |segment: &&Segment| {
        segment.kind == PT_LOAD
            && names.checked_sub(segment.address).is_some_and(|into| into < segment.size)
    };
    let held = segments.iter().find(holds).ok_or("its names lie nowhere")?;
    let base = held.offset.checked_add(names - held.address).ok_or(CUT)?;
    let name = |offset: u64| {
        let start = usize::try_from(base.checked_add(offset)?).ok()?;
        let rest = bytes.get(start..)?;
        let end = rest.iter().take(LONGEST_NAME).position(|byte| *byte == 0)?;
        text(&rest[..end])
    };
    for (tag, value) in &pairs {
        match *tag {
            DT_NEEDED => elf.libraries.push(name(*value).ok_or("a library has no readable name")?),
            DT_RPATH | DT_RUNPATH => {
                let paths = name(*value).ok_or("a path of libraries is not readable")?;
                elf.run_paths.extend(paths.split(':').map(str::to_owned));
            }
            _ => {}
        }
    }
    Ok(())
}

fn text(bytes: &[u8]) -> Option<String> {
    std::str::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(str::to_owned)
}

fn slice(bytes: &[u8], offset: u64, length: u64) -> Option<&[u8]> {
    let start = usize::try_from(offset).ok()?;
    bytes.get(start..start.checked_add(usize::try_from(length).ok()?)?)
}

/// Reads a little-endian number.
fn number(bytes: &[u8], at: u64, length: u64) -> Option<u64> {
    let digits = slice(bytes, at, length)?;
    Some(digits.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

const MAGIC: &[u8] = b"\x7fELF";
const CLASS_64: u8 = 2;
const LITTLE_ENDIAN: u8 = 1;
const CUT: &str = "it ends too early";
const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PT_INTERP: u32 = 3;
const DT_NULL: u64 = 0;
const DT_NEEDED: u64 = 1;
const DT_STRTAB: u64 = 5;
const DT_RPATH: u64 = 15;
const DT_RUNPATH: u64 = 29;
const SEGMENT: u64 = 56;
/// Real programs have about a dozen.
const MOST_SEGMENTS: u64 = 512;
const MOST_ENTRIES: usize = 4096;
const LONGEST_NAME: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn this_test_program_names_its_loader_and_libraries() {
        let bytes = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let elf = read(&bytes).unwrap();
        assert!(elf.interpreter.is_some_and(|path| path.contains("/ld-")));
        assert!(
            elf.libraries.iter().any(|name| name.starts_with("libc.so")),
            "{:?}",
            elf.libraries
        );
        // Cut anywhere, it is refused or says less, and nothing is read beyond the end.
        for length in (0..4096).chain([bytes.len() / 2]) {
            let _ = read(&bytes[..length]);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_bytes_are_believed_too_far(mut bytes in proptest::collection::vec(any::<u8>(), 64..600), places in proptest::collection::vec((0usize..600, any::<u8>()), 0..8)) {
            bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
            // Headers behind the first one, so that they are looked at.
            bytes[32..40].copy_from_slice(&64u64.to_le_bytes());
            bytes[54..58].copy_from_slice(&[56, 0, 4, 0]);
            for (at, byte) in places {
                if let Some(place) = bytes.get_mut(at) {
                    *place = byte;
                }
            }
            let _ = read(&bytes);
        }
    }
}
