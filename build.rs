//! Compiles `proto/` without protoc.
//!
//! Two things come out: the descriptor set with every custom option intact
//! (forms, reflection and `crossfoot proto` read it), and the Rust types of
//! the API, of the ledger's events and of the built-in forms.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut files = Vec::new();
    find_protos(Path::new("proto"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(false).open_files(&files)?;
    // Only this encoder keeps custom options: prost-types drops them.
    fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let mut documented = protox::Compiler::new(["proto"])?;
    documented.include_imports(true).include_source_info(true).open_files(&files)?;
    tonic_prost_build::configure()
        .extern_path(".google.protobuf.Any", "crate::pb::Any")
        .compile_fds(documented.file_descriptor_set())?;

    let sources: String = files
        .iter()
        .map(|file| {
            let name = file.strip_prefix("proto").unwrap_or(file).display().to_string();
            let path = fs::canonicalize(file).unwrap_or_else(|_| file.clone());
            format!("    ({name:?}, include_str!({:?})),\n", path.display().to_string())
        })
        .collect();
    fs::write(out.join("sources.rs"), format!("&[\n{sources}]\n"))?;
    Ok(())
}

/// Collects every `.proto` below `dir`.
fn find_protos(dir: &Path, found: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            find_protos(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
