//! Forms: a second one that is not in the binary, malformed ones, and the exact
//! shape of the built-in one.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    clippy::too_many_lines,
    reason = "a test says what is wrong by failing"
)]

mod city;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use city::City;
use crossfoot::client::wire;
use crossfoot::form::{Catalog, Form, SOURCES, outline};
use serde_json::json;
use wire::{Basis, Coverage, Outcome};

const FORMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/forms");
const VISITS: &str = include_str!("data/forms/demo/visits/v1/visits.proto");

#[tokio::test]
async fn a_form_of_ones_own_is_submitted_and_rolled_up_without_a_line_of_rust() {
    let city = City::bare(Some(Path::new(FORMS))).await;
    city.apply(&city::units()).await.unwrap();
    let catalog = Catalog::load(Some(Path::new(FORMS))).unwrap();
    let form = Arc::clone(catalog.by_name("demo.visits.v1.Visits").unwrap());
    let visits = |unit: &str, adults: i64, children: i64, total: i64| {
        let report =
            json!({ "counters": { "adults": adults, "children": children, "total": total }, "remark": "夏季闭馆" });
        let mut request = city::request_json(&form, unit, 2024, Coverage::Own, &report);
        request.series.as_mut().unwrap().family = "demo.visits".to_owned();
        request
    };
    assert_eq!(city.submit(visits("C-1-A", 3, 1, 4)).await.outcome(), Outcome::Accepted);
    assert_eq!(city.submit(visits("C-1-B", 5, 2, 7)).await.outcome(), Outcome::Accepted);
    let refused = city.submit(visits("C-2", 5, 2, 8)).await;
    assert_eq!(refused.findings[0].rule, "counters.total");
    assert_eq!(
        refused.findings[0].message_zh,
        "「成人」5 + 「少儿」2 = 7，应等于「合计」8，相差 -1。合计等于成人与少儿之和"
    );
    let rollup = |family: &str| wire::GetRollupRequest {
        family: family.to_owned(),
        unit: "C".to_owned(),
        year: 2024,
        basis: Basis::Units.into(),
        at_position: 0,
    };
    let total = city.client.rollup(rollup("demo.visits")).await.unwrap();
    assert_eq!(city::figure(&total, "counters.total"), 11);
    assert_eq!((total.ratios[0].numerator, total.ratios[0].denominator), (3, 11));
    // two families cover the year: which one must be said
    let error = city.client.rollup(rollup("")).await.unwrap_err().to_string();
    assert!(error.contains("demo.visits") && error.contains("disclosure.annual"), "{error}");
    // the ledger carries its forms: it opens without the folder
    let city = city.restart().await;
    let total = city.client.rollup(rollup("demo.visits")).await.unwrap();
    assert_eq!(city::figure(&total, "counters.total"), 11);
}

#[tokio::test]
async fn figures_that_no_total_can_hold_are_refused_also_by_a_form_that_checks_no_bounds() {
    let city = City::bare(Some(Path::new(FORMS))).await;
    city.apply(&city::units()).await.unwrap();
    let catalog = Catalog::load(Some(Path::new(FORMS))).unwrap();
    let form = Arc::clone(catalog.by_name("demo.visits.v1.Visits").unwrap());
    let mut stream = city.client.submissions().await.unwrap();
    // each alone may stand in a total; together, in one batch, they leave the range of figures
    for unit in ["C", "C-1", "C-1-A", "C-1-B", "C-2"] {
        let report = json!({ "counters": { "adults": 1_i64 << 61, "children": 0, "total": 1_i64 << 61 } });
        let mut request = city::request_json(&form, unit, 2024, Coverage::Own, &report);
        request.series.as_mut().unwrap().family = "demo.visits".to_owned();
        stream.requests.send(wire::SubmitReportsRequest { submission: Some(request) }).await.unwrap();
    }
    drop(stream.requests);
    let mut told = Vec::new();
    while let Some(response) = stream.results.message().await.unwrap() {
        told.push(response.result.unwrap().reason);
    }
    assert_eq!(told, ["TOTAL_TOO_LARGE"; 5]);
    city.restart().await;
}

