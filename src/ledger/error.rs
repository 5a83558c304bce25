//! Why a ledger cannot be read or written, and what helps.

use std::io::ErrorKind;
use std::path::PathBuf;

use super::{CodecError, CopyError, StoreError};
use crate::domain::ApplyError;
use crate::words::Position;

/// Why the ledger cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The store failed or is damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An event cannot be read.
    #[error(transparent)]
    Codec(#[from] CodecError),
    /// An event cannot follow the ones before it.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// An event is not chained to the one before it.
    #[error("the chain is broken before event {0}")]
    Chain(Position),
    /// There is no such event.
    #[error("there is no event {0}")]
    NoEvent(Position),
    /// The store was closed after a failure.
    #[error("the store is closed after a failure")]
    Closed,
    /// The store failed, and is still being read.
    #[error("the store failed and is still being read; it is opened again after that")]
    StillRead,
    /// The store holds another history than the one acknowledged.
    #[error("the store ends at {found}, {expected} was acknowledged")]
    OtherHead {
        /// Where it ends.
        found: Position,
        /// What was acknowledged.
        expected: Position,
    },
    /// A mirror or a backup failed or is damaged.
    #[error(transparent)]
    Copy(#[from] CopyError),
    /// A mirror does not belong to this ledger.
    #[error("{0} is a copy of another ledger; name another folder, or move it away and it is made anew")]
    OtherHistory(PathBuf),
    /// A ledger is to be made where there is one.
    #[error("{0} already holds a ledger")]
    NotEmpty(PathBuf),
    /// The witness is not there, or not sound, and the store is not empty.
    #[error(
        "{0} is {1}, so the end of the ledger cannot be proved; where it alone was lost, accept the end with `crossfoot verify --accept-head`"
    )]
    Witness(PathBuf, &'static str),
}

impl LedgerError {
    /// Whether a disk has no room for it.
    #[must_use]
    pub fn is_disk_full(&self) -> bool {
        matches!(self.kind(), Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
    }

    /// What failed beneath it, if something did.
    fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Store(error) => error.kind(),
            Self::Copy(CopyError::File(_, error)) => Some(error.kind()),
            Self::Copy(CopyError::Format(_) | CopyError::Damaged { .. })
            | Self::Codec(_)
            | Self::Apply(_)
            | Self::Chain(_)
            | Self::NoEvent(_)
            | Self::Closed
            | Self::StillRead
            | Self::OtherHead { .. }
            | Self::OtherHistory(_)
            | Self::NotEmpty(_)
            | Self::Witness(..) => None,
        }
    }

    /// What helps: a disk that can be written, or where the store does not hold what
    /// was acknowledged, a copy.
    #[must_use]
    pub fn way_out(&self) -> &'static str {
        if self.is_disk_full() {
            return "; the way out: make room on its disk, and start again";
        }
        if self.kind() == Some(ErrorKind::ReadOnlyFilesystem) {
            return "; the way out: mount its disk for writing, or `crossfoot restore --from COPY --data NEW_FOLDER` onto another disk";
        }
        match self {
            Self::Store(
                StoreError::InUse(_) | StoreError::UnknownFormat(_) | StoreError::DiskFull(_) | StoreError::File(..),
            )
            | Self::Closed
            | Self::StillRead
            | Self::OtherHistory(_)
            | Self::NotEmpty(_)
            | Self::Copy(_) => "",
            Self::Store(StoreError::Engine(..) | StoreError::Page(..) | StoreError::Text(_))
            | Self::Codec(_)
            | Self::Apply(_)
            | Self::Chain(_)
            | Self::NoEvent(_)
            | Self::OtherHead { .. }
            | Self::Witness(..) => {
                "; the way out: `crossfoot restore --from COPY --data NEW_FOLDER`, COPY being ledger.copy of the mirror, or a backup"
            }
        }
    }
}

/// Why a batch was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// The disk is full but for the reserve; nothing was written.
    #[error("the disk is full but for its reserve")]
    DiskFull,
    /// The mirror is required and cannot be written; nothing was written.
    #[error("the mirror cannot be written: {0}")]
    Mirror(LedgerError),
    /// The store cannot be used now; nothing was written.
    #[error("the store cannot be opened: {0}")]
    Closed(LedgerError),
    /// The store failed while writing: whether the batch is in is not known.
    #[error("the store failed while writing: {0}")]
    Unknown(LedgerError),
}
