//! Synthetic valid reports with the sparsity of real ones, and how likely each
//! is: what the bound needs to be computed exactly.
//!
//! A report is of one of three sizes, thirds of the real reports. Given its size,
//! every free figure (the parts of outcomes, what was carried in and out, the
//! parts of disputes) is drawn for itself: 0 or not with the frequency of its cell
//! in the real reports, smoothed by its row and column; its amount within half and
//! one and a half times a real one. Reports whose `received` would be below 0 are
//! drawn again.

use std::sync::Arc;

use crossfoot::form::{Catalog, Figures, Form, Reader, Statements};
use serde_json::Value;

pub const ROWS: usize = 25;
pub const COLUMNS: usize = 7;
pub const MATRIX: usize = ROWS * COLUMNS;
/// Figures of the matrix and of three groups of disputes.
pub const FIGURES: usize = MATRIX + 15;
/// Figures of the form before the matrix.
pub const BEFORE: usize = 10;
const OUTCOMES: std::ops::Range<usize> = 2..23;
const OUTCOMES_TOTAL: usize = 23;
const CARRIED_OUT: usize = 24;
const TOTAL: usize = 6;

pub type Sheet = [i64; FIGURES];
/// Cells with 1 or −1.
pub type Identity = Vec<(usize, i64)>;

/// A generator of its own: the same seed gives the same cases everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        (self.draw() % bound as u64) as usize
    }

    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

pub fn at(row: usize, column: usize) -> usize {
    row * COLUMNS + column
}

/// The 42 identities, written down once more, independently of the form.
pub fn identities() -> Vec<Identity> {
    let mut all = Vec::new();
    for column in 0..COLUMNS {
        let (received, carried_in) = (at(0, column), at(1, column));
        all.push(vec![(received, 1), (carried_in, 1), (at(OUTCOMES_TOTAL, column), -1), (at(CARRIED_OUT, column), -1)]);
        let mut outcomes: Identity = OUTCOMES.map(|row| (at(row, column), 1)).collect();
        outcomes.push((at(OUTCOMES_TOTAL, column), -1));
        all.push(outcomes);
    }
    for row in 0..ROWS {
        all.push((0..COLUMNS).map(|column| (at(row, column), if column == TOTAL { -1 } else { 1 })).collect());
    }
    for group in 0..3 {
        all.push((0..5).map(|part| (MATRIX + group * 5 + part, if part == 4 { -1 } else { 1 })).collect());
    }
    all
}

pub fn form() -> Arc<Form> {
    let form = Arc::clone(Catalog::load(None).unwrap().by_name("disclosure.annual.v2021.AnnualReport").unwrap());
    let path = |cell: usize| form.cells().get(BEFORE + cell).unwrap().path.as_str();
    assert_eq!(path(0), "applications.received.natural_person");
    assert_eq!(path(at(OUTCOMES_TOTAL, TOTAL)), "applications.outcomes.total.total");
    assert_eq!(path(MATRIX), "disputes.reconsideration.upheld");
    form
}

/// The real reports, blank cells as 0.
pub fn real(form: &Form) -> Vec<Sheet> {
    let mut sheets = Vec::new();
    for line in include_str!("../../tests/data/reports.jsonl").lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let mut reader = Reader::default();
        reader.read(form, &form.from_json(&line["report"]).unwrap()).unwrap();
        let values = reader.figures(Statements::default()).values;
        sheets.push(std::array::from_fn(|cell| values[BEFORE + cell]));
    }
    sheets
}

/// A sheet as the form sees it; `values` has room for all its cells.
pub fn figures<'a>(form: &'a Form, sheet: &Sheet, values: &'a mut Vec<i64>) -> Figures<'a> {
    values.clear();
    values.resize(form.cells().len(), 0);
    values[BEFORE..BEFORE + FIGURES].copy_from_slice(sheet);
    Figures { values, present: form.cells().required(), absent_is_zero: false }
}

/// Cells that are drawn; all others follow.
fn is_free(cell: usize) -> bool {
    if cell >= MATRIX {
        return (cell - MATRIX) % 5 != 4;
    }
    let (row, column) = (cell / COLUMNS, cell % COLUMNS);
    column != TOTAL && row != 0 && row != OUTCOMES_TOTAL
}

/// Fills in what follows from the free figures.
fn complete(sheet: &mut Sheet) {
    for column in 0..TOTAL {
        sheet[at(OUTCOMES_TOTAL, column)] = OUTCOMES.map(|row| sheet[at(row, column)]).sum();
        sheet[at(0, column)] =
            sheet[at(OUTCOMES_TOTAL, column)] + sheet[at(CARRIED_OUT, column)] - sheet[at(1, column)];
    }
    for row in 0..ROWS {
        sheet[at(row, TOTAL)] = (0..TOTAL).map(|column| sheet[at(row, column)]).sum();
    }
    for group in 0..3 {
        let first = MATRIX + group * 5;
        sheet[first + 4] = (first..first + 4).map(|cell| sheet[cell]).sum();
    }
}

/// Reports of one size.
struct Size {
    /// By cell: how often it is not 0.
    filled: Vec<f64>,
    /// By cell: amounts to draw from, those of the matrix or those of disputes.
    amounts: [Vec<i64>; 2],
    /// By amount up to a bound: how likely it is.
    likely: [Vec<f64>; 2],
    /// Share of drawn reports that are valid.
    valid: f64,
}

pub struct World {
    sizes: Vec<Size>,
    free: Vec<usize>,
}

