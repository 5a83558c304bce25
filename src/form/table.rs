//! The table a form is compiled into: its cells in the order of the form.

/// A cell: one figure of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Proto field path, e.g. `applications.received.total`.
    pub path: String,
    /// Field numbers along the path; frozen once the form is registered.
    pub numbers: Vec<u32>,
    /// Rows and columns as printed, Chinese.
    pub label_zh: String,
    /// English.
    pub label_en: String,
    /// Short name made of printed ordinals, e.g. 「三、（四）1 · 自然人」 without the quotes.
    pub short_zh: String,
    /// Stored unit; what is added up.
    pub unit: String,
    /// Decimal places between the stored and the printed unit.
    pub scale: u32,
    /// Printed unit, Chinese.
    pub unit_zh: String,
    /// Printed unit, English.
    pub unit_en: String,
    /// Other units people write it in, Chinese, each with its decimal places.
    pub other_units: Vec<(String, u32)>,
    /// Smallest figure: 0, or as far below 0 as the largest is above.
    pub min: i64,
    /// Largest figure.
    pub max: i64,
    /// Counts what stood at the end of the year: never added over years.
    pub stock: bool,
    /// Must be stated.
    pub required: bool,
    /// Article that asks for it.
    pub basis: String,
}

/// All cells of a form.
#[derive(Debug, Clone, Default)]
pub struct CellTable {
    cells: Vec<Cell>,
    /// Smallest and largest figure by cell, side by side for the checks.
    bounds: Vec<(i64, i64)>,
    required: Vec<u64>,
    optional: Vec<usize>,
}

impl CellTable {
    /// Makes a table of cells in the order of the form.
    #[must_use]
    pub fn new(cells: Vec<Cell>) -> Self {
        let mut required = vec![0_u64; cells.len().div_ceil(64)];
        let mut optional = Vec::new();
        for (index, cell) in cells.iter().enumerate() {
            match required.get_mut(index / 64) {
                Some(word) if cell.required => *word |= 1 << (index % 64),
                _ => optional.push(index),
            }
        }
        let bounds = cells.iter().map(|cell| (cell.min, cell.max)).collect();
        Self { cells, bounds, required, optional }
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// One cell.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Cell> {
        self.cells.get(index)
    }

    /// Whether a figure is between the smallest and the largest the cell may state.
    #[must_use]
    pub fn is_within(&self, index: usize, figure: i64) -> bool {
        self.bounds.get(index).is_some_and(|(min, max)| (*min..=*max).contains(&figure))
    }

    /// Index of the cell at a path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<usize> {
        self.cells.iter().position(|cell| cell.path == path)
    }

    /// All cells, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Cell> {
        self.cells.iter()
    }

    /// Presence words with exactly the required cells set.
    #[must_use]
    pub fn required(&self) -> &[u64] {
        &self.required
    }

    /// Presence words with no cell set.
    #[must_use]
    pub fn no_cells(&self) -> Vec<u64> {
        vec![0; self.required.len()]
    }

    /// Whether presence words have a cell set.
    #[must_use]
    pub fn is_set(present: &[u64], index: usize) -> bool {
        present.get(index / 64).is_some_and(|word| word >> (index % 64) & 1 == 1)
    }

    /// Cells that need not be stated, in order.
    #[must_use]
    pub fn optional(&self) -> &[usize] {
        &self.optional
    }

    /// Whether a cell must be stated.
    #[must_use]
    pub fn is_required(&self, index: usize) -> bool {
        self.cells.get(index).is_some_and(|cell| cell.required)
    }
}

impl<'a> IntoIterator for &'a CellTable {
    type Item = &'a Cell;
    type IntoIter = std::slice::Iter<'a, Cell>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
