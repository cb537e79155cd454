//! The workloads that come with the program, compressed by `build.rs`.

use std::io::Read;
use std::sync::LazyLock;

use flate2::read::DeflateDecoder;

/// A file of the program's, unpacked when it is first asked for.
struct Embedded {
    name: &'static str,
    bytes: LazyLock<Vec<u8>>,
}

macro_rules! embedded {
    ($name:literal) => {
        Embedded {
            name: $name,
            bytes: LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/", $name, ".deflate")))),
        }
    };
}

/// Each one's name and file, in alphabetical order.
static FILES: [Embedded; 6] = [
    embedded!("autocomplete"),
    embedded!("classify"),
    embedded!("code-review"),
    embedded!("documents"),
    embedded!("long-context"),
    embedded!("support"),
];

/// The file of the workload called `name`; absent: there is none.
pub(super) fn bytes_of(name: &str) -> Option<&'static [u8]> {
    FILES.iter().find(|file| file.name == name).map(|file| file.bytes.as_slice())
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|file| file.name)
}

/// What was compressed into `packed`: its length in eight bytes, the lowest first, then a raw stream.
fn unpacked(packed: &[u8]) -> Vec<u8> {
    let (length, stream) = packed.split_first_chunk().expect("the build writes the length first");
    let mut bytes = Vec::with_capacity(u64::from_le_bytes(*length) as usize);
    DeflateDecoder::new(stream).read_to_end(&mut bytes).expect("what the build compressed can be read");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_in_the_folder_comes_with_the_program_byte_for_byte() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("workloads");
        let mut files = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                assert!(bytes_of(name) == Some(&std::fs::read(&path).unwrap()), "{name}");
                files += 1;
            }
        }
        assert_eq!(files, names().count());
    }
}