fn spread(amount: i64) -> (i64, i64) {
    ((amount + 1) / 2, amount + amount / 2)
}

impl Size {
    fn new(sheets: &[Sheet]) -> Self {
        let count = sheets.len() as f64;
        let share = |cells: &[usize]| {
            let filled: usize = sheets.iter().map(|sheet| cells.iter().filter(|cell| sheet[**cell] != 0).count()).sum();
            filled as f64 / (count * cells.len() as f64)
        };
        let free: Vec<usize> = (0..FIGURES).filter(|cell| is_free(*cell)).collect();
        let of = |all: &[usize], wanted: &dyn Fn(usize) -> bool| -> f64 {
            share(&all.iter().copied().filter(|cell| wanted(*cell)).collect::<Vec<_>>())
        };
        let matrix: Vec<usize> = free.iter().copied().filter(|cell| *cell < MATRIX).collect();
        let disputes: Vec<usize> = free.iter().copied().filter(|cell| *cell >= MATRIX).collect();
        let filled = (0..FIGURES).map(|cell| {
            if !is_free(cell) {
                return 0.0;
            }
            let (all, smooth) = if cell < MATRIX {
                let row = of(&matrix, &|other| other / COLUMNS == cell / COLUMNS);
                let column = of(&matrix, &|other| other % COLUMNS == cell % COLUMNS);
                (share(&matrix), row * column)
            } else {
                let part = of(&disputes, &|other| (other - MATRIX) % 5 == (cell - MATRIX) % 5);
                let group = of(&disputes, &|other| (other - MATRIX) / 5 == (cell - MATRIX) / 5);
                (share(&disputes), part * group)
            };
            let smooth = (smooth / all.max(1e-9) + 0.05 * all + 0.001).min(0.9);
            (share(&[cell]) * count + smooth) / (count + 1.0)
        });
        let filled: Vec<f64> = filled.collect();
        let amounts = [matrix, disputes].map(|cells| {
            let mut amounts: Vec<i64> =
                sheets.iter().flat_map(|sheet| cells.iter().map(|cell| sheet[*cell])).filter(|v| *v > 0).collect();
            if amounts.is_empty() {
                amounts = vec![1, 2, 3];
            }
            amounts
        });
        let likely = amounts.clone().map(|amounts| {
            let mut likely = vec![0.0; (amounts.iter().map(|amount| spread(*amount).1).max().unwrap() + 1) as usize];
            for amount in &amounts {
                let (least, most) = spread(*amount);
                let each = 1.0 / (amounts.len() as f64 * (most - least + 1) as f64);
                likely[least as usize..=most as usize].iter_mut().for_each(|share| *share += each);
            }
            likely
        });
        Self { filled, amounts, likely, valid: 1.0 }
    }

    fn draw(&self, free: &[usize], random: &mut Random) -> Option<Sheet> {
        let mut sheet = [0; FIGURES];
        for &cell in free {
            if random.unit() < self.filled[cell] {
                let amounts = &self.amounts[usize::from(cell >= MATRIX)];
                let (least, most) = spread(amounts[random.below(amounts.len())]);
                sheet[cell] = least + random.below((most - least + 1) as usize) as i64;
            }
        }
        complete(&mut sheet);
        sheet.iter().all(|figure| *figure >= 0).then_some(sheet)
    }

    fn log_likelihood(&self, free: &[usize], sheet: &Sheet) -> f64 {
        let mut log = -self.valid.ln();
        for &cell in free {
            let amount = sheet[cell];
            log += if amount == 0 {
                (1.0 - self.filled[cell]).ln()
            } else {
                let likely = &self.likely[usize::from(cell >= MATRIX)];
                (self.filled[cell] * likely.get(amount as usize).copied().unwrap_or(0.0)).ln()
            };
        }
        log
    }
}

impl World {
    pub fn new(real: &[Sheet]) -> Self {
        let filled = |sheet: &Sheet| sheet.iter().filter(|figure| **figure != 0).count();
        let mut sheets: Vec<Sheet> = real.iter().copied().filter(|sheet| filled(sheet) > 0).collect();
        sheets.sort_by_key(filled);
        let free: Vec<usize> = (0..FIGURES).filter(|cell| is_free(*cell)).collect();
        let mut sizes: Vec<Size> = sheets.chunks(sheets.len().div_ceil(3)).map(Size::new).collect();
        let mut random = Random(1);
        for size in &mut sizes {
            const DRAWN: usize = 5_000;
            let valid = (0..DRAWN).filter(|_| size.draw(&free, &mut random).is_some()).count();
            size.valid = valid as f64 / DRAWN as f64;
        }
        Self { sizes, free }
    }

    /// A valid report.
    pub fn draw(&self, random: &mut Random) -> Sheet {
        let size = &self.sizes[random.below(self.sizes.len())];
        loop {
            if let Some(sheet) = size.draw(&self.free, random) {
                return sheet;
            }
        }
    }

    /// How likely a valid report is, but for a constant factor.
    pub fn log_likelihood(&self, sheet: &Sheet) -> f64 {
        let logs: Vec<f64> = self.sizes.iter().map(|size| size.log_likelihood(&self.free, sheet)).collect();
        log_sum(&logs)
    }
}

pub fn log_sum(logs: &[f64]) -> f64 {
    let most = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most == f64::NEG_INFINITY {
        return most;
    }
    most + logs.iter().map(|log| (log - most).exp()).sum::<f64>().ln()
}
