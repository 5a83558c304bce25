//! Descriptor sets from outside: out of a ledger, an import, or a service.
//!
//! The library that reads them takes for granted that a compiler made them, and
//! fails hard on some that none makes: an unknown syntax, public imports that run
//! in a ring, maps without keys, options described otherwise than by Google. Such
//! sets are refused here before it sees them.

use std::collections::HashSet;

use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto, UninterpretedOption, field_descriptor_proto::Label,
};

/// Reads a descriptor set whose files come after those they import.
///
/// # Errors
/// A sentence naming the file and what is wrong with it.
pub(super) fn read(set: &[u8]) -> Result<DescriptorPool, String> {
    let files = FileDescriptorSet::decode(set).map_err(|error| error.to_string())?.file;
    // Google's own files are taken from here, whatever the set says of them
    let mut pool = DescriptorPool::global();
    let mut before = HashSet::new();
    for file in &files {
        if pool.get_file_by_name(file.name()).is_none() {
            check_file(file, &before).map_err(|problem| format!("{}: {problem}", file.name()))?;
        }
        if !before.insert(file.name()) {
            return Err(format!("{}: is there twice", file.name()));
        }
    }
    pool.decode_file_descriptor_set(set).map_err(|error| error.to_string())?;
    Ok(pool)
}

fn check_file(file: &FileDescriptorProto, before: &HashSet<&str>) -> Result<(), String> {
    if !matches!(file.syntax(), "" | "proto2" | "proto3") {
        return Err(format!("syntax {:?} is not known", file.syntax()));
    }
    if let Some(import) = file.dependency.iter().find(|import| !before.contains(import.as_str())) {
        return Err(format!("imports {import:?}, which does not come before it"));
    }
    if !file.public_dependency.is_empty() {
        return Err("imports something publicly".to_owned());
    }
    if !file.package().is_empty() {
        file.package().split('.').try_for_each(check_name)?;
    }
    check_options(file.options.as_ref().map(|options| &options.uninterpreted_option))?;
    file.message_type.iter().try_for_each(check_message)?;
    file.enum_type.iter().try_for_each(check_enum)?;
    file.extension.iter().try_for_each(check_field)?;
    file.service.iter().try_for_each(check_service)
}