/// Loads the small form with one piece of its text exchanged; gives the error.
fn error_with(from: &str, to: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    assert!(VISITS.contains(from), "{from}");
    fs::write(folder.path().join("visits.proto"), VISITS.replacen(from, to, 1)).unwrap();
    Catalog::load(Some(folder.path())).unwrap_err().to_string()
}

/// The line of the small form that holds a text.
fn line_of(text: &str) -> usize {
    VISITS.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn a_malformed_form_is_refused_naming_the_line() {
    // the options of a message are located by their own lines
    let equation = line_of("id: \"counters.total\"") - 1;
    for (from, to, line, problem) in [
        ("left: { path: \"adults\" }", "left: { path: \"grown_ups\" }", equation, "names no cell"),
        ("left: { path: \"adults\" }", "left: { path: \"children\" }", equation, "twice"),
        ("unit: \"visit\"", "unit: \"person\"", equation, "different units"),
        ("max: 1000000", "max: 0", line_of("optional int64 adults"), "max"),
        ("measure: MEASURE_FLOW, ", "", line_of("optional int64 adults"), "MEASURE"),
        ("optional int64 adults", "optional int32 adults", line_of("optional int64 adults"), "int64"),
        ("optional int64 adults", "int64 adults", line_of("optional int64 adults"), "optional"),
        ("    severity: SEVERITY_ERROR\n    label_zh", "    label_zh", equation, "severity"),
        ("first_year: 2020", "first_year: 20", line_of("message Visits"), "year"),
    ] {
        let error = error_with(from, to);
        assert!(error.contains(problem), "{to:?}: {error}");
        assert!(error.contains(&format!("visits.proto:{line}:")), "{to:?} should be at line {line}: {error}");
    }
}

#[test]
fn messages_that_hold_themselves_are_refused_before_they_fill_memory() {
    let counters = "Counters counters = 1 ";
    let twelve: String = (20..32).map(|number| format!("  Visits again_{number} = {number};\n")).collect();
    let error = error_with(&format!("  {counters}"), &format!("{twelve}  {counters}"));
    assert!(error.contains("more than 8192 fields"), "{}", &error[..error.len().min(2_000)]);
    let texts: String = (20..32).map(|number| format!("  Words again_{number} = {number};\n")).collect();
    let error = error_with(
        "  string remark = 2 [",
        &format!("  message Words {{\n{texts}  string words = 1;\n  }}\n  Words remark = 2 ["),
    );
    assert!(error.contains("more than 8192 fields"), "{}", &error[..error.len().min(2_000)]);
}

#[test]
fn what_is_no_protobuf_is_refused_naming_the_file() {
    let error = error_with("message Visits {", "message Visits");
    assert!(error.contains("visits.proto"), "{error}");
}

#[test]
fn forms_of_a_family_do_not_overlap_in_years() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("v1.proto"), VISITS).unwrap();
    let second = VISITS.replace("demo.visits.v1", "demo.visits.v2").replace("first_year: 2020", "first_year: 2023");
    fs::write(folder.path().join("v2.proto"), &second).unwrap();
    let error = Catalog::load(Some(folder.path())).unwrap_err().to_string();
    assert!(
        error.contains(&format!("v2.proto:{}:", line_of("message Visits")))
            && error.contains("2023")
            && error.contains("overlap"),
        "{error}"
    );
    let ended = VISITS.replace("first_year: 2020", "first_year: 2020\n    last_year: 2022");
    fs::write(folder.path().join("v1.proto"), ended).unwrap();
    assert_eq!(Catalog::load(Some(folder.path())).unwrap().iter().count(), 4);
}

