//! The table `[limits]`: how much is done at once, and how far each may be set.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::origin::Problems;
use crate::api::Capacity;
use crate::words::limits;

macro_rules! limits_table {
    ($($(#[$attribute:meta])* $key:ident = $default:expr, $allowed:expr;)+) => {
        /// What may be stated.
        #[derive(Debug, Clone, Default, Deserialize, Serialize, clap::Args)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct StatedLimits {
            $($(#[$attribute])* $key: Option<u64>,)+
        }

        /// What holds.
        struct Limits {
            $($key: u64,)+
        }

        impl StatedLimits {
            pub(super) fn defaults() -> Self {
                Self { $($key: Some($default),)+ }
            }

            pub(super) fn or(self, other: Self) -> Self {
                Self { $($key: self.$key.or(other.$key),)+ }
            }

            fn bounded(&self, problems: &mut Problems<'_>) -> Limits {
                let mut bounded = |key: &str, stated: Option<u64>, default: u64, allowed: &RangeInclusive<u64>| {
                    let stated = stated.unwrap_or(default);
                    if !allowed.contains(&stated) {
                        problems.add(key, format_args!("is {stated}; may be {} to {}", allowed.start(), allowed.end()));
                    }
                    stated
                };
                Limits {
                    $($key: bounded(concat!("limits.", stringify!($key)), self.$key, $default, &$allowed),)+
                }
            }
        }
    };
}

limits_table! {
    #[arg(skip)]
    connections = limits::CONNECTIONS as u64, limits::CONNECTIONS_ALLOWED;
    #[arg(skip)]
    first_byte_seconds = limits::FIRST_BYTE.as_secs(), limits::FIRST_BYTE_SECONDS_ALLOWED;
    #[arg(skip)]
    calls = limits::CALLS as u64, limits::CALLS_ALLOWED;
    #[arg(skip)]
    call_deadline_seconds = limits::CALL_DEADLINE.as_secs(), limits::CALL_DEADLINE_SECONDS_ALLOWED;
    #[arg(skip)]
    submit_streams = limits::SUBMIT_STREAMS as u64, limits::SUBMIT_STREAMS_ALLOWED;
    #[arg(skip)]
    watches = limits::WATCHES as u64, limits::WATCHES_ALLOWED;
    #[arg(skip)]
    watch_behind_events = limits::WATCH_BEHIND, limits::WATCH_BEHIND_ALLOWED;
    #[arg(skip)]
    backups = limits::BACKUPS as u64, limits::BACKUPS_ALLOWED;
    #[arg(skip)]
    stop_grace_seconds = limits::STOP_GRACE.as_secs(), limits::STOP_GRACE_SECONDS_ALLOWED;
    /// Free MiB of the disk below which nothing more is written; reads go on [default: 64]
    #[arg(long, value_name = "MIB", visible_alias = "disk-reserve")]
    disk_reserve_mib = limits::DISK_RESERVE_BYTES >> 20, limits::DISK_RESERVE_MIB_ALLOWED;
}

impl StatedLimits {
    /// How much is done at once, and the free bytes of the disk below which nothing
    /// is written.
    pub(super) fn check(&self, problems: &mut Problems<'_>) -> (Capacity, u64) {
        let Limits {
            connections,
            first_byte_seconds,
            calls,
            call_deadline_seconds,
            submit_streams,
            watches,
            watch_behind_events,
            backups,
            stop_grace_seconds,
            disk_reserve_mib,
        } = self.bounded(problems);
        let many = |many: u64| usize::try_from(many).unwrap_or(usize::MAX);
        let capacity = Capacity {
            connections: many(connections),
            first_byte: Duration::from_secs(first_byte_seconds),
            calls: many(calls),
            call_deadline: Duration::from_secs(call_deadline_seconds),
            submit_streams: many(submit_streams),
            watches: many(watches),
            watch_behind: watch_behind_events,
            backups: many(backups),
            stop_grace: Duration::from_secs(stop_grace_seconds),
        };
        (capacity, disk_reserve_mib.saturating_mul(1 << 20))
    }
}
