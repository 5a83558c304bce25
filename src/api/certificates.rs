//! Whom a client certificate stands for. That it is genuine was found out when the
//! connection was made.
//!
//! An entry of the settings decides first, by fingerprint, then by name; else a
//! name `urn:crossfoot:unit:<code>` makes a submitter of that unit.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::{AccessError, CertificateSettings, grants};
use super::caller::{Caller, Credential};
use super::connection::ClientCertificate;
use crate::domain::access::{Grant, Reach, Role};
use crate::domain::principal;
use crate::words::{Digest, UnitCode};

/// What a certificate that speaks for a unit is named.
const UNIT_NAME: &str = "urn:crossfoot:unit:";

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    by_name: HashMap<String, Known>,
    by_fingerprint: HashMap<Digest, Known>,
}

/// Who an entry says it is.
#[derive(Debug, Clone)]
struct Known {
    principal: Arc<str>,
    grants: Arc<[Grant]>,
}

impl Certificates {
    /// Reads the entries of the settings.
    pub(super) fn new(settings: &[CertificateSettings]) -> Result<Self, AccessError> {
        let mut certificates = Self::default();
        for CertificateSettings { name, fingerprint, principal: who, grants: texts } in settings {
            let wrong = |problem: String| {
                let named = name.as_ref().or(fingerprint.as_ref()).cloned();
                AccessError::Certificate(named.unwrap_or_else(|| format!("of {who}")), problem)
            };
            let known =
                Known { principal: principal(who).map_err(wrong)?, grants: grants(texts).map_err(wrong)?.into() };
            let before = match (name, fingerprint) {
                (Some(name), None) => certificates.by_name.insert(name.clone(), known),
                (None, Some(fingerprint)) => {
                    let digest = digest(fingerprint);
                    let digest = digest.ok_or_else(|| wrong("fingerprint: is no SHA-256 in hexadecimal".to_owned()))?;
                    certificates.by_fingerprint.insert(digest, known)
                }
                _ => return Err(wrong("needs either a name or a fingerprint".to_owned())),
            };
            if before.is_some() {
                return Err(wrong("is there twice".to_owned()));
            }
        }
        Ok(certificates)
    }

    /// The caller that shows a certificate; none: it stands for nobody.
    pub(super) fn caller(&self, shown: &ClientCertificate) -> Option<Caller> {
        let ClientCertificate { names, fingerprint, not_after } = shown;
        let by_name = || names.iter().find_map(|name| self.by_name.get(name));
        let known = self.by_fingerprint.get(fingerprint).or_else(by_name).cloned();
        let Known { principal, grants } = known.or_else(|| of_units(names))?;
        Some(Caller { principal, grants, credential: Credential::Certificate(*not_after) })
    }
}

/// A submitter of the units that the names speak of.
fn of_units(names: &[String]) -> Option<Known> {
    let of_name = |name: &String| {
        let unit = UnitCode::new(name.strip_prefix(UNIT_NAME)?).ok()?;
        Grant::new(Role::Submitter, Reach::Unit(unit)).ok()
    };
    let grants: Vec<Grant> = names.iter().filter_map(of_name).collect();
    let first = names.iter().find(|name| name.starts_with(UNIT_NAME))?;
    // a name that is no unit's is not to be passed over
    let all = names.iter().filter(|name| name.starts_with(UNIT_NAME)).count();
    (grants.len() == all).then(|| Known { principal: Arc::from(first.as_str()), grants: grants.into() })
}

/// A SHA-256 in hexadecimal, with colons or without.
fn digest(text: &str) -> Option<Digest> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|letter| *letter != ':')
        .map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect::<Option<_>>()?;
    let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte: u8, digit| byte << 4 | digit));
    let bytes: Vec<u8> = bytes.collect();
    Digest::from_bytes(&bytes).filter(|_| digits.len().is_multiple_of(2))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::Timestamp;

    fn entry(name: Option<&str>, fingerprint: Option<&str>, grants: &[&str]) -> CertificateSettings {
        CertificateSettings {
            name: name.map(str::to_owned),
            fingerprint: fingerprint.map(str::to_owned),
            principal: "office".to_owned(),
            grants: grants.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_certificate_stands_for_its_entry_and_else_for_the_unit_it_names() {
        let shown = Digest::of(&[b"certificate"]);
        let named = [entry(Some("office.example"), None, &["office:subtree:C"])];
        let pinned = [entry(None, Some(&shown.to_string().to_uppercase()), &["auditor"])];
        let who = |settings: &[CertificateSettings], names: &[&str]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            let certificate = ClientCertificate { names, fingerprint: shown, not_after: Timestamp(9) };
            let caller = Certificates::new(settings).unwrap().caller(&certificate)?;
            let grants: Vec<String> = caller.grants.iter().map(ToString::to_string).collect();
            Some((caller.principal.to_string(), grants.join(" ")))
        };
        let expected = |name: &str, grants: &str| Some((name.to_owned(), grants.to_owned()));
        let unit = "urn:crossfoot:unit:C-1";
        assert_eq!(who(&named, &["other", "office.example"]), expected("office", "office:subtree:C"));
        assert_eq!(who(&named, &[unit]), expected(unit, "submitter:unit:C-1"));
        assert_eq!(who(&pinned, &[unit]), expected("office", "auditor:everything"));
        assert_eq!(who(&named, &["other"]), None);
        assert_eq!(who(&named, &["urn:crossfoot:unit:../C"]), None);
        assert_eq!(who(&named, &[unit, "urn:crossfoot:unit:"]), None);
        assert_eq!(
            who(&named, &[unit, "urn:crossfoot:unit:C-2"]),
            expected(unit, "submitter:unit:C-1 submitter:unit:C-2")
        );
    }

    #[test]
    fn entries_that_make_no_sense_are_refused_by_name() {
        let twice = entry(Some("a"), None, &["auditor"]);
        for settings in [
            vec![entry(None, None, &["auditor"])],
            vec![entry(Some("a"), Some("b"), &["auditor"])],
            vec![entry(None, Some("xyz"), &["auditor"])],
            vec![entry(None, Some(&"a".repeat(63)), &["auditor"])],
            vec![entry(Some("a"), None, &[])],
            vec![entry(Some("a"), None, &["king:everything"])],
            vec![twice.clone(), twice],
        ] {
            let error = Certificates::new(&settings).unwrap_err().to_string();
            assert!(error.starts_with("certificate "), "{error}");
        }
    }
}
