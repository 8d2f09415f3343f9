//! The archive: plain files in ustar, in the order of their names, with everything else set to one value.

use std::collections::BTreeMap;

pub(super) fn write(files: &BTreeMap<&str, &[u8]>) -> Vec<u8> {
    let mut tar = Vec::new();
    for (name, bytes) in files {
        tar.extend_from_slice(&header(name, bytes.len()));
        tar.extend_from_slice(bytes);
        tar.resize(tar.len().next_multiple_of(BLOCK), 0);
    }
    tar.resize(tar.len() + 2 * BLOCK, 0);
    tar
}

/// Reads what [`write`] wrote, and nothing else: what two readers could take for two things is refused.
pub(super) fn read(tar: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut files: Vec<(String, Vec<u8>)> = Vec::new();
    let mut rest = tar;
    loop {
        let (block, after) = rest.split_at_checked(BLOCK).ok_or("it ends in its midst")?;
        if block.iter().all(|byte| *byte == 0) {
            let is_end = after.len() == BLOCK && after.iter().all(|byte| *byte == 0);
            return if is_end {
                Ok(files)
            } else {
                Err("there is something behind its end".into())
            };
        }
        let (name, size) = entry(block)?;
        if let Some((last, _)) = files.last().filter(|(last, _)| *last >= name) {
            let problem = if *last == name { "is there twice" } else { "is out of order" };
            return Err(format!("{name} {problem}"));
        }
        let padded = size.next_multiple_of(BLOCK);
        let (content, after) = after.split_at_checked(padded).ok_or("it ends in its midst")?;
        let (bytes, padding) = content.split_at(size);
        if padding.iter().any(|byte| *byte != 0) {
            return Err(format!("there is something behind {name}"));
        }
        files.push((name, bytes.to_vec()));
        rest = after;
    }
}

fn entry(block: &[u8]) -> Result<(String, usize), String> {
    let kind = block[156];
    let name = block[..NAME].split(|byte| *byte == 0).next().unwrap_or_default();
    let name = std::str::from_utf8(name).map_err(|_| "it has a name that is no text")?;
    let shown: String = name.escape_debug().take(60).collect();
    match kind {
        b'0' => {}
        b'1' | b'2' => return Err(format!("{shown} is a link")),
        b'5' => return Err(format!("{shown} is a folder of its own")),
        _ => return Err(format!("{shown} is no plain file")),
    }
    let digits = std::str::from_utf8(&block[124..135]).map_err(|_| "it has a size that is none")?;
    let size =
        usize::from_str_radix(digits, 8).map_err(|_| format!("{shown} has a size that is none"))?;
    if size > super::MOST_BYTES {
        return Err(format!("{shown} is too large"));
    }
    if block != header(name, size) {
        return Err(format!("{shown} has another header than pack writes"));
    }
    Ok((name.to_owned(), size))
}

/// The name is checked by whoever calls: it fits.
fn header(name: &str, size: usize) -> [u8; BLOCK] {
    let mut header = [0; BLOCK];
    let length = name.len().min(NAME);
    header[..length].copy_from_slice(&name.as_bytes()[..length]);
    put(&mut header, 100, b"0000644\0");
    put(&mut header, 108, b"0000000\0");
    put(&mut header, 116, b"0000000\0");
    put(&mut header, 124, format!("{size:011o}\0").as_bytes());
    put(&mut header, 136, b"00000000000\0");
    // The sum is taken with spaces in its own place.
    put(&mut header, 148, b"        ");
    header[156] = b'0';
    put(&mut header, 257, b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    put(&mut header, 148, format!("{sum:06o}\0 ").as_bytes());
    header
}

fn put(header: &mut [u8; BLOCK], at: usize, text: &[u8]) {
    header[at..at + text.len()].copy_from_slice(text);
}

const BLOCK: usize = 512;
const NAME: usize = 100;