fn check_message(message: &DescriptorProto) -> Result<(), String> {
    check_name(message.name())?;
    check_options(message.options.as_ref().map(|options| &options.uninterpreted_option))?;
    if message.options.as_ref().is_some_and(|options| options.map_entry()) && !is_map_entry(message) {
        return Err(format!("{} is a map without key and value", message.name()));
    }
    for range in &message.extension_range {
        check_options(range.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    for oneof in &message.oneof_decl {
        check_name(oneof.name())?;
        check_options(oneof.options.as_ref().map(|options| &options.uninterpreted_option))?;
    }
    message.field.iter().chain(&message.extension).try_for_each(check_field)?;
    message.enum_type.iter().try_for_each(check_enum)?;
    message.nested_type.iter().try_for_each(check_message)
}

/// Whether a message has a key of a kind that maps can have, a value, and no more.
fn is_map_entry(message: &DescriptorProto) -> bool {
    use prost_types::field_descriptor_proto::Type::{Bytes, Double, Enum, Float, Group, Message};
    let [key, value] = message.field.as_slice() else { return false };
    let may_be_key = !matches!(key.r#type(), Bytes | Double | Enum | Float | Group | Message);
    let singular = |field: &FieldDescriptorProto| field.label() != Label::Repeated;
    may_be_key
        && key.type_name().is_empty()
        && (key.number(), value.number()) == (1, 2)
        && singular(key)
        && singular(value)
}

fn check_field(field: &FieldDescriptorProto) -> Result<(), String> {
    check_name(field.name())?;
    if field.default_value.is_some() {
        return Err(format!("{} has a default", field.name()));
    }
    check_options(field.options.as_ref().map(|options| &options.uninterpreted_option))
}

fn check_enum(declared: &EnumDescriptorProto) -> Result<(), String> {
    check_name(declared.name())?;
    check_options(declared.options.as_ref().map(|options| &options.uninterpreted_option))?;
    declared.value.iter().try_for_each(|value| {
        check_name(value.name())?;
        check_options(value.options.as_ref().map(|options| &options.uninterpreted_option))
    })
}

fn check_service(service: &ServiceDescriptorProto) -> Result<(), String> {
    check_name(service.name())?;
    check_options(service.options.as_ref().map(|options| &options.uninterpreted_option))?;
    service.method.iter().try_for_each(|method| {
        check_name(method.name())?;
        check_options(method.options.as_ref().map(|options| &options.uninterpreted_option))
    })
}

fn check_name(name: &str) -> Result<(), String> {
    let is_letter = |letter: char| letter.is_ascii_alphabetic() || letter == '_';
    let is_name =
        name.starts_with(is_letter) && name.chars().all(|letter| is_letter(letter) || letter.is_ascii_digit());
    if is_name { Ok(()) } else { Err(format!("{name:?} is no name")) }
}

/// A compiler leaves no option that was not read.
fn check_options(not_read: Option<&Vec<UninterpretedOption>>) -> Result<(), String> {
    if not_read.is_none_or(Vec::is_empty) { Ok(()) } else { Err("has an option that was not read".to_owned()) }
}

#[cfg(test)]
mod tests {
    use prost_types::{MessageOptions, MethodDescriptorProto, OneofDescriptorProto, field_descriptor_proto::Type};

    use super::*;

    fn field(name: &str, number: i32, kind: Type) -> FieldDescriptorProto {
        let mut field = FieldDescriptorProto { name: Some(name.into()), number: Some(number), ..Default::default() };
        field.set_type(kind);
        field
    }

    fn message(name: &str, field: Vec<FieldDescriptorProto>) -> DescriptorProto {
        DescriptorProto { name: Some(name.into()), field, ..Default::default() }
    }

    fn file() -> FileDescriptorProto {
        FileDescriptorProto {
            name: Some("a.proto".into()),
            package: Some("a.v1".into()),
            syntax: Some("proto3".into()),
            message_type: vec![message("Counts", vec![field("issued", 1, Type::Int64)])],
            ..Default::default()
        }
    }

    fn problem(files: &[FileDescriptorProto]) -> String {
        read(&FileDescriptorSet { file: files.to_vec() }.encode_to_vec()).err().unwrap_or_default()
    }

    /// What is said of a file with one thing changed.
    fn changed(change: impl FnOnce(&mut FileDescriptorProto)) -> String {
        let mut file = file();
        change(&mut file);
        problem(&[file])
    }

    #[test]
    fn descriptors_that_no_compiler_makes_are_refused_naming_the_file() {
        assert_eq!(problem(&[file()]), "");
        assert_eq!(changed(|file| file.syntax = Some("proto4".into())), "a.proto: syntax \"proto4\" is not known");
        let to_itself = |file: &mut FileDescriptorProto| {
            file.dependency = vec!["a.proto".into()];
            file.public_dependency = vec![0];
        };
        assert_eq!(changed(to_itself), "a.proto: imports \"a.proto\", which does not come before it");
        let mut second = FileDescriptorProto { name: Some("b.proto".into()), package: None, ..file() };
        second.dependency = vec!["a.proto".into()];
        assert_eq!(problem(&[file(), second.clone()]), "");
        assert_eq!(problem(&[file(), file()]), "a.proto: is there twice");
        second.public_dependency = vec![0];
        assert_eq!(problem(&[file(), second]), "b.proto: imports something publicly");
        assert_eq!(changed(|file| file.package = Some("a..v1".into())), "a.proto: \"\" is no name");
        assert_eq!(changed(|file| file.message_type[0].name = None), "a.proto: \"\" is no name");
        let default =
            |file: &mut FileDescriptorProto| file.message_type[0].field[0].default_value = Some("\\777".into());
        assert_eq!(changed(default), "a.proto: issued has a default");
        let not_read = |file: &mut FileDescriptorProto| {
            let uninterpreted_option = vec![UninterpretedOption::default()];
            file.message_type[0].options = Some(MessageOptions { uninterpreted_option, ..Default::default() });
        };
        assert_eq!(changed(not_read), "a.proto: has an option that was not read");
        let oneof = OneofDescriptorProto { name: Some("1".into()), options: None };
        assert_eq!(changed(|file| file.message_type[0].oneof_decl = vec![oneof]), "a.proto: \"1\" is no name");
        let method = MethodDescriptorProto::default();
        let service = ServiceDescriptorProto { name: Some("S".into()), method: vec![method], options: None };
        assert_eq!(changed(|file| file.service = vec![service]), "a.proto: \"\" is no name");
    }

    #[test]
    fn a_map_has_a_key_and_a_value() {
        let entry = |fields: Vec<FieldDescriptorProto>| {
            let mut entry = message("CountsEntry", fields);
            entry.options = Some(MessageOptions { map_entry: Some(true), ..Default::default() });
            changed(|file| file.message_type[0].nested_type = vec![entry])
        };
        let (key, value) = (field("key", 1, Type::String), field("value", 2, Type::Int64));
        assert_eq!(entry(vec![key.clone(), value.clone()]), "");
        for wrong in [vec![], vec![key.clone()], vec![value.clone(), key], vec![field("key", 1, Type::Bytes), value]] {
            assert_eq!(entry(wrong), "a.proto: CountsEntry is a map without key and value");
        }
    }

    #[test]
    fn what_google_describes_is_not_described_otherwise_by_a_set() {
        let mut descriptor = file();
        descriptor.name = Some("google/protobuf/descriptor.proto".into());
        descriptor.package = Some("google.protobuf".into());
        descriptor.message_type = vec![message("FieldOptions", vec![field("packed", 2, Type::String)])];
        let mut options = field("issued", 1, Type::Int64);
        options.options = Some(prost_types::FieldOptions { packed: Some(false), ..Default::default() });
        let with_options = FileDescriptorProto { message_type: vec![message("Counts", vec![options])], ..file() };
        assert_eq!(problem(&[descriptor, with_options.clone()]), "");
        let another = FileDescriptorProto {
            name: Some("b.proto".into()),
            package: Some("google.protobuf".into()),
            message_type: vec![message("FieldOptions", Vec::new())],
            ..file()
        };
        assert!(problem(&[another, with_options]).contains("google.protobuf.FieldOptions"));
    }
}
