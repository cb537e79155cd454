//! Compresses the workloads that come with the program: uncompressed they would be a sixth of it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use flate2::Compression;
use flate2::write::DeflateEncoder;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=workloads");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the folder of what is built"));
    let mut files = fs::read_dir("workloads")?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.iter().try_for_each(|file| compress(file, &out))
}

/// Writes `file` into the folder `out` as `NAME.deflate`: its length in eight bytes, the lowest first, then the raw stream.
fn compress(file: &Path, out: &Path) -> io::Result<()> {
    let bytes = fs::read(file)?;
    let mut encoder = DeflateEncoder::new((bytes.len() as u64).to_le_bytes().to_vec(), Compression::best());
    encoder.write_all(&bytes)?;
    let name = file.file_stem().expect("a file that ends in `.jsonl` has a name");
    fs::write(out.join(name).with_extension("deflate"), encoder.finish()?)
}
