//! What is tried on the door: a request on the wire, decided as it would be and
//! answered. Not part of the program; see [`crate::fuzzing`].

use std::sync::Arc;

use prost::Message as _;
use tonic::Status;
use tonic::codegen::http::HeaderMap;

use super::convert::{decision_to_pb, finding_from_pb, localisation_from_pb, submission_from_pb};
use super::status::from_submit;
#[cfg(test)]
use crate::form::Severity;
use crate::ingest::fuzzing::decide;
use crate::ledger::fuzzing::REAL;
use crate::pb::crossfoot::v1 as pb;

/// Tries bytes as a `SubmitReportRequest` to a service that holds real reports: it is
/// decided, or refused with a status that a caller can receive.
pub fn submit(bytes: &[u8]) {
    let Ok(request) = pb::SubmitReportRequest::decode(bytes) else { return };
    let decided = submission_from_pb(request, principal())
        .and_then(|submission| decide(&REAL.state, submission).map_err(|error| from_submit(&error)));
    match decided {
        Err(status) => can_be_received(&status),
        Ok(decision) => {
            let result = decision_to_pb(decision);
            let refused = result.outcome() == pb::Outcome::Refused;
            assert!(!refused || !(result.reason.is_empty() || result.message_zh.is_empty()));
            let decoded = pb::SubmissionResult::decode(result.encode_to_vec().as_slice());
            assert_eq!(decoded.as_ref(), Ok(&result));
            result.localisation.map(localisation_from_pb);
            result.findings.into_iter().for_each(|finding| drop(finding_from_pb(finding)));
        }
    }
}

fn principal() -> Arc<str> {
    Arc::from("anyone")
}

/// A status travels in headers, of which clients take 8 KiB.
pub(super) fn can_be_received(status: &Status) {
    const HEADER_BYTES: usize = 8 << 10;
    /// What HTTP/2 counts for a header beside its name and value.
    const OVERHEAD: usize = 32;
    assert!(!status.message().is_empty());
    let mut headers = HeaderMap::new();
    status.add_header(&mut headers).expect("it can be sent");
    let bytes = headers.iter().fold(0_usize, |sum, (name, value)| {
        sum.saturating_add(name.as_str().len()).saturating_add(value.len()).saturating_add(OVERHEAD)
    });
    assert!(bytes <= HEADER_BYTES, "{bytes} bytes of headers: {status:?}");
}

/// Explanations of the queries that a request raises, for seeds.
#[cfg(test)]
pub(crate) fn explained(request: &pb::SubmitReportRequest) -> Vec<pb::Explanation> {
    let Ok(decision) =
        submission_from_pb(request.clone(), principal()).map(|submission| decide(&REAL.state, submission))
    else {
        return Vec::new();
    };
    let findings = decision.map(|decision| decision.findings).unwrap_or_default();
    let queries =
        findings.into_iter().map(|(finding, _)| finding).filter(|finding| finding.severity == Severity::Query);
    queries
        .filter_map(|finding| {
            Some(pb::Explanation {
                rule: finding.rule,
                instance: finding.instance,
                left: finding.left?,
                right: finding.right?,
                text: "上年结转口径调整，已与主管部门核对".to_owned(),
            })
        })
        .collect()
}
