//! SipHash-2-4 (Aumasson and Bernstein 2012): a keyed hash with published vectors, in every language's standard shelf.

/// The 64-bit SipHash-2-4 of `bytes` under the key (k0, k1), each the little-endian half of the 16-byte key.
pub(super) fn siphash(k0: u64, k1: u64, bytes: &[u8]) -> u64 {
    // "somepseudorandomlygeneratedbytes"
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let words = bytes.chunks_exact(8);
    let rest = words.remainder();
    for word in words {
        absorb(&mut v, u64::from_le_bytes(word.try_into().expect("chunks_exact(8) gives eight bytes")));
    }
    let last = rest.iter().rev().fold(0, |acc, &byte| acc << 8 | u64::from(byte));
    absorb(&mut v, (bytes.len() as u64) << 56 | last);
    v[2] ^= 0xff;
    for _ in 0..4 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

#[inline]
fn absorb(v: &mut [u64; 4], word: u64) {
    v[3] ^= word;
    round(v);
    round(v);
    v[0] ^= word;
}

#[inline]
fn round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_authors_vectors_come_out() {
        // Aumasson and Bernstein (2012), appendix A, and the first lines of their reference vectors: key 00 .. 0f,
        // message 00 .. n-1.
        let key = [0x0706_0504_0302_0100, 0x0f0e_0d0c_0b0a_0908];
        let message: Vec<u8> = (0..64).collect();
        for (n, expected) in [
            (0, 0x726f_db47_dd0e_0e31),
            (1, 0x74f8_39c5_93dc_67fd),
            (7, 0xab02_00f5_8b01_d137),
            (8, 0x93f5_f579_9a93_2462),
            (15, 0xa129_ca61_49be_45e5),
        ] {
            assert_eq!(siphash(key[0], key[1], &message[..n]), expected, "{n} bytes");
        }
    }

    #[test]
    #[allow(deprecated)]
    fn the_standard_library_agrees_at_every_length() {
        use std::hash::Hasher;
        let message: Vec<u8> = (0..200u32).map(|i| (i * 73 + 11) as u8).collect();
        for n in 0..message.len() {
            let (k0, k1) = (n as u64 * 0x9e37_79b9, !(n as u64));
            let mut std = std::hash::SipHasher::new_with_keys(k0, k1);
            std.write(&message[..n]);
            assert_eq!(siphash(k0, k1, &message[..n]), std.finish(), "{n} bytes");
        }
    }
}
