//! FNV-1a: a hash that is the same in every version of the product, unlike the standard library's.

/// The hash of nothing.
pub(super) const START: u64 = 0xcbf2_9ce4_8422_2325;

/// The hash of what had `hash` before, and then of these bytes.
pub(super) const fn fnv(bytes: &[u8], mut hash: u64) -> u64 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_one_that_was_agreed() {
        // http://www.isthe.com/chongo/tech/comp/fnv: test vectors.
        assert_eq!(fnv(b"", START), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a", START), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv(b"foobar", START), 0x8594_4171_f739_67e8);
        assert_eq!(fnv(b"bar", fnv(b"foo", START)), fnv(b"foobar", START));
    }
}
