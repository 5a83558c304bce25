//! `demo`: the whole way on real figures, through a real server on a free port
//! and a store that is thrown away.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio_util::sync::CancellationToken;

use super::output::{Answer, grouped, table};
use super::rollup::{coverage_text, ratios_text};
use super::submission::{Line, series};
use super::units;
use crate::api::Server;
use crate::client::{self, Client, wire};
use crate::form::{Catalog, Finding, Form, Reader, Severity, Verdict, in_printed_unit};
use crate::ingest::Desk;
use crate::words::clock;

/// See the whole way on real figures: a sample, a zone with 17 units, an exercise
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

const SAMPLE: &str = include_str!("../../tests/data/huancui-2024.jsonl");
const UNITS: &str = include_str!("../../tests/data/units.json");
const REPORTS: &str = include_str!("../../tests/data/reports.jsonl");
const EXERCISE_UNITS: &str = include_str!("../../tests/data/exercise-units.json");
const EXERCISE: &str = include_str!("../../tests/data/exercise-reports.jsonl");

/// The zone of the second part, and its years.
const ZONE: &str = "350128";
const ZONE_YEARS: [i32; 3] = [2021, 2022, 2023];

/// Runs the command.
pub(super) async fn run(_: &Args) -> anyhow::Result<Answer> {
    let folder = tempfile::tempdir().context("no temporary folder for the store")?;
    let catalog = Catalog::load(None)?;
    let desk = Arc::new(Desk::open(folder.path(), &catalog, clock::system)?);
    let server = Server::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let address = format!("http://{}", server.address());
    let stop = CancellationToken::new();
    let serving = tokio::spawn({
        let (desk, stop) = (Arc::clone(&desk), stop.clone());
        async move { server.serve(desk, &catalog, stop).await }
    });
    let client = Client::connect(&address).await?;
    let mut demo = Demo { client, text: String::new() };
    let shown = demo.show().await;
    drop(demo.client);
    stop.cancel();
    serving.await??;
    shown?;
    Ok(Answer::Text(demo.text))
}

struct Demo {
    client: Client,
    text: String,
}

/// What became of one report.
struct Outcome {
    outcome: wire::Outcome,
    findings: Vec<(Finding, bool)>,
}

impl Demo {
    async fn show(&mut self) -> anyhow::Result<()> {
        self.apply(UNITS).await?;
        self.sample().await?;
        self.zone().await?;
        self.exercise().await?;
        self.say(
            "What to try next 接下来\n  \
             crossfoot serve --data ledger                                   # a server of your own\n  \
             crossfoot units apply tests/data/units.json\n  \
             crossfoot submit tests/data/reports.jsonl                       # the same real reports\n  \
             crossfoot rollup 350128 --year 2023 --basis units\n  \
             crossfoot reconcile 350128 --year 2023                          # stated against computed\n  \
             crossfoot statistics 350128 --year 2021..2023 --plot\n  \
             crossfoot reports list 350128 --subtree --open-queries\n  \
             crossfoot check my-report.json --year 2024 --unit-kind department",
        );
        Ok(())
    }

    fn say(&mut self, text: &str) {
        let _ = writeln!(self.text, "{text}");
    }

    async fn apply(&mut self, units: &str) -> anyhow::Result<()> {
        let units = units::parse(units)?;
        let request = wire::ApplyUnitsRequest { units, validate_only: false, reason: "demo".to_owned() };
        self.client.apply_units(request).await?;
        Ok(())
    }

    /// Submits one line of a file.
    async fn submit(&mut self, line: &Line) -> anyhow::Result<Outcome> {
        let request = line.request(&mut self.client, false).await?;
        let result = self.client.submit(request).await?;
        let outcome = result.outcome();
        let findings = result.findings.into_iter().map(client::finding).collect();
        Ok(Outcome { outcome, findings })
    }

    async fn rollup(&mut self, unit: &str, year: i32) -> anyhow::Result<wire::GetRollupResponse> {
        let (unit, basis) = (unit.to_owned(), wire::Basis::Units.into());
        Ok(self.client.rollup(wire::GetRollupRequest { unit, year, basis, ..Default::default() }).await?)
    }

