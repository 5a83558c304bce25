//! Whose report a document is: by codes and names of the units of that year, each
//! known for sure or not at all.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::paper::Paper;
use super::said::comparable;
use crate::domain::event::{UnitEntry, UnitKind};
use crate::domain::{Tree, Units};
use crate::words::{Digest, Position, UnitCode, WordError, Year, limits};

/// Why it is not known whose report a document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unplaced {
    /// Neither title nor file name says one year.
    NoYear,
    /// They say different years.
    YearsDiffer(Year, Year),
    /// The form it was read by is not that of its year.
    OtherForm(String, Year),
    /// Neither title nor file name says a unit.
    NoUnit,
    /// No unit of that year has the name.
    NoSuchUnit(String, Year),
    /// Several units have the name.
    SeveralUnits(String, Vec<UnitCode>),
    /// Title and file name, or two codes, name different units.
    UnitsDiffer(Vec<UnitCode>),
}

impl Unplaced {
    /// A sentence, Chinese and English.
    #[must_use]
    pub fn sentences(&self) -> (String, String) {
        let list = |codes: &[UnitCode]| codes.iter().map(UnitCode::as_str).collect::<Vec<_>>().join(", ");
        match self {
            Self::NoYear => {
                ("标题和文件名都没有年度".to_owned(), "neither title nor file name says one year".to_owned())
            }
            Self::YearsDiffer(title, name) => {
                (format!("标题为{title}年，文件名为{name}年"), format!("the title says {title}, the file name {name}"))
            }
            Self::OtherForm(form, year) => (
                format!("按 {form} 读取，该表不适用于{year}年"),
                format!("read as {form}, which is not the form of {year}"),
            ),
            Self::NoUnit => {
                ("标题和文件名都没有单位名称".to_owned(), "neither title nor file name says a unit".to_owned())
            }
            Self::NoSuchUnit(name, year) => {
                (format!("{year}年没有名为「{name}」的单位"), format!("no unit of {year} is named {name:?}"))
            }
            Self::SeveralUnits(name, codes) => {
                let codes = list(codes);
                (
                    format!("名为「{name}」的单位不止一个：{codes}；请在文件名中写明代码"),
                    format!("several units are named {name:?}: {codes}; write the code into the file name"),
                )
            }
            Self::UnitsDiffer(codes) => {
                let codes = list(codes);
                (
                    format!("标题与文件名所指的单位不同：{codes}"),
                    format!("title and file name mean different units: {codes}"),
                )
            }
        }
    }
}

/// The units of one year by name.
#[derive(Debug)]
struct Names {
    tree: Arc<Tree>,
    by_name: BTreeMap<String, Vec<UnitCode>>,
}

impl Names {
    fn new(units: &Units, year: Year) -> Self {
        let tree = Arc::new(Tree::new(units, year));
        let mut by_name: BTreeMap<String, Vec<UnitCode>> = BTreeMap::new();
        for node in tree.nodes() {
            by_name.entry(comparable(&node.name)).or_default().push(node.code.clone());
        }
        Self { tree, by_name }
    }

    fn named(&self, name: Option<&String>) -> &[UnitCode] {
        name.and_then(|name| self.by_name.get(&comparable(name))).map_or(&[], Vec::as_slice)
    }

    fn unit(&self, paper: &Paper, year: Year) -> Result<UnitCode, Unplaced> {
        let Paper { title, name, .. } = paper;
        let by_title = self.named(title.unit.as_ref());
        let by_name = self.named(name.unit.as_ref());
        let known = |code: &&String| self.tree.find(code).is_some();
        let codes: BTreeSet<UnitCode> =
            name.codes.iter().filter(known).filter_map(|code| UnitCode::new(code).ok()).collect();
        let differ = |codes: &[&[UnitCode]]| {
            let all: BTreeSet<&UnitCode> = codes.iter().copied().flatten().collect();
            Err(Unplaced::UnitsDiffer(all.into_iter().cloned().collect()))
        };
        let codes: Vec<UnitCode> = codes.into_iter().collect();
        match (codes.as_slice(), by_title, by_name) {
            ([code], [], _) => Ok(code.clone()),
            ([code], titled, _) if titled.contains(code) => Ok(code.clone()),
            ([_, ..], ..) => differ(&[&codes, by_title]),
            ([], [unit], []) => Ok(unit.clone()),
            ([], [unit], named) if named.contains(unit) => Ok(unit.clone()),
            ([], [_], named) => differ(&[by_title, named]),
            ([], [], [unit]) if title.unit.is_none() => Ok(unit.clone()),
            ([], titled, named) => {
                let several = if titled.is_empty() { named } else { titled };
                match title.unit.as_ref().or(name.unit.as_ref()) {
                    None => Err(Unplaced::NoUnit),
                    Some(said) if titled.is_empty() && (named.is_empty() || title.unit.is_some()) => {
                        Err(Unplaced::NoSuchUnit(said.clone(), year))
                    }
                    Some(said) => Err(Unplaced::SeveralUnits(said.clone(), several.to_vec())),
                }
            }
        }
    }
}

