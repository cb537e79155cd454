//! Seeded random numbers: every draw of a run comes from its one seed and a name.

/// A generator for `purpose`, the same for the same seed wherever and whenever it is made.
pub fn seeded(seed: u64, purpose: &str) -> fastrand::Rng {
    fastrand::Rng::with_seed(mix(seed ^ hash(purpose.as_bytes())))
}

/// A generator for a key that was hashed together from numbers, where a name would be slow to write.
pub fn keyed(key: u64) -> fastrand::Rng {
    fastrand::Rng::with_seed(mix(key))
}

/// FNV-1a over `bytes`, 64 bits: stable across platforms and versions, unlike the standard hasher.
pub fn hash(bytes: &[u8]) -> u64 {
    extend_hash(0xcbf2_9ce4_8422_2325, bytes)
}

/// Continues [`hash`] with more bytes.
pub fn extend_hash(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): spreads neighbouring seeds apart.
fn mix(seed: u64) -> u64 {
    let z = (seed ^ (seed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_purpose_give_the_same_draws_and_another_purpose_others() {
        let draws = |seed, purpose| seeded(seed, purpose).u64(..);
        assert_eq!(draws(1, "order"), draws(1, "order"));
        assert_ne!(draws(1, "order"), draws(1, "nonce"));
        assert_ne!(draws(1, "order"), draws(2, "order"));
    }
}
