//! The most memory that this process has held.

use std::fs::read_to_string;

/// The most memory that this process has held at once, in bytes, the upstream's included; absent where the system has
/// no `/proc` to tell it.
pub fn peak_memory() -> Option<u64> {
    peak(&read_to_string("/proc/self/status").ok()?)
}

fn peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_stands_in_kibibytes_among_other_lines() {
        assert_eq!(peak("VmSize:\t  900 kB\nVmHWM:\t    12 kB\nVmRSS:\t  10 kB\n"), Some(12 * 1_024));
        assert_eq!(peak("VmSize:\t  900 kB\n"), None);
        assert_eq!(peak("VmHWM:\t many kB\n"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_held_raises_the_peak() {
        let before = peak_memory().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert!(peak_memory().unwrap() >= before.max(held.len() as u64));
    }
}
