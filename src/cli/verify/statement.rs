//! A signed statement, checked by itself and against a ledger.

use std::path::Path;

use anyhow::Context as _;
use prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage};
use serde_json::json;

use crate::cli::output::Answer;
use crate::cli::year::SIGNED;
use crate::client::SignedStatement;
use crate::domain::{Signed, State, Statement};
use crate::form::DESCRIPTORS;
use crate::ledger::{LedgerReader, check_statement};
use crate::words::Digest;

/// A statement whose signature holds.
pub(super) struct Checked {
    statement: Statement,
    public_key: String,
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads a statement's file and checks its signature; a problem is an answer.
pub(super) fn read(path: &Path, key: Option<&str>) -> anyhow::Result<Result<Checked, String>> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).with_context(name)?;
    let message = DescriptorPool::decode(DESCRIPTORS)?.get_message_by_name(SIGNED);
    let message = message.context("the message of a statement is not known")?;
    let mut json = serde_json::Deserializer::from_str(&text);
    let read = DynamicMessage::deserialize(message, &mut json).and_then(|read| json.end().map(|()| read));
    let bytes = read.with_context(|| format!("{}: no signed statement", path.display()))?.encode_to_vec();
    let SignedStatement { statement, signature, public_key } = SignedStatement::decode(bytes.as_slice())?;
    let signed = Signed { statement, signature, public_key };
    let public_key = hexadecimal(&signed.public_key);
    if let Some(key) = key.filter(|key| !key.eq_ignore_ascii_case(&public_key)) {
        return Ok(Err(format!("{}: signed with the key {public_key}, not with {key}", path.display())));
    }
    let checked = check_statement(&signed).map(|statement| Checked { statement, public_key });
    Ok(checked.map_err(|error| format!("{}: {error}", path.display())))
}

/// What a statement says.
pub(super) fn told(checked: &Checked, as_json: bool) -> Answer {
    let Checked { statement, public_key } = checked;
    let total = &statement.total;
    if as_json {
        return Answer::Json(json!({
            "verified": true,
            "unit": total.unit.as_str(),
            "unit_name": &*statement.unit_name,
            "year": total.year.get(),
            "basis": total.basis.to_string(),
            "position": statement.position.0,
            "head_hash": statement.head_hash.to_string(),
            "form": &*statement.form,
            "contributors": statement.contributors.len(),
            "due": statement.counts.due,
            "filed": statement.counts.filed,
            "closed_by": &*statement.principal,
            "override_reason": statement.override_reason.as_deref(),
            "public_key": public_key,
            "cells": statement.cells.iter().map(|(path, value)| (path.to_string(), json!(value.to_string()))).collect::<serde_json::Map<_, _>>(),
        }));
    }
    let overridden = statement.override_reason.as_ref().map(|why| format!("\nclosed all the same 例外理由: {why}"));
    Answer::Text(format!(
        "the signature holds 签名有效: {} {} {}, basis {}\n\
         {} figures, {} reports count, {} of {} units had filed; ledger position {}, head {}\n\
         closed by {}{}\npublic key {public_key}\ncompare it with the key that the office has made known 请与公布的公钥核对",
        statement.unit_name,
        total.unit,
        total.year,
        total.basis,
        statement.cells.len(),
        statement.contributors.len(),
        statement.counts.filed,
        statement.counts.due,
        statement.position,
        statement.head_hash,
        statement.principal,
        overridden.unwrap_or_default(),
    ))
}

/// Proves that a statement was made of this ledger: the chain goes through its
/// head, and every report it counts stands where it says, with its content.
pub(super) fn prove(checked: &Checked, reader: &LedgerReader, state: &State) -> Result<(), String> {
    let statement = &checked.statement;
    let at = |position| {
        reader.event(position, &|id| state.form(id)).map_err(|error| format!("statement: event {position}: {error}"))
    };
    let chain: Digest = at(statement.position)?.1;
    if chain != statement.head_hash {
        return Err(format!(
            "statement: the chain at {} is {chain}, it says {}",
            statement.position, statement.head_hash
        ));
    }
    for contributor in &statement.contributors {
        let (event, _) = at(contributor.position)?;
        let found = event.kind.accepted().map(|accepted| (&accepted.series.unit, accepted.digest));
        if found != Some((&contributor.unit, contributor.digest)) {
            return Err(format!(
                "statement: the report of {} at {} is another",
                contributor.unit, contributor.position
            ));
        }
    }
    Ok(())
}