#[test]
fn a_form_with_changed_cells_is_refused_by_a_ledger_that_knows_it_and_new_rules_are_not() {
    let (data, forms) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = |text: &str| {
        fs::write(forms.path().join("visits.proto"), text).unwrap();
        let catalog = Catalog::load(Some(forms.path())).unwrap();
        crossfoot::ingest::Desk::open(data.path(), &catalog, crossfoot::words::clock::system)
    };
    let head = open(VISITS).unwrap().head();
    assert_eq!(open(VISITS).unwrap().head(), head);
    let error = open(&VISITS.replace("children", "minors")).unwrap_err().to_string();
    assert!(error.contains("demo.visits.v1.Visits"), "{error}");
    let optional = VISITS.replacen("measure: MEASURE_FLOW, required: true", "measure: MEASURE_FLOW", 1);
    assert!(open(&optional).unwrap_err().to_string().contains("demo.visits.v1.Visits"));
    let softer = VISITS.replacen(
        "id: \"counters.total\"\n    severity: SEVERITY_ERROR",
        "id: \"counters.total\"\n    severity: SEVERITY_QUERY",
        1,
    );
    assert_ne!(softer, VISITS);
    assert_eq!(open(&softer).unwrap().head().0, head.0 + 1);
}

#[tokio::test]
async fn new_rules_bind_from_then_on_and_leave_what_was_judged_before() {
    let forms = tempfile::tempdir().unwrap();
    let with_severity = |severity: &str| {
        let rule = "id: \"counters.total\"\n    severity: ";
        let text = VISITS.replacen(&format!("{rule}SEVERITY_ERROR"), &format!("{rule}{severity}"), 1);
        assert!(text.contains(severity));
        fs::write(forms.path().join("visits.proto"), text).unwrap();
        Arc::clone(Catalog::load(Some(forms.path())).unwrap().by_name("demo.visits.v1.Visits").unwrap())
    };
    let open = async |city: &City| {
        let request = wire::GetRollupRequest {
            family: "demo.visits".to_owned(),
            unit: "C".to_owned(),
            year: 2024,
            basis: Basis::Units.into(),
            at_position: 0,
        };
        city.client.rollup(request).await.unwrap().completeness.unwrap().open_queries
    };
    let submission = |form: &Form, unit: &str, revision: Option<i64>| {
        let report = json!({ "counters": { "adults": 3, "children": 1, "total": 5 } });
        let mut request = city::request_json(form, unit, 2024, Coverage::Own, &report);
        request.series.as_mut().unwrap().family = "demo.visits".to_owned();
        request.expected_revision = revision;
        request
    };
    let form = with_severity("SEVERITY_QUERY");
    let city = City::bare(Some(forms.path())).await;
    city.apply(&city::units()).await.unwrap();
    city.submit(submission(&form, "C-2", None)).await;
    city.submit(submission(&form, "C-1-A", None)).await;
    let series = |unit: &str| submission(&form, unit, None).series;
    let explanation = wire::Explanation {
        rule: "counters.total".to_owned(),
        instance: String::new(),
        left: 4,
        right: 5,
        text: "闭馆当日补记".to_owned(),
    };
    let explain = wire::ExplainQueryRequest { series: series("C-1-A"), explanation: Some(explanation) };
    city.client.explain(explain).await.unwrap();
    assert_eq!(open(&city).await, 1);

    let form = with_severity("SEVERITY_NOTICE");
    let city = city.restart_with(Some(forms.path())).await;
    assert_eq!(open(&city).await, 1, "judged by the rules it was sent under");
    let withdraw =
        |unit: &str| wire::WithdrawReportRequest { series: series(unit), revision: 1, reason: String::new() };
    city.client.withdraw(withdraw("C-2")).await.unwrap();
    assert_eq!(open(&city).await, 0);
    assert_eq!(city.submit(submission(&form, "C-2", Some(1))).await.outcome(), Outcome::Accepted);
    assert_eq!(open(&city).await, 0);

    // an explanation is bound to the rules it was given under, also over a withdrawal
    city.client.withdraw(withdraw("C-1-A")).await.unwrap();
    let form = with_severity("SEVERITY_QUERY");
    let city = city.restart_with(Some(forms.path())).await;
    assert_eq!(city.submit(submission(&form, "C-1-A", Some(1))).await.outcome(), Outcome::Accepted);
    assert_eq!(open(&city).await, 1);
    let folder = city.stop().await;
    let mut state = crossfoot::domain::State::new();
    crossfoot::ledger::Ledger::open(folder.path(), &mut state).unwrap();
    assert_eq!(state.differences_from_naive(), Vec::<String>::new());
}

