//! Every limit: its name, its unit, its reason. What an operator may set has its
//! default here, and as `…_ALLOWED` how far it may be set.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

const fn at_least_one(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// Earliest reporting year. The 条例 took effect in 2008; older figures do not exist.
pub const FIRST_YEAR: u16 = 2008;
/// Latest reporting year; a typo like 20224 must not open a new year.
pub const LAST_YEAR: u16 = 2200;

/// Bytes of a unit code: a 统一社会信用代码 has 18, with room for suffixes.
pub const UNIT_CODE_BYTES: usize = 64;
/// Bytes of a unit's name.
pub const UNIT_NAME_BYTES: usize = 300;
/// Bytes of the name of a form family.
pub const FAMILY_NAME_BYTES: usize = 100;
/// Bytes of a request id: a UUID has 36, a SHA-256 in hexadecimal 64.
pub const REQUEST_ID_BYTES: usize = 64;
/// Bytes of a stated reason.
pub const REASON_BYTES: usize = 2_000;
/// Events of the ledger that one page of the audit list looks at.
pub const AUDIT_READ: u64 = 65_536;
/// Cells named by a reviewer who returns a report.
pub const REVIEW_CELLS: usize = 200;
/// Bytes of the address where a report is public.
pub const ADDRESS_BYTES: usize = 2_000;
/// Entries in one `ApplyUnits`: a province has some 10,000 units.
pub const UNITS_PER_APPLY: usize = 100_000;
/// Levels of the tree of units; five are in use, more is a mistake.
pub const TREE_DEPTH: usize = 16;

/// Files of one folder that is totalled: a city's agencies over several years.
pub const FOLDER_FILES: usize = 20_000;
/// Folders within a folder that is totalled; people sort by year, district, bureau.
pub const FOLDER_DEPTH: usize = 8;
/// Bytes of the record of what a folder came to: some 500 for each unit and year.
pub const FOLDER_RECORD_BYTES: u64 = 64 << 20;
/// Documents written from a folder that its record knows by their digests.
pub const FOLDER_OUTPUTS: usize = 1_000;

/// Bytes of the name of whoever holds a credential.
pub const PRINCIPAL_BYTES: usize = 100;
/// Grants of one token: a platform of a city's agencies has a subtree, not a list.
pub const GRANTS_PER_TOKEN: usize = 100;
/// Tokens that are ever issued; each takes some 300 bytes of memory.
pub const TOKENS: usize = 100_000;
/// How long a token lives if nothing is said.
pub const TOKEN_LIFE: Duration = Duration::from_hours(365 * 24);
/// How long a token lives at most.
pub const TOKEN_LIFE_MAX: Duration = Duration::from_hours(3_653 * 24);

/// Cells of a form; the statutory one has 200 and some.
pub const CELLS_PER_FORM: usize = 4_096;
/// Largest max a cell may declare, and largest figure that is accepted, above 0 or
/// below: sums over all cells of a form fit i64 twice over.
pub const FIGURE_MAX: i64 = 1 << 50;
/// Fields of a form, each place counted where a message is used again: its cells,
/// and as many groups and texts around them.
pub const FIELDS_PER_FORM: usize = 8_192;
/// Levels of messages in a form.
pub const FORM_DEPTH: usize = 16;
/// Cells of the largest set that is tried as an explanation of violated identities:
/// the statutory form's code has distance 4, so four wrong cells may look like none.
pub const LOCATED_CELLS: usize = 3;
/// Cells tried for one block of identities, some milliseconds; the statutory form
/// takes some thousands.
pub const LOCATE_STEPS: usize = 100_000;
/// Explanations of one block that are told; all are counted.
pub const REPAIRS_SHOWN: usize = 10;
/// Claims of the prose in one report.
pub const CLAIMS_PER_REPORT: usize = 200;
/// Bytes of one text that are searched for figures: a report holds no longer one.
pub const PROSE_BYTES: usize = REPORT_BYTES;
/// Elements of one repeated text field.
pub const TEXTS_PER_FIELD: usize = 200;
/// Explanations that come with one report.
pub const EXPLANATIONS_PER_REPORT: usize = 200;
/// Bytes of one explanation.
pub const EXPLANATION_BYTES: usize = 4_000;
/// Characters an explanation needs at least.
pub const EXPLANATION_CHARS_MIN: usize = 4;
/// Bytes of one report on the wire: figures take 0.5 KB, texts rarely 100 KB.
pub const REPORT_BYTES: usize = 1 << 20;

/// Bytes of one page of the ledger in the store. sled puts large values into
/// files it never syncs; 4 KiB is safely below.
pub const PAGE_BYTES: usize = 4_096;
/// Bytes of the store that sled keeps in memory: with its default it keeps all of it up
/// to 1 GiB. What is read again and again is in the state, and the system caches the file. With
/// 4 MiB a server took more memory after a start, not less.
pub const STORE_CACHE_BYTES: u64 = 16 << 20;
/// Bytes of events that are tried as one page before compression.
pub const PAGE_RAW_BYTES: usize = 16 << 10;
/// Events in one commit.
pub const EVENTS_PER_COMMIT: usize = 4_096;
/// Bytes in one commit; one event may be larger.
pub const COMMIT_BYTES: usize = 4 << 20;
/// Free bytes below which nothing more is written: sled must not meet a full disk.
pub const DISK_RESERVE_BYTES: u64 = 64 << 20;
/// MiB that may be set as that reserve: none, where a quota bounds the folder anyway,
/// and at most a disk of 16 TiB.
pub const DISK_RESERVE_MIB_ALLOWED: RangeInclusive<u64> = 0..=16 << 20;
/// Free bytes without which the store is not opened again after a failure: sled
/// writes a segment and a snapshot when it opens.
pub const OPENING_BYTES: u64 = 4 << 20;
/// How often others may run while it is waited for those who read from a store that
/// failed, before it is opened again; a read takes some 0.1 ms.
pub const STILL_READ_YIELDS: usize = 10_000;
/// Pages that are read ahead of what is folded; each has at most 16 KB of events, or
/// one that is longer.
pub const PAGES_READ_AHEAD: usize = 64;
/// Events since the last checkpoint that are worth a new one while the service runs:
/// replaying them takes a second, and so does writing one.
pub const CHECKPOINT_EVENTS: u64 = 100_000;
/// The same when the service ends, and nobody waits.
pub const CHECKPOINT_EVENTS_AT_END: u64 = 10_000;
/// Bytes of one part of a checkpoint, which is read, checked and decoded at once.
pub const CHECKPOINT_PART_BYTES: usize = 256 << 10;
/// Parts of a checkpoint that are read ahead, while what they stand in is made: what is
/// read is what stays in memory.
pub const CHECKPOINT_PARTS: usize = 1_024;
/// Refused attempts kept, one per series; the oldest give way.
pub const REFUSED_ATTEMPTS: usize = 100_000;
/// Findings kept with a refused attempt.
pub const REFUSED_FINDINGS: usize = 100;
/// Bytes kept of a refused attempt; a larger one is kept without its bytes.
pub const REFUSED_BYTES: usize = 64 << 10;

/// Submissions waiting for the sequencer; beyond it senders wait.
pub const QUEUE_SUBMISSIONS: usize = 4_096;
/// Memory of the submissions that wait for the sequencer, in KiB; beyond it
/// senders wait.
pub const QUEUE_KIB: u32 = 256 << 10;
/// Submissions of one stream that may be under way.
pub const STREAM_IN_FLIGHT: usize = 2_048;
/// Bytes of what one stream has under way: its reports, and answers not yet taken.
pub const STREAM_BYTES: usize = 4 << 20;
/// Streams of submissions at once: with [`STREAM_BYTES`] and two [`MESSAGE_BYTES`] each,
/// 1 GiB at most.
pub const SUBMIT_STREAMS: usize = 128;
/// Streams of submissions that may be set: at most 32 GiB.
pub const SUBMIT_STREAMS_ALLOWED: RangeInclusive<u64> = 1..=4_096;
/// Watches at once, of [`WATCH_BYTES`] each.
pub const WATCHES: usize = 512;
/// Watches that may be set.
pub const WATCHES_ALLOWED: RangeInclusive<u64> = 1..=65_536;
/// Bytes that one watch holds at most: a response under way and one in the making.
pub const WATCH_BYTES: u64 = 200 << 10;
/// Backups written at once: each reads the whole store, and keeps a thread busy.
pub const BACKUPS: usize = 2;
/// Backups that may be set.
pub const BACKUPS_ALLOWED: RangeInclusive<u64> = 1..=16;
/// Bytes of one piece of a backup.
pub const BACKUP_PIECE_BYTES: usize = 1 << 20;
/// Pieces of a backup that wait for its caller.
pub const BACKUP_PIECES: usize = 4;
/// Connections at once; further ones wait.
pub const CONNECTIONS: usize = 256;
/// Connections that may be set; each needs a file descriptor.
pub const CONNECTIONS_ALLOWED: RangeInclusive<u64> = 1..=65_536;
/// Bytes a connection may send before they are read: the window of HTTP/2.
pub const CONNECTION_BYTES: u64 = 1 << 20;
/// Calls that are being read and answered at once; further ones wait, unread.
pub const CALLS: usize = 512;
/// Calls at once that may be set.
pub const CALLS_ALLOWED: RangeInclusive<u64> = 1..=65_536;
/// Calls of `ApplyUnits` that are being read and answered at once: their messages
/// are large, and one is applied at a time anyway.
pub const UNITS_CALLS: usize = 2;
/// How long a connection may say nothing at first.
pub const FIRST_BYTE: Duration = Duration::from_secs(10);
/// Seconds of silence that may be set.
pub const FIRST_BYTE_SECONDS_ALLOWED: RangeInclusive<u64> = 1..=600;
/// How long a call may wait and be worked on before it is answered; streams once
/// they are open may last. The longest work known is a tree of 100,000 units.
pub const CALL_DEADLINE: Duration = Duration::from_secs(60);
/// Seconds of a call that may be set.
pub const CALL_DEADLINE_SECONDS_ALLOWED: RangeInclusive<u64> = 1..=3_600;
/// When a caller that was refused for want of room may ask again.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
/// When a caller that was refused for want of room on the disk may ask again:
/// somebody must make it first.
pub const RETRY_WHEN_FULL: Duration = Duration::from_secs(10);
/// Bytes of one gRPC message: a report, its explanations, and room.
pub const MESSAGE_BYTES: usize = 2 << 20;
/// Bytes of one `ApplyUnits` message.
pub const UNITS_MESSAGE_BYTES: usize = 32 << 20;
/// Calls of one principal in a second, and at a burst: others get their turn. A
/// platform that files for a city makes some 10,000 in a whole January.
pub const CALLS_PER_SECOND: NonZeroU32 = at_least_one(1_000);
/// Reports of one principal in a second, and at a burst; a stream that sends more
/// is read more slowly.
pub const REPORTS_PER_SECOND: NonZeroU32 = at_least_one(5_000);
/// Failed attempts from one address in a second that are told and logged one by
/// one; the log of a flood must not fill the disk.
pub const FAILURES_PER_SECOND: NonZeroU32 = at_least_one(10);
/// How often it is looked whether a stream's credentials have ended, beside the
/// moments when that is known: the clock of the machine may be set.
pub const CREDENTIALS_EVERY: Duration = Duration::from_secs(60);
/// Bytes of the headers of one call: a token has 74, metadata some hundreds.
pub const HEADER_BYTES: u32 = 8 << 10;
/// Streams on one connection.
pub const STREAMS_PER_CONNECTION: u32 = 1_024;
/// Codes listed in one answer; the rest is paged.
pub const LISTED_CODES: usize = 1_000;
/// Units named as possible causes of one difference.
pub const CAUSES_PER_CELL: usize = 100;
/// Units named in one request for statistics.
pub const STATISTICS_UNITS: usize = 10_000;
/// Years in one request for statistics.
pub const STATISTICS_YEARS: usize = 30;
/// Changes told in one response of a watch.
pub const WATCHED_CHANGES: usize = 1_000;
/// Series judged again that are told one by one of one event.
pub const WATCHED_REJUDGED: usize = 100;
/// Questions about the past that are put together at once; each may need the
/// memory of all it speaks of.
pub const PAST_READS: usize = 4;
/// Events that may be committed while a watching reader takes nothing; then it
/// is dropped with the position to resume from.
pub const WATCH_BEHIND: u64 = 65_536;
/// Events behind that may be set: at least one read of a watch.
pub const WATCH_BEHIND_ALLOWED: RangeInclusive<u64> = WATCH_READ..=1 << 32;
/// Events of the ledger that a watch reads at a time.
pub const WATCH_READ: u64 = 4_096;
/// Entries of a page when none are asked for.
pub const PAGE_SIZE: usize = 100;
/// Entries of a page at most.
pub const PAGE_SIZE_MAX: usize = 1_000;
/// How long open calls may take to end when the server stops.
pub const STOP_GRACE: Duration = Duration::from_secs(10);
/// Seconds of grace that may be set; whatever starts the service must wait longer.
pub const STOP_GRACE_SECONDS_ALLOWED: RangeInclusive<u64> = 1..=600;
/// How long the spans that wait may take to reach their collector at the end.
pub const SPANS_FLUSH: Duration = Duration::from_secs(5);
/// How often it is looked whether something can be written, and what failed is
/// tried again: a store or a mirror whose disk is back.
pub const TEND_EVERY: Duration = Duration::from_secs(2);
/// How long a connection may idle before it is pinged, so that dead ones go.
pub const KEEPALIVE: Duration = Duration::from_secs(30);
/// Largest figure a kept total may reach. A batch adds at most
/// [`EVENTS_PER_COMMIT`] × [`FIGURE_MAX`] = 2^62 before it is looked at again,
/// so no sum leaves i64.
pub const TOTAL_MAX: u64 = 1 << 61;

/// Bytes of one document: real ones have 20 to 500 KB, with pictures some MB.
pub const DOCUMENT_BYTES: usize = 32 << 20;
/// Files in one packed document (.docx, .xlsx, .ods): real ones have 10 to 50.
pub const DOCUMENT_FILES: usize = 4_096;
/// Bytes of one unpacked part of a packed document; that of a report has some 300 KB.
pub const DOCUMENT_PART_BYTES: usize = 64 << 20;
/// Bytes of all unpacked parts of a workbook that are read.
pub const DOCUMENT_UNPACKED_BYTES: usize = 128 << 20;
/// Elements within elements in XML; Word writes some 12 for each table in a table.
pub const DOCUMENT_DEPTH: usize = 200;
/// Tables within tables; old web pages are laid out with some ten.
pub const TABLE_DEPTH: usize = 32;
/// Rows of one table; the longest of the form has 35.
pub const TABLE_ROWS: usize = 20_000;
/// Rows and columns of a table that is searched for a form.
pub const FORM_TABLE_ROWS: usize = 1_000;
/// Places of such a table, a merged cell counted in each row that it reaches over.
pub const FORM_TABLE_PLACES: usize = 100_000;
/// Columns of one table; the widest of the form has 15.
pub const TABLE_COLUMNS: usize = 1_024;
/// Cells of all tables of one document.
pub const DOCUMENT_CELLS: usize = 200_000;
/// Places between the first and the last cell of the sheets of a .xls, each of which
/// takes 24 bytes while it is read.
pub const SHEETS_AREA: usize = 2 << 20;
/// Paragraphs and tables of one document.
pub const DOCUMENT_BLOCKS: usize = 100_000;
/// Bytes of text of one document.
pub const DOCUMENT_TEXT_BYTES: usize = 16 << 20;