    /// One real report, with a figure in its prose that its table contradicts.
    async fn sample(&mut self) -> anyhow::Result<()> {
        let line = Line::parse(SAMPLE)?;
        let sent = self.submit(&line).await?;
        self.say("1. A real report: 威海市环翠区 2024 (371002, CONSOLIDATED)");
        self.say(&format!("   {}: its 200 figures balance.", name(sent.outcome)));
        for (query, _) in sent.findings.iter().filter(|(found, _)| is_query(found)) {
            self.say(&format!(
                "   open query 待核实: {}\n     {}\n     {}",
                query.rule, query.message_zh, query.message_en
            ));
        }
        let district = self.rollup(&line.unit, line.year).await?;
        let form = self.client.form("", line.year).await?;
        self.say(&totals(&district, &form));
        self.text.push_str(&ratios_text(&district));
        let units = self.client.units(line.year, "", 0).await?;
        let parent = units.iter().find(|unit| unit.code == line.unit).map(|unit| unit.parent.clone());
        let parent = parent.ok_or_else(|| anyhow!("the sample's unit is not in the tree"))?;
        let city = self.rollup(&parent, line.year).await?;
        self.say(&format!("   {} {} from it:\n   {}", city.unit_name, city.unit, coverage_text(&city)));
        let named = city.completeness.clone().unwrap_or_default().missing;
        let names: Vec<&str> =
            units.iter().filter(|unit| named.contains(&unit.code)).map(|unit| unit.name.as_str()).collect();
        self.say(&format!("   filed nothing 未报: {}\n", names.join("、")));
        Ok(())
    }

    /// A whole zone: as printed, then with blanks stated to be zeros.
    async fn zone(&mut self) -> anyhow::Result<()> {
        let lines = REPORTS.lines().map(Line::parse).collect::<anyhow::Result<Vec<Line>>>()?;
        let sample = Line::parse(SAMPLE)?;
        let lines: Vec<Line> =
            lines.into_iter().filter(|line| (&line.unit, line.year) != (&sample.unit, sample.year)).collect();
        let all = lines.len().saturating_add(1);
        self.say("2. A real zone: 平潭综合实验区 (350128), 17 units, 2021–2023; 3 more reports beside it");
        let (mut accepted, mut refused) = (1_usize, Vec::new());
        for mut line in lines {
            let sent = self.submit(&line).await?;
            if sent.outcome == wire::Outcome::Refused {
                line.blank_means_zero = true;
                refused.push((line, sent));
            } else {
                accepted = accepted.saturating_add(1);
            }
        }
        let blank = refused.iter().filter(|(_, sent)| sent.findings.iter().any(|(found, _)| is_blank(found))).count();
        self.say(&format!(
            "   as printed: {accepted} of {all} accepted, {} refused, {blank} of them for blank cells",
            refused.len()
        ));
        let mut still = Vec::new();
        for (line, _) in refused {
            let sent = self.submit(&line).await?;
            if sent.outcome == wire::Outcome::Refused {
                still.push((line, sent));
            } else {
                accepted = accepted.saturating_add(1);
            }
        }
        self.say(&format!(
            "   with \"blank means zero\" stated: {accepted} of {all} accepted. Still refused, and why:"
        ));
        let rows = still.iter().map(|(line, sent)| vec![line.unit.clone(), line.year.to_string(), why(&sent.findings)]);
        let text = table(&["unit", "year", "first broken identity 首个不平的勾稽"], rows.collect(), &[]);
        self.say(&text);
        let still: Vec<Line> = still.into_iter().map(|(line, _)| line).collect();
        for year in ZONE_YEARS {
            self.against_stated(year, &still).await?;
        }
        Ok(())
    }

    /// What the zone stated beside what its units add up to, and what the
    /// refused reports of its units print in the cells that differ.
    async fn against_stated(&mut self, year: i32, refused: &[Line]) -> anyhow::Result<()> {
        const SHOWN: usize = 5;
        let form = self.client.form("", year).await?;
        let rollup = self.rollup(ZONE, year).await?;
        let name = series("", ZONE, year, wire::Coverage::Consolidated);
        let stored = self.client.report(wire::GetReportRequest { series: Some(name), ..Default::default() }).await?;
        let bytes = stored.report.and_then(|stored| stored.report).map(|any| any.value).unwrap_or_default();
        let stated = figures(&form, &bytes)?;
        let below = rollup.completeness.clone().unwrap_or_default().missing;
        let mut printed: Vec<(&str, BTreeMap<String, i64>)> = Vec::new();
        for line in refused.iter().filter(|line| line.year == year && below.contains(&line.unit)) {
            let bytes = form.from_json(&line.report).map_err(|error| anyhow!(error))?;
            printed.push((&line.unit, figures(&form, &bytes)?));
        }
        let behind = |path: &str| -> Vec<String> {
            let values = printed.iter().map(|(unit, figures)| (unit, figures.get(path).copied().unwrap_or(0)));
            values.filter(|(_, value)| *value != 0).map(|(unit, value)| format!("{unit} {value}")).collect()
        };
        let stated_of = |cell: &wire::CellTotal| stated.get(&cell.path).copied().unwrap_or(0);
        let mut differing: Vec<&wire::CellTotal> =
            rollup.cells.iter().filter(|cell| cell.value != stated_of(cell)).collect();
        let equal = rollup.cells.len().saturating_sub(differing.len());
        self.say(&format!("   {year}: {equal} cells agree with what the zone stated, {} differ", differing.len()));
        self.say(&format!("   {}", coverage_text(&rollup)));
        // the largest total first among those that refused reports explain
        differing.sort_by_key(|cell| (behind(&cell.path).is_empty(), std::cmp::Reverse(stated_of(cell))));
        let rows = differing.iter().take(SHOWN).filter_map(|total| {
            let cell = form.cells().get(form.cells().find(&total.path)?)?;
            let show = |value: i64| grouped(&in_printed_unit(value, cell.scale));
            let difference = show(stated_of(total).saturating_sub(total.value));
            let behind = behind(&total.path).join(", ");
            Some(vec![cell.short_zh.clone(), show(stated_of(total)), show(total.value), difference, behind])
        });
        let header = [
            "指标 cell",
            "stated 自报",
            "added up 汇总",
            "difference 差",
            "printed in refused reports 被退回的报告所填",
        ];
        let text = table(&header, rows.collect(), &[1, 2, 3]);
        self.say(&text);
        Ok(())
    }