#[test]
fn a_form_that_the_ledger_knows_is_not_overlapped_by_one_that_takes_its_place_in_the_folder() {
    let (data, forms) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let open = |files: &[(&str, String)]| {
        fs::remove_dir_all(forms.path()).unwrap();
        fs::create_dir(forms.path()).unwrap();
        files.iter().for_each(|(name, text)| fs::write(forms.path().join(name), text).unwrap());
        let catalog = Catalog::load(Some(forms.path())).unwrap();
        crossfoot::ingest::Desk::open(data.path(), &catalog, crossfoot::words::clock::system)
    };
    let second = VISITS.replace("demo.visits.v1", "demo.visits.v2").replace("first_year: 2020", "first_year: 2023");
    drop(open(&[("v1.proto", VISITS.to_owned())]).unwrap());
    let error = open(&[("v2.proto", second.clone())]).unwrap_err().to_string();
    assert!(error.contains("demo.visits.v1.Visits") && error.contains("2023"), "{error}");
    let ended = VISITS.replace("first_year: 2020", "first_year: 2020\n    last_year: 2022");
    open(&[("v1.proto", ended), ("v2.proto", second)]).unwrap();
}

/// Everything the options of the built-in form say, as text.
fn described(form: &Form) -> String {
    let mut text = format!("{} {:?} {:?}\n", form.name(), form.years(), form.title());
    for cell in form.cells() {
        text.push_str(&format!("{cell:?}\n"));
    }
    for rule in form.rules() {
        text.push_str(&format!("{rule:?}\n"));
    }
    for derived in form.derived() {
        text.push_str(&format!("{derived:?}\n"));
    }
    for (breakdown, _, _) in form.breakdowns(&[]) {
        text.push_str(&format!("{breakdown:?}\n"));
    }
    form.check_names().iter().for_each(|name| text.push_str(&format!("{name}\n")));
    for section in &form.outline().sections {
        text.push_str(&format!("{:?} {:?}\n", section.heading, section.passages));
        for piece in section.tables.iter().flat_map(outline::PrintedTable::layout) {
            text.push_str(&format!("{piece:?}\n"));
        }
    }
    text
}

#[test]
fn the_options_of_the_built_in_forms_are_pinned() {
    let catalog = Catalog::load(None).unwrap();
    let years: Vec<i64> = catalog.iter().map(|form| form.years().0.get().into()).collect();
    assert_eq!(years, [2019, 2021]);
    for (form, year) in catalog.iter().zip(years) {
        let golden = format!("{}/tests/data/annual_{year}.golden", env!("CARGO_MANIFEST_DIR"));
        let described = described(form);
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, &described).unwrap();
        }
        let pinned = fs::read_to_string(&golden).unwrap();
        let differs = described.lines().zip(pinned.lines()).find(|(now, then)| now != then);
        assert_eq!(differs, None, "set UPDATE_GOLDEN=1 if the form was meant to change");
        assert_eq!(described.len(), pinned.len());
    }
}