/// Knows the units of every year.
#[derive(Debug)]
pub struct Whose {
    units: Units,
    years: BTreeMap<Year, Names>,
    /// The year that was asked for.
    wanted: Option<Year>,
}

impl Whose {
    /// Knows these units; `wanted` is the year of what says none.
    #[must_use]
    pub fn new(entries: &[UnitEntry], wanted: Option<Year>) -> Self {
        Self { units: Units::default().with(entries, Position(0)), years: BTreeMap::new(), wanted }
    }

    /// Year and unit of a document.
    ///
    /// # Errors
    /// [`Unplaced`] if they are not known for sure.
    pub fn find(&mut self, paper: &Paper) -> Result<(Year, UnitCode), Unplaced> {
        let year = match (paper.title.year, paper.name.year) {
            (Some(title), Some(name)) if title != name && self.wanted != Some(title) => {
                return Err(Unplaced::YearsDiffer(title, name));
            }
            (title, name) => title.or(name).or(self.wanted).ok_or(Unplaced::NoYear)?,
        };
        if !paper.reading.form.covers(year) {
            return Err(Unplaced::OtherForm(paper.reading.form.name().to_owned(), year));
        }
        let names = self.years.entry(year).or_insert_with(|| Names::new(&self.units, year));
        Ok((year, names.unit(paper, year)?))
    }
}

impl Whose {
    /// The name of a unit in a year.
    #[must_use]
    pub fn name(&self, year: Year, unit: &UnitCode) -> Arc<str> {
        let entry = self.units.in_year(unit.as_str(), year);
        entry.map_or_else(|| Arc::from(""), |entry| Arc::clone(&entry.name))
    }
}

/// Code of the unit made for a folder.
const FOLDER: &str = "FOLDER";
/// Hexadecimal digits of a made code.
const CODE_DIGITS: usize = 16;

/// Units for a folder that comes without a tree: each name a unit of its own, below
/// one that is the folder. Codes are made of the names, so they are the same the next
/// time. Who may make rules is not known, so nothing is asked about it.
///
/// # Errors
/// [`WordError`] never, but for limits that do not fit each other.
pub fn made_units(folder: &str, papers: &[Paper]) -> Result<Vec<UnitEntry>, WordError> {
    let from_year = Year::new(limits::FIRST_YEAR.into())?;
    let root = UnitCode::new(FOLDER)?;
    let unit = |code, parent, name: &str| UnitEntry {
        code,
        from_year,
        until_year: None,
        parent,
        kind: UnitKind::Other,
        name: Arc::from(name),
        makes_rules: true,
    };
    let mut units = vec![unit(root.clone(), None, folder)];
    let mut known = BTreeSet::new();
    for said in papers.iter().filter_map(|paper| paper.title.unit.as_ref().or(paper.name.unit.as_ref())) {
        let name = comparable(said);
        if name.is_empty() || said.len() > limits::UNIT_NAME_BYTES || !known.insert(name.clone()) {
            continue;
        }
        let digest = Digest::of(&[name.as_bytes()]).to_string();
        let code = format!("N-{}", digest.get(..CODE_DIGITS).unwrap_or(&digest));
        units.push(unit(UnitCode::new(&code)?, Some(root.clone()), said.trim()));
    }
    Ok(units)
}
