//! Where the service may listen: whoever reaches it from another machine must be
//! known, and should not be overheard.

use std::net::SocketAddr;

use super::ServerError;

/// What stands between the service and those who reach it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Protection {
    /// It speaks TLS.
    pub tls: bool,
    /// It verifies certificates of callers; only with TLS.
    pub certificates: bool,
    /// It knows callers by their tokens.
    pub tokens: bool,
    /// Plain text is wanted, whoever may listen in.
    pub insecure: bool,
}

/// Who can reach the service, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// This machine alone.
    ThisMachine,
    /// Anybody, over TLS, as someone known.
    Encrypted,
    /// Anybody, as someone known, and everybody on the way can read it.
    PlainText,
}

/// Decides whether to listen on an address.
///
/// # Errors
/// [`ServerError::CallersUnknown`] or [`ServerError::PlainText`].
pub fn may_listen(address: SocketAddr, protection: Protection) -> Result<Exposure, ServerError> {
    let Protection { tls, certificates, tokens, insecure } = protection;
    let known = tokens || (tls && certificates);
    if address.ip().is_loopback() {
        Ok(Exposure::ThisMachine)
    } else if !known {
        Err(ServerError::CallersUnknown(address))
    } else if tls {
        Ok(Exposure::Encrypted)
    } else if insecure {
        Ok(Exposure::PlainText)
    } else {
        Err(ServerError::PlainText(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_decided_and_loopback_is_always_allowed() {
        let table = [
            // tls, certificates, tokens, insecure
            ((false, false, false, false), "callers unknown"),
            ((false, false, false, true), "callers unknown"),
            ((false, false, true, false), "no plain text"),
            ((false, false, true, true), "plain text"),
            ((false, true, false, false), "callers unknown"),
            ((false, true, false, true), "callers unknown"),
            ((false, true, true, false), "no plain text"),
            ((false, true, true, true), "plain text"),
            ((true, false, false, false), "callers unknown"),
            ((true, false, false, true), "callers unknown"),
            ((true, false, true, false), "encrypted"),
            ((true, false, true, true), "encrypted"),
            ((true, true, false, false), "encrypted"),
            ((true, true, false, true), "encrypted"),
            ((true, true, true, false), "encrypted"),
            ((true, true, true, true), "encrypted"),
        ];
        for ((tls, certificates, tokens, insecure), expected) in table {
            let protection = Protection { tls, certificates, tokens, insecure };
            let decide = |address: &str| match may_listen(address.parse().unwrap(), protection) {
                Ok(Exposure::ThisMachine) => "this machine",
                Ok(Exposure::Encrypted) => "encrypted",
                Ok(Exposure::PlainText) => "plain text",
                Err(ServerError::CallersUnknown(_)) => "callers unknown",
                Err(ServerError::PlainText(_)) => "no plain text",
                Err(other) => panic!("{other}"),
            };
            for beyond in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:127.0.0.1]:1"] {
                assert_eq!(decide(beyond), expected, "{beyond} {protection:?}");
            }
            for here in ["127.0.0.1:1", "127.1.2.3:1", "[::1]:1"] {
                assert_eq!(decide(here), "this machine", "{here} {protection:?}");
            }
        }
        let every: std::collections::BTreeSet<_> = table.iter().map(|(combination, _)| combination).collect();
        assert_eq!(every.len(), 16);
    }
}
