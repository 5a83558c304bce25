//! What a folder came to, for programs.

use serde_json::{Map, Value, json};

use super::changes::Changes;
use super::files::Unreadable;
use super::{Found, record, stated};
use crate::cli::file::reading_json;
use crate::cli::localisation::localisation_json;
use crate::cli::output::finding_json;
use crate::form::Form;
use crate::ingest::ListedQuery;
use crate::ingest::folder::{Contradiction, FolderTotal, Judged, Paper};
use crate::words::Year;

/// The whole answer.
pub(super) fn of(found: &Found) -> Value {
    let Found { folder, unreadable, sorted, judged, totals, since, written, .. } = found;
    let unplaced = sorted.unplaced.iter().map(|(paper, why)| {
        let (message_zh, message_en) = why.sentences();
        json!({
            "file": paper.file,
            "title_unit": paper.title.unit,
            "title_year": paper.title.year.map(Year::get),
            "message_zh": message_zh,
            "message_en": message_en,
        })
    });
    let twice = judged.iter().flat_map(|one| {
        let filing = &one.filing;
        filing
            .also
            .iter()
            .map(|(file, same_texts)| json!({ "file": file, "same_as": filing.paper.file, "same_texts": same_texts }))
    });
    json!({
        "folder": folder.display().to_string(),
        "totals": totals.iter().map(|total| total_json(found, total)).collect::<Vec<Value>>(),
        "unplaced": unplaced.collect::<Vec<Value>>(),
        "unreadable": unreadable.iter().map(unreadable_json).collect::<Vec<Value>>(),
        "twice": twice.collect::<Vec<Value>>(),
        "other_years": sorted.other_years.iter().map(|(file, year)| json!({ "file": file, "year": year.get() })).collect::<Vec<Value>>(),
        "compared": since.is_some(),
        "lost_totals": since.iter().flat_map(|since| &since.lost).map(|(year, name)| json!({ "year": year, "unit_name": name })).collect::<Vec<Value>>(),
        "written": written.iter().map(|(path, _)| path.display().to_string()).collect::<Vec<String>>(),
    })
}

fn total_json(found: &Found, total: &FolderTotal) -> Value {
    let rollup = &total.rollup.rollup;
    let form = &rollup.form;
    let refused = found.refused(total).map(refused_json);
    let contradictions = found.contradictions(total).map(|one| contradiction_json(one, form));
    let counted = total.counted.iter().map(|one| {
        json!({
            "unit": one.unit.as_str(),
            "name": &*one.name,
            "coverage": one.coverage.to_string(),
            "file": one.file,
        })
    });
    let missing = total.missing.iter().map(|(unit, name)| json!({ "unit": unit.as_str(), "name": &**name }));
    let cells = rollup.total.figures(form.cells());
    let cells: Map<String, Value> = cells.map(|(cell, value)| (cell.path.clone(), json!(value.to_string()))).collect();
    let ratios = form
        .derived()
        .iter()
        .map(|ratio| json!({ "id": ratio.id, "value": ratio.text(ratio.of_total(&rollup.total.cells)) }));
    let counts = &rollup.counts;
    let changes = found.since.as_ref().and_then(|since| since.changes.get(&record::name_of(total)));
    json!({
        "unit": total.key.unit.as_str(),
        "unit_name": &*rollup.unit_name,
        "year": total.key.year.get(),
        "family": total.key.family.as_str(),
        "form": form.name(),
        "basis": total.key.basis.to_string(),
        "completeness": {
            "due": counts.due,
            "filed": counts.filed,
            "missing": total.missing.len(),
            "refused": found.refused(total).count(),
            "contradictory": found.contradictions(total).count(),
            "open_queries": counts.open_queries,
        },
        "counted": counted.collect::<Vec<Value>>(),
        "missing": missing.collect::<Vec<Value>>(),
        "refused": refused.collect::<Vec<Value>>(),
        "contradictory": contradictions.collect::<Vec<Value>>(),
        "open_queries": total.queries.iter().map(query_json).collect::<Vec<Value>>(),
        "cells": cells,
        "ratios": ratios.collect::<Vec<Value>>(),
        "reconciliation": total.stated.as_ref().map(|answer| stated::json(answer, form)),
        "changes": changes.map(changes_json),
    })
}

fn refused_json(one: &Judged) -> Value {
    let (message_zh, message_en) = one.fate.sentences().unwrap_or_default();
    json!({
        "unit": one.filing.unit.as_str(),
        "name": &*one.filing.unit_name,
        "coverage": one.coverage.to_string(),
        "file": one.filing.paper.file,
        "reason": one.fate.word(),
        "message_zh": message_zh,
        "message_en": message_en,
        "read": reading_json(&one.filing.paper.reading),
        "localisation": one.localisation.as_ref().map(localisation_json),
        "findings": one.findings.iter().map(finding_json).collect::<Vec<Value>>(),
    })
}

fn unreadable_json(one: &Unreadable) -> Value {
    json!({ "file": one.file, "reason_zh": one.reason_zh, "reason_en": one.reason_en })
}

fn contradiction_json(one: &Contradiction, form: &Form) -> Value {
    let cells = one.cells().into_iter().filter_map(|(cell, values)| {
        let values = values.into_iter().map(|value| value.map(|value| value.to_string()));
        Some(json!({ "path": form.cells().get(cell)?.path, "values": values.collect::<Vec<Option<String>>>() }))
    });
    let files: Vec<&str> = one.papers.iter().map(|paper: &Paper| paper.file.as_str()).collect();
    json!({ "unit": one.unit.as_str(), "name": &*one.unit_name, "files": files, "cells": cells.collect::<Vec<Value>>() })
}

fn query_json(query: &ListedQuery) -> Value {
    json!({
        "unit": query.series.unit.as_str(),
        "coverage": query.series.coverage.to_string(),
        "finding": finding_json(&query.finding),
    })
}

fn changes_json(changes: &Changes) -> Value {
    let unit = |(unit, name): &(String, String)| json!({ "unit": unit, "name": name });
    let cells = |cells: &[(String, i64, i64)]| -> Vec<Value> {
        let one = |(path, before, now): &(String, i64, i64)| json!({ "path": path, "before": before.to_string(), "now": now.to_string() });
        cells.iter().map(one).collect()
    };
    json!({
        "new": changes.new.iter().map(unit).collect::<Vec<Value>>(),
        "gone": changes.gone.iter().map(unit).collect::<Vec<Value>>(),
        "changed": changes.changed.iter().map(|one| json!({ "unit": one.unit, "name": one.name, "cells": cells(&one.cells) })).collect::<Vec<Value>>(),
        "cells": cells(&changes.cells),
    })
}
