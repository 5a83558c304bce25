//! Protobuf types generated from `proto/`, and the descriptors behind them.
//!
//! Named by the doors, `api` and `client`, alone.

#![allow(
    missing_docs,
    unreachable_pub,
    missing_debug_implementations,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    clippy::restriction,
    reason = "generated"
)]

/// `google.protobuf.Any` whose value is [`prost::bytes::Bytes`]: a report is
/// checked where it lies in the received frame.
#[derive(Clone, PartialEq, Eq, Hash, ::prost::Message)]
pub struct Any {
    /// "type.googleapis.com/" and the full name of the message.
    #[prost(string, tag = "1")]
    pub type_url: ::prost::alloc::string::String,
    /// The serialized message.
    #[prost(bytes = "bytes", tag = "2")]
    pub value: ::prost::bytes::Bytes,
}

pub mod crossfoot {
    pub mod form {
        pub mod v1 {
            pub use crate::form::options::*;
        }
    }
    pub mod ledger {
        pub mod v1 {
            pub use crate::ledger::SignedStatement;
        }
    }
    pub mod v1 {
        tonic::include_proto!("crossfoot.v1");
    }
}

pub mod disclosure {
    pub mod annual {
        pub mod v2019 {
            tonic::include_proto!("disclosure.annual.v2019");
        }
        pub mod v2021 {
            tonic::include_proto!("disclosure.annual.v2021");
        }
    }
}
