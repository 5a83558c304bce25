//! The forms this program judges by: those built in, and those of a folder.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::file::{File, FileResolver, GoogleFileResolver};

use super::compile::{FormError, Problems};
use super::row::put_varint;
use super::{Form, read};
use crate::words::{FamilyName, Year};

/// Descriptors of everything below `proto/`, options intact.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// Every file below `proto/` with its text.
pub const SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

/// Why forms cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The folder cannot be read.
    #[error("cannot read {0}: {1}")]
    Folder(PathBuf, std::io::Error),
    /// A file is not Protobuf, or imports what is not there.
    #[error("{0}")]
    Protobuf(String),
    /// Forms that cannot be used.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Forms(Vec<FormError>),
}

/// All forms.
#[derive(Debug, Default, Clone)]
pub struct Catalog {
    forms: Vec<Arc<Form>>,
    /// Descriptor sets, for reflection.
    sets: Vec<Vec<u8>>,
}

impl Catalog {
    /// The built-in forms, and those of every `.proto` below `folder`.
    ///
    /// # Errors
    /// [`CatalogError`] naming file, line and problem.
    pub fn load(folder: Option<&Path>) -> Result<Self, CatalogError> {
        let pool = DescriptorPool::decode(DESCRIPTORS).map_err(|error| CatalogError::Protobuf(error.to_string()))?;
        let mut catalog = Self { forms: compile(&pool)?, sets: vec![DESCRIPTORS.to_vec()] };
        if let Some(folder) = folder {
            let pool = compile_folder(folder)?;
            let known: HashSet<String> = catalog.forms.iter().map(|form| form.name().to_owned()).collect();
            let forms = compile(&pool)?;
            catalog.sets.extend(forms.iter().map(|form| form.descriptor_set().to_vec()));
            catalog.forms.extend(forms.into_iter().filter(|form| !known.contains(form.name())));
        }
        catalog.forms.sort_by(|a, b| (&a.family, a.first_year).cmp(&(&b.family, b.first_year)));
        catalog.refuse_overlaps()?;
        catalog.refuse_wrong_follows()?;
        Ok(catalog)
    }

    fn refuse_overlaps(&self) -> Result<(), CatalogError> {
        for (a, b) in self.forms.iter().zip(self.forms.iter().skip(1)) {
            if let Some(year) = a.overlaps(b) {
                let mut problems = Problems::default();
                problems.message(&b.message, format!("overlaps {}: both cover {year} in family {}", a.name, a.family));
                return Err(CatalogError::Forms(problems.0));
            }
        }
        Ok(())
    }

    fn refuse_wrong_follows(&self) -> Result<(), CatalogError> {
        let by_name = |name: &str| self.by_name(name).map(Arc::as_ref);
        let wrong: Vec<FormError> = self.forms.iter().flat_map(|form| form.wrong_follows(by_name)).collect();
        if wrong.is_empty() { Ok(()) } else { Err(CatalogError::Forms(wrong)) }
    }

    /// All forms, in order of family and year.
    pub fn iter(&self) -> std::slice::Iter<'_, Arc<Form>> {
        self.forms.iter()
    }

    /// The form of that name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Arc<Form>> {
        self.forms.iter().find(|form| form.name() == name)
    }

    /// The forms that judge a year, of one family if it is named.
    #[must_use]
    pub fn for_year(&self, family: Option<&FamilyName>, year: Year) -> Vec<&Arc<Form>> {
        let of_family = |form: &&Arc<Form>| family.is_none_or(|family| form.family() == family);
        self.forms.iter().filter(of_family).filter(|form| form.covers(year)).collect()
    }

    /// Descriptor sets of all forms and of the API.
    #[must_use]
    pub fn descriptor_sets(&self) -> &[Vec<u8>] {
        &self.sets
    }
}

fn compile(pool: &DescriptorPool) -> Result<Vec<Arc<Form>>, CatalogError> {
    let mut forms = Form::compile_all(pool, &[]).map_err(CatalogError::Forms)?;
    for form in &mut forms {
        let set = descriptor_set(&form.message.parent_file());
        form.form_digest = crate::words::Digest::of(&[&set]);
        form.descriptor_set = set;
    }
    Ok(forms.into_iter().map(Arc::new).collect())
}

/// A file and all it imports, imports first, without comments and positions.
fn descriptor_set(file: &FileDescriptor) -> Vec<u8> {
    fn visit(file: &FileDescriptor, seen: &mut HashSet<String>, out: &mut Vec<u8>) {
        if !seen.insert(file.name().to_owned()) {
            return;
        }
        file.dependencies().for_each(|import| visit(&import, seen, out));
        const FILE: u8 = 0x0a;
        let bytes = without_source_info(&file.encode_to_vec());
        out.push(FILE);
        put_varint(out, bytes.len() as u64);
        out.extend_from_slice(&bytes);
    }
    let mut out = Vec::new();
    visit(file, &mut HashSet::new(), &mut out);
    out
}

/// Leaves `source_code_info` out of an encoded file descriptor; prost-types
/// cannot, it drops custom options.
fn without_source_info(mut file: &[u8]) -> Vec<u8> {
    const SOURCE_CODE_INFO: u32 = 9 << 3 | super::schema::BYTES;
    let mut out = Vec::with_capacity(file.len());
    while let Some((tag, rest)) = read::take_tag(file) {
        let after = if read::is_bytes(tag) {
            read::take_bytes(rest).map(|(_, after)| after)
        } else {
            read::take_varint(rest).map(|(_, after)| after)
        };
        let Some(after) = after else { break };
        if tag != SOURCE_CODE_INFO {
            let length = file.len().saturating_sub(after.len());
            out.extend_from_slice(file.get(..length).unwrap_or_default());
        }
        file = after;
    }
    out
}

/// Finds imports in the folder, then among the built-in files.
#[derive(Debug)]
struct Resolver {
    folder: PathBuf,
    google: GoogleFileResolver,
}

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        if let Some((_, source)) = SOURCES.iter().find(|(known, _)| *known == name) {
            return File::from_source(name, source);
        }
        match std::fs::read_to_string(self.folder.join(name)) {
            Ok(source) => File::from_source(name, &source),
            Err(_) => self.google.open_file(name),
        }
    }
}

fn compile_folder(folder: &Path) -> Result<DescriptorPool, CatalogError> {
    let mut files = Vec::new();
    find_protos(folder, Path::new(""), &mut files)?;
    files.sort();
    let resolver = Resolver { folder: folder.to_owned(), google: GoogleFileResolver::new() };
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true).include_source_info(true);
    for file in &files {
        let name = file.to_string_lossy().replace('\\', "/");
        compiler.open_file(&name).map_err(|error| CatalogError::Protobuf(format!("{name}: {error}")))?;
    }
    Ok(compiler.descriptor_pool())
}

fn find_protos(folder: &Path, below: &Path, found: &mut Vec<PathBuf>) -> Result<(), CatalogError> {
    let here = folder.join(below);
    let failed = |error| CatalogError::Folder(here.clone(), error);
    for entry in std::fs::read_dir(&here).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            find_protos(folder, &path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            found.push(path);
        }
    }
    Ok(())
}