    /// A city of several districts, with made-up figures.
    async fn exercise(&mut self) -> anyhow::Result<()> {
        self.apply(EXERCISE_UNITS).await?;
        let lines = EXERCISE.lines().map(Line::parse).collect::<anyhow::Result<Vec<Line>>>()?;
        let (mut year, mut sent) = (0, 0_usize);
        for line in &lines {
            let outcome = self.submit(line).await?;
            anyhow::ensure!(outcome.outcome == wire::Outcome::Accepted, "{} {} is refused", line.unit, line.year);
            sent = sent.saturating_add(1);
            year = line.year;
        }
        self.say(&format!(
            "3. An EXERCISE with MADE-UP figures 演习数据: a city of four districts, {sent} reports, {year}"
        ));
        let tree = self.client.units(year, "", 0).await?;
        let exercise = units::parse(EXERCISE_UNITS)?;
        let root = exercise.first().map(|unit| unit.code.clone()).unwrap_or_default();
        let mut rows = Vec::new();
        for unit in tree.iter().filter(|unit| unit.parent == root || unit.code == root) {
            let rollup = self.rollup(&unit.code, year).await?;
            let counts = rollup.completeness.clone().unwrap_or_default();
            let rate = rollup.ratios.first().map_or_else(String::new, |ratio| ratio.percent.clone());
            rows.push(vec![
                unit.code.clone(),
                unit.name.clone(),
                format!("{}/{}", counts.filed, counts.due),
                counts.nil.to_string(),
                rate,
                counts.missing.join(" "),
            ]);
        }
        let header = ["unit", "名称", "filed/due 已报/应报", "nil 零报告", "办结率", "missing 未报"];
        let text = table(&header, rows, &[2, 3, 4]);
        self.say(&text);
        self.say("");
        Ok(())
    }
}

fn name(outcome: wire::Outcome) -> &'static str {
    super::submission::outcome_name(outcome)
}

fn is_query(found: &Finding) -> bool {
    found.severity == Severity::Query && found.verdict == Verdict::Fail
}

/// A required figure that is not there: an error with neither side.
fn is_blank(found: &Finding) -> bool {
    found.severity == Severity::Error && found.verdict == Verdict::Fail && found.left.is_none()
}

/// Figures of a report by path.
fn figures(form: &Form, bytes: &[u8]) -> anyhow::Result<BTreeMap<String, i64>> {
    let mut reader = Reader::default();
    reader.read(form, bytes)?;
    Ok(form.cells().iter().map(|cell| cell.path.clone()).zip(reader.values().iter().copied()).collect())
}

/// The first broken identity, and how many more there are.
fn why(findings: &[(Finding, bool)]) -> String {
    let mut errors = findings
        .iter()
        .map(|(found, _)| found)
        .filter(|found| found.severity == Severity::Error && found.verdict == Verdict::Fail);
    let Some(first) = errors.next() else { return String::new() };
    let more = errors.count();
    let sides = [first.left, first.right].map(|side| side.map_or_else(|| "—".to_owned(), |side| side.to_string()));
    let more = if more > 0 { format!(" (+{more})") } else { String::new() };
    format!("{} {}: {} ≠ {}{more}", first.rule, first.instance, sides[0], sides[1])
}

/// The largest totals of a roll-up in one line.
fn totals(rollup: &wire::GetRollupResponse, form: &Form) -> String {
    const SHOWN: usize = 6;
    let mut cells: Vec<&wire::CellTotal> = rollup.cells.iter().filter(|cell| cell.value != 0).collect();
    cells.sort_by_key(|cell| std::cmp::Reverse(cell.value));
    let shown = cells.iter().take(SHOWN).filter_map(|total| {
        let cell = form.cells().get(form.cells().find(&total.path)?)?;
        Some(format!("{} {}{}", cell.short_zh, grouped(&in_printed_unit(total.value, cell.scale)), cell.unit_zh))
    });
    format!("   its totals, the largest: {}", shown.collect::<Vec<_>>().join("; "))
}
