//! Pages: a size within bounds and a token that says where the next one begins.

use tonic::Status;

use super::status::invalid;
use crate::words::limits;

/// The size of a page that was asked for.
pub(super) fn size(asked: i32) -> Result<usize, Status> {
    match usize::try_from(asked) {
        Ok(0) => Ok(limits::PAGE_SIZE),
        Ok(size) => Ok(size.min(limits::PAGE_SIZE_MAX)),
        Err(_) => Err(invalid("page_size", "is below 0")),
    }
}

/// Splits one entry more than a page into the page and the token of the next.
pub(super) fn split<T>(mut entries: Vec<T>, size: usize, token: impl Fn(&T) -> String) -> (Vec<T>, String) {
    let next =
        if entries.len() > size { size.checked_sub(1).and_then(|last| entries.get(last)).map(token) } else { None };
    entries.truncate(size);
    (entries, next.unwrap_or_default())
}
