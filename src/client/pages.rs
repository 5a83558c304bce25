//! Lists come page by page.

/// Entries of a page: as many as there may be.
pub const PAGE: i32 = 1_000;

/// All entries of a list. A page is asked for by its token and gives its entries and
/// the token of the next.
///
/// # Errors
/// That of the page that fails.
pub async fn every_page<T, E>(mut page: impl AsyncFnMut(String) -> Result<(Vec<T>, String), E>) -> Result<Vec<T>, E> {
    let mut found = Vec::new();
    let mut token = String::new();
    loop {
        let (entries, next) = page(token).await?;
        found.extend(entries);
        if next.is_empty() {
            return Ok(found);
        }
        token = next;
    }
}
