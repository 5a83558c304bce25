//! Names that senders choose: unit codes, form families, request ids.

use std::fmt;

use smol_str::SmolStr;

use super::limits;

/// A word that is not what it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what} {value:?}: {problem}")]
pub struct WordError {
    /// Which word, e.g. "unit code".
    pub what: &'static str,
    /// As sent, cut short.
    pub value: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

impl WordError {
    pub(super) fn new(what: &'static str, value: &str, problem: &'static str) -> Self {
        Self { what, value: value.chars().take(80).collect(), problem }
    }
}

/// Checks length and alphabet of a code.
fn check(what: &'static str, value: &str, max: usize, extra: &[u8]) -> Result<(), WordError> {
    if value.is_empty() {
        return Err(WordError::new(what, value, "is empty"));
    }
    if value.len() > max {
        return Err(WordError::new(what, value, "is too long"));
    }
    let first_is_plain = value.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !first_is_plain || !value.bytes().all(|byte| byte.is_ascii_alphanumeric() || extra.contains(&byte)) {
        return Err(WordError::new(what, value, "has a character that codes do not have"));
    }
    Ok(())
}

macro_rules! code {
    ($(#[$doc:meta])* $name:ident, $what:literal, $max:expr, $extra:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(SmolStr);

        impl $name {
            /// Checks and takes a code.
            ///
            /// # Errors
            /// [`WordError`] if it is empty, too long or has other characters.
            pub fn new(value: &str) -> Result<Self, WordError> {
                check($what, value, $max, $extra)?;
                Ok(Self(SmolStr::new(value)))
            }

            /// The code as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0.as_str())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

code!(
    /// Stable code of a unit: ASCII letters, digits, `-`, `_`, `.`.
    UnitCode, "unit code", limits::UNIT_CODE_BYTES, b"-_."
);
code!(
    /// Name of a form family, e.g. `disclosure.annual`.
    FamilyName, "form family", limits::FAMILY_NAME_BYTES, b"._"
);
code!(
    /// Id a sender gives a submission so that it can be repeated safely.
    RequestId, "request id", limits::REQUEST_ID_BYTES, b"-_.:"
);
