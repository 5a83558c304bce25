//! Lines of a submission file, to requests and back to lines of answers.

use anyhow::{Context as _, anyhow};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::ServerArg;
use super::output::finding_json;
use crate::client::{self, Any, Client, wire};
use crate::form::Form;
use crate::words::Digest;

/// One line of a submission file.
#[derive(Debug, Deserialize)]
pub(super) struct Line {
    pub(super) unit: String,
    pub(super) year: i32,
    pub(super) coverage: String,
    #[serde(default)]
    family: String,
    pub(super) report: Value,
    #[serde(default)]
    pub(super) blank_means_zero: bool,
    #[serde(default)]
    nil_report: bool,
    #[serde(default)]
    explanations: Vec<ExplanationLine>,
    #[serde(default, deserialize_with = "optional_number")]
    expected_revision: Option<i64>,
    #[serde(default)]
    request_id: Option<String>,
    /// Other keys are shown to the user and otherwise ignored.
    #[serde(flatten)]
    pub(super) ignored: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExplanationLine {
    rule: String,
    #[serde(default)]
    instance: String,
    #[serde(deserialize_with = "number")]
    left: i64,
    #[serde(deserialize_with = "number")]
    right: i64,
    text: String,
}

/// A whole number, or one in quotes.
fn number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let whole = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    whole.ok_or_else(|| serde::de::Error::custom(format!("{value} is not a whole number")))
}

fn optional_number<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    if value.is_null() { Ok(None) } else { number(value).map(Some).map_err(serde::de::Error::custom) }
}

/// Reads the name of a coverage.
pub(super) fn coverage(name: &str) -> Result<wire::Coverage, String> {
    match name.to_ascii_uppercase().as_str() {
        "OWN" => Ok(wire::Coverage::Own),
        "CONSOLIDATED" => Ok(wire::Coverage::Consolidated),
        _ => Err(format!("{name:?} is not OWN or CONSOLIDATED")),
    }
}

/// The name of a coverage.
pub(super) fn coverage_name(coverage: wire::Coverage) -> &'static str {
    match coverage {
        wire::Coverage::Unspecified => "",
        wire::Coverage::Own => "OWN",
        wire::Coverage::Consolidated => "CONSOLIDATED",
    }
}

/// Names a series.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct SeriesArgs {
    /// Code of the unit
    pub(super) unit: String,
    /// Reporting year
    #[arg(long)]
    pub(super) year: i32,
    /// OWN or CONSOLIDATED
    #[arg(long, value_parser = coverage, default_value = "OWN")]
    pub(super) coverage: wire::Coverage,
    /// Form family, where several cover the year
    #[arg(long, default_value = "")]
    pub(super) family: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) server: ServerArg,
}

impl SeriesArgs {
    pub(super) fn name(&self) -> Option<wire::SeriesName> {
        Some(series(&self.family, &self.unit, self.year, self.coverage))
    }
}

/// Names a series.
pub(super) fn series(family: &str, unit: &str, year: i32, coverage: wire::Coverage) -> wire::SeriesName {
    wire::SeriesName { family: family.to_owned(), unit: unit.to_owned(), year, coverage: coverage.into() }
}

impl Line {
    /// Reads a line.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        serde_json::from_str(text).context("not a submission")
    }

    /// The request for it. Without an id of its own it gets one made of its
    /// content, so that sending the file again is safe.
    pub(super) async fn request(
        &self,
        client: &mut Client,
        validate_only: bool,
    ) -> anyhow::Result<wire::SubmitReportRequest> {
        let form = client.form(&self.family, self.year).await?;
        self.request_on(&form, validate_only)
    }

    /// The same, on a form that is known.
    pub(super) fn request_on(&self, form: &Form, validate_only: bool) -> anyhow::Result<wire::SubmitReportRequest> {
        let value = form.from_json(&self.report).map_err(|error| anyhow!("report: {error}"))?;
        let series =
            series(&self.family, &self.unit, self.year, coverage(&self.coverage).map_err(|error| anyhow!(error))?);
        let explanations = self.explanations.iter().map(|line| wire::Explanation {
            rule: line.rule.clone(),
            instance: line.instance.clone(),
            left: line.left,
            right: line.right,
            text: line.text.clone(),
        });
        let mut request = wire::SubmitReportRequest {
            series: Some(series),
            report: Some(Any { type_url: format!("type.googleapis.com/{}", form.name()), value: value.into() }),
            blank_means_zero: self.blank_means_zero,
            nil_report: self.nil_report,
            explanations: explanations.collect(),
            expected_revision: self.expected_revision,
            request_id: self.request_id.clone().unwrap_or_default(),
            validate_only: false,
            result_view: wire::ResultView::Unspecified.into(),
        };
        if request.request_id.is_empty() {
            let content = prost::Message::encode_to_vec(&request);
            request.request_id = Digest::of(&[&content]).to_string();
        }
        request.validate_only = validate_only;
        Ok(request)
    }
}

/// What a line of a file is answered.
pub(super) fn answer(unit: &str, year: i32, coverage: &str, result: wire::SubmissionResult) -> Value {
    let outcome = outcome_name(result.outcome());
    let localisation = super::localisation::wire_json(result.localisation.as_ref());
    let findings = findings_json(result.findings);
    let unused = result.unused_explanations.into_iter().map(|unused| {
        let wire::Explanation { rule, instance, left, right, text } = unused.explanation.unwrap_or_default();
        let (left, right) = (left.to_string(), right.to_string());
        json!({ "rule": rule, "instance": instance, "left": left, "right": right, "text": text, "reason": unused.reason })
    });
    let unused: Vec<Value> = unused.collect();
    json!({
        "unit": unit,
        "year": year,
        "coverage": coverage,
        "outcome": outcome,
        "reason": result.reason,
        "message_zh": result.message_zh,
        "message_en": result.message_en,
        "receipt": result.receipt.map(receipt_json),
        "awaits_approval": result.awaits_approval,
        "certified_changes": super::year::certified_json(&result.certified_changes),
        "findings": findings,
        "localisation": localisation,
        "unused_explanations": unused,
    })
}

/// Findings for programs; an explained query says so.
pub(super) fn findings_json(findings: Vec<wire::Finding>) -> Vec<Value> {
    let one = |(finding, explained): (crate::form::Finding, bool)| {
        let mut value = finding_json(&finding);
        if let (true, Some(fields)) = (explained, value.as_object_mut()) {
            fields.insert("explained".to_owned(), Value::Bool(true));
        }
        value
    };
    findings.into_iter().map(client::finding).map(one).collect()
}

/// The name of an outcome.
pub(super) fn outcome_name(outcome: wire::Outcome) -> &'static str {
    match outcome {
        wire::Outcome::Unspecified => "",
        wire::Outcome::Accepted => "ACCEPTED",
        wire::Outcome::Unchanged => "UNCHANGED",
        wire::Outcome::Refused => "REFUSED",
    }
}

/// A receipt for programs.
pub(super) fn receipt_json(receipt: wire::Receipt) -> Value {
    let wire::Receipt { series, revision, position, digest, chain_hash, time } = receipt;
    let series = series.unwrap_or_default();
    json!({
        "family": series.family,
        "unit": series.unit,
        "year": series.year,
        "coverage": coverage_name(series.coverage()),
        "revision": revision,
        "position": position,
        "digest": digest,
        "chain_hash": chain_hash,
        "time": time.map(|time| time.to_string()),
    })
}