#[test]
fn printed_tables_are_covered_without_gap_or_overlap_and_print_every_required_cell_once() {
    let forms = Catalog::load(Some(Path::new(FORMS))).unwrap();
    for form in forms.iter() {
        let mut printed = Vec::new();
        for table in form.outline().tables() {
            let mut taken = vec![vec![0; table.width()]; table.height()];
            for piece in table.layout() {
                let rows = piece.row..piece.row + piece.rows;
                rows.for_each(|row| {
                    taken[row][piece.column..piece.column + piece.columns].iter_mut().for_each(|n| *n += 1)
                });
                match piece.content {
                    outline::Content::Figure(cell) => printed.push(cell),
                    outline::Content::Title(words) => assert!(!words.zh.is_empty()),
                    outline::Content::Heading(words) => {
                        let is_corner = (piece.row, piece.column) == (0, 0);
                        assert!(is_corner || !words.zh.is_empty() && !words.en.is_empty(), "{}", form.name());
                    }
                }
            }
            assert!(taken.iter().flatten().all(|times| *times == 1), "{}: {taken:?}", form.name());
        }
        printed.sort_unstable();
        let required = (0..form.cells().len()).filter(|cell| form.cells().is_required(*cell));
        assert!(required.eq(printed.into_iter().filter(|cell| form.cells().is_required(*cell))), "{}", form.name());
    }
    let tables: Vec<(usize, usize)> = city::form().outline().tables().map(|t| (t.width(), t.height())).collect();
    assert_eq!(tables, [(4, 14), (10, 28), (15, 4)]);
}

#[test]
fn an_outline_that_prints_a_cell_twice_or_not_at_all_is_refused() {
    let with = |outline: &str| error_with("title_zh:", &format!("{outline}\n    title_zh:"));
    let row = |path: &str| format!("row: {{ path: {path:?} }}");
    let table = |rows: &str| format!("outline: {{ table: {{ band: {{ column: {{ zh: \"人数\" }} {rows} }} }} }}");
    let all = ["counters.adults", "counters.children", "counters.total"].map(row).concat();
    let twice = with(&table(&(all.clone() + &row("counters.adults"))));
    assert!(twice.contains("\"counters.adults\" is printed twice"), "{twice}");
    let missing = with(&table(&row("counters.adults")));
    assert!(missing.contains("\"counters.total\" is not printed"), "{missing}");
    let unknown = with(&table(&(all + &row("counters.dogs"))));
    assert!(unknown.contains("\"counters.dogs\" names no cell"), "{unknown}");
}

#[test]
fn the_api_is_pinned() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/api.golden");
    let pool = prost_reflect::DescriptorPool::decode(crossfoot::form::DESCRIPTORS).unwrap();
    let mut lines = Vec::new();
    for message in pool.all_messages().filter(|message| message.full_name().starts_with("crossfoot.")) {
        for field in message.fields() {
            lines.push(format!(
                "{} = {} {:?} {:?}",
                field.full_name(),
                field.number(),
                field.kind(),
                field.cardinality()
            ));
        }
    }
    for service in pool.services() {
        for method in service.methods() {
            let streams = (method.is_client_streaming(), method.is_server_streaming());
            // options of RPCs too: what breaks when they change is seen by nobody else
            let options = method.options().to_string();
            lines.push(format!(
                "{}({}) {} {streams:?} {options}",
                method.full_name(),
                method.input().full_name(),
                method.output().full_name()
            ));
        }
    }
    let described = lines.join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &described).unwrap();
    }
    let pinned = fs::read_to_string(&golden).unwrap();
    let differs = described.lines().zip(pinned.lines()).find(|(now, then)| now != then);
    assert_eq!(differs, None, "set UPDATE_GOLDEN=1 if the API was meant to change");
    assert_eq!(described.len(), pinned.len());
}

#[test]
fn field_numbers_of_the_form_follow_its_order_without_gaps() {
    let pool = prost_reflect::DescriptorPool::decode(crossfoot::form::DESCRIPTORS).unwrap();
    let messages = pool.all_messages().filter(|message| message.full_name().starts_with("disclosure.annual."));
    for message in messages {
        // source order is the order of declaration
        let numbers: Vec<i32> = message.descriptor_proto().field.iter().filter_map(|field| field.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as i32).collect::<Vec<_>>(), "{}", message.full_name());
    }
    assert!(SOURCES.iter().any(|(name, _)| *name == "disclosure/annual/v2021/annual_report.proto"));
}
