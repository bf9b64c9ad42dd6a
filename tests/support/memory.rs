//! A bound on what this process may grow by.

/// What this process may grow by while it reads a hundred thousand bad inputs, none of which is kept. Generous, because
/// other tests can run in the same process.
const MAX_GROWTH_BYTES: usize = 256 << 20;

/// Runs `reading`, and holds it to [`MAX_GROWTH_BYTES`].
pub fn within_memory<T>(reading: impl FnOnce() -> T) -> T {
    let before = resident_bytes();
    let read = reading();
    let grown = resident_bytes().saturating_sub(before);
    assert!(grown <= MAX_GROWTH_BYTES, "grown by {grown} bytes");
    read
}

fn resident_bytes() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    // The peak: what was freed again counts too.
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
