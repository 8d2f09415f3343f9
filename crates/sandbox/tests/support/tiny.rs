//! The smallest programs there are: linked statically, of a few instructions, so that what is measured is not theirs.

/// Ends at once with status 0.
pub(crate) fn nothing() -> Vec<u8> {
    program(if cfg!(target_arch = "aarch64") {
        // mov x8, 93; mov x0, 0; svc 0
        &[0xA8, 0x0B, 0x80, 0xD2, 0x00, 0x00, 0x80, 0xD2, 0x01, 0x00, 0x00, 0xD4]
    } else {
        // mov eax, 60; xor edi, edi; syscall
        &[0xB8, 0x3C, 0x00, 0x00, 0x00, 0x31, 0xFF, 0x0F, 0x05]
    })
}

/// Computes for ever.
pub(crate) fn forever() -> Vec<u8> {
    // A jump to itself.
    program(if cfg!(target_arch = "aarch64") { &[0, 0, 0, 0x14] } else { &[0xEB, 0xFE] })
}

/// Writes a program of these instructions: the header of the file, that of the one part, and the part.
fn program(code: &[u8]) -> Vec<u8> {
    let machine: u16 = if cfg!(target_arch = "aarch64") { 183 } else { 62 };
    let length = HEADERS + code.len() as u64;
    let mut file = b"\x7FELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
    // A program that is bound to its address, of this machine, version 1.
    file.extend([[2, 0], machine.to_le_bytes(), [1, 0], [0, 0]].concat());
    // Where it begins, where its parts are told, where its sections would be.
    file.extend([BASE + HEADERS, 64, 0].map(u64::to_le_bytes).concat());
    // No flags; the sizes of the headers and how many there are.
    file.extend([0_u16, 0, 64, 56, 1, 64, 0, 0].map(u16::to_le_bytes).concat());
    // One part that is loaded, to be read and run: the whole file.
    file.extend([1_u32, 5].map(u32::to_le_bytes).concat());
    file.extend([0, BASE, BASE, length, length, 4096].map(u64::to_le_bytes).concat());
    file.extend(code);
    file
}

/// Where such programs usually lie.
const BASE: u64 = 0x40_0000;

/// The lengths of both headers.
const HEADERS: u64 = 64 + 56;
