//! A workbook to type a report into: cells that take only what the form allows,
//! totals that add themselves up, labels that cannot be overwritten, and below every
//! table what is left of each check.

use std::collections::HashSet;

use rust_xlsxwriter::{
    Color, ConditionalFormatCell, ConditionalFormatCellRule, DataValidation, DataValidationRule, ExcelDateTime, Format,
    Formula, Worksheet, utility::row_col_to_cell,
};

use super::formats::Formats;
use super::formula::{self, Places};
use super::{Page, Piece, Publication, Role, Table, WriteError, page, piece};
use crate::documents::Language;
use crate::documents::write::LEFT_OF_CHECKS;
use crate::form::{Form, Identity, in_printed_unit};
use crate::words::{Year, limits};

/// Rows and columns of what is typed on the first sheet.
const UNIT: (u32, u16) = (2, 1);
const YEAR: (u32, u16) = (3, 1);
const FROM: (u32, u16) = (4, 1);
const UNTIL: (u32, u16) = (5, 1);

/// Writes an empty workbook of a form, for a year if it is named.
///
/// # Errors
/// [`WriteError`] if the form does not fit a workbook.
pub fn template(form: &Form, year: Option<Year>, language: Language) -> Result<Vec<u8>, WriteError> {
    let (first, _) = form.years();
    let publication = Publication::new(form, "", year.unwrap_or(first), language);
    let mut workbook = super::new_workbook(&publication)?;
    let formats = Formats::default();
    for (number, page) in page::pages(piece::pieces(&publication), &publication).iter().enumerate() {
        let sheet = super::add_sheet(&mut workbook, page)?;
        // a total of nothing shows nothing
        sheet.set_formula_result_default("");
        let mut row = 0;
        if number == 0 {
            row = put_cover(&publication, year, sheet, page, &formats)?;
        }
        for piece in &page.pieces {
            row = if let Piece::Table(table) = piece {
                put_table(&publication, sheet, row, table, &formats)?
            } else if let Piece::ToFill(_) = piece {
                put_empty(sheet, page, row, &formats)?
            } else if let Piece::Title(_) = piece {
                // stands on the cover, with unit and year
                row
            } else {
                super::put(sheet, page, row, piece, &formats)?
            };
        }
        sheet.protect();
    }
    Ok(workbook.save_to_buffer()?)
}

/// The title, which names unit and year once they are typed, and where they are.
fn put_cover(
    publication: &Publication<'_>,
    year: Option<Year>,
    sheet: &mut Worksheet,
    page: &Page,
    formats: &Formats,
) -> Result<u32, WriteError> {
    let language = publication.language;
    let (zh, en, _) = publication.form.title();
    let cell = |(row, column): (u32, u16)| row_col_to_cell(row, column);
    let (unit, typed_year, from, until) = (cell(UNIT), cell(YEAR), cell(FROM), cell(UNTIL));
    let zh_title = format!("=IF({unit}=\"\",\"{zh}\",{unit}&{typed_year}&\"年{zh}\")");
    let en_title = format!("=IF({unit}=\"\",\"{en}\",{unit}&\": {en} \"&{typed_year})");
    put_formula(sheet, 0, language.pick(&zh_title, &en_title), language.pick(zh, en), &formats.title)?;
    sheet.set_row_height(0, 30)?;
    let zh_period = format!(
        "=IF({from}=\"\",\"\",\"报告期：\"&TEXT({from},\"yyyy年m月d日\")&\"至\"&TEXT({until},\"yyyy年m月d日\"))"
    );
    let en_period =
        format!("=IF({from}=\"\",\"\",\"Period: \"&TEXT({from},\"yyyy-mm-dd\")&\" to \"&TEXT({until},\"yyyy-mm-dd\"))");
    put_formula(sheet, 1, language.pick(&zh_period, &en_period), "", &formats.centred)?;
    let labels = [
        (UNIT, language.pick("填报单位", "Unit")),
        (YEAR, language.pick("报告年度", "Reporting year")),
        (FROM, language.pick("报告期起", "First day")),
        (UNTIL, language.pick("报告期止", "Last day")),
    ];
    for ((row, column), label) in labels {
        sheet.write_string_with_format(row, column.saturating_sub(1), label, &formats.label)?;
        sheet.write_blank(row, column, &formats.input)?;
    }
    let day = formats.input.clone().set_num_format("yyyy-mm-dd");
    for (row, column) in [FROM, UNTIL] {
        sheet.write_blank(row, column, &day)?;
        let any_day = DataValidationRule::GreaterThanOrEqualTo(ExcelDateTime::from_ymd(limits::FIRST_YEAR, 1, 1)?);
        sheet.add_data_validation(row, column, row, column, &DataValidation::new().allow_date(any_day))?;
    }
    if let Some(year) = year {
        sheet.write_number_with_format(YEAR.0, YEAR.1, u32::from(year.get()), &formats.input)?;
        let day_of = |month, day| ExcelDateTime::from_ymd(year.get(), month, day);
        sheet.write_datetime_with_format(FROM.0, FROM.1, &day_of(1, 1)?, &day)?;
        sheet.write_datetime_with_format(UNTIL.0, UNTIL.1, &day_of(12, 31)?, &day)?;
    }
    let (first, last) = publication.form.years();
    let last = last.map_or(limits::LAST_YEAR, Year::get);
    let years = DataValidationRule::Between(i32::from(first.get()), i32::from(last));
    sheet.add_data_validation(YEAR.0, YEAR.1, YEAR.0, YEAR.1, &DataValidation::new().allow_whole_number(years))?;
    let zh = "请在浅色单元格中填写；没有的填 0，不得空白；合计自动计算；各表下方的勾稽差应为 0。";
    let en = "Fill in the shaded cells; state 0 where there is nothing, leave none blank. Totals add themselves up; what is left of each check, below the tables, must be 0.";
    super::put_lines(sheet, page, UNTIL.0.saturating_add(1), language.pick(zh, en), &formats.paragraph)
}

fn put_formula(
    sheet: &mut Worksheet,
    row: u32,
    formula: &str,
    result: &str,
    format: &Format,
) -> Result<(), WriteError> {
    sheet.merge_range(row, UNIT.1.saturating_sub(1), row, UNIT.1, "", format)?;
    sheet.write_formula_with_format(row, 0, Formula::new(formula).set_result(result), format)?;
    Ok(())
}

/// Room for a text.
fn put_empty(sheet: &mut Worksheet, page: &Page, row: u32, formats: &Formats) -> Result<u32, WriteError> {
    super::put_across(sheet, page, row, "", &formats.input)?;
    super::set_height(sheet, row, 4, 18)?;
    Ok(row.saturating_add(1))
}

/// A table to type into, and its checks; gives the row below them.
fn put_table(
    publication: &Publication<'_>,
    sheet: &mut Worksheet,
    top: u32,
    table: &Table,
    formats: &Formats,
) -> Result<u32, WriteError> {
    let form = publication.form;
    let places = Places::of(table, top);
    let totals = formula::totals(form);
    let below = super::draw(sheet, top, table, formats, |sheet, (row, column), cell| {
        let Role::Figure(index) = cell.role else { return Ok(()) };
        let sum = totals.get(&index).and_then(|identity| places.side(identity.total()?.1));
        let Some(known) = form.cells().get(index) else { return Ok(()) };
        match sum {
            Some(sum) => {
                // nothing typed is nothing, not 0
                let addends = sum.replace("SUM(", "").replace(')', "").replace('-', ",");
                let formula = format!("=IF(COUNT({addends})=0,\"\",{sum})");
                sheet.write_formula_with_format(row, column, Formula::new(formula), &formats.figure)?;
            }
            None => {
                let (decimals, name) = (known.scale as usize, row_col_to_cell(row, column));
                let number = if decimals == 0 {
                    "0".to_owned()
                } else {
                    format!("0.00{}", "#".repeat(decimals.saturating_sub(2)))
                };
                let format =
                    formats.input.clone().set_align(rust_xlsxwriter::FormatAlign::Right).set_num_format(number);
                sheet.write_blank(row, column, &format)?;
                let allowed = allowed(publication.language, known.scale, known.max, &name)?;
                sheet.add_data_validation(row, column, row, column, &allowed)?;
            }
        }
        Ok(())
    })?;
    put_checks(publication, sheet, below, &places, formats)
}

/// What may be typed into a cell.
fn allowed(language: Language, scale: u32, max: i64, name: &str) -> Result<DataValidation, WriteError> {
    let bound = in_printed_unit(max, scale);
    let (validation, zh, en) = if scale == 0 {
        let rule = DataValidationRule::Between(Formula::new("0"), Formula::new(&bound));
        (
            DataValidation::new().allow_whole_number_formula(rule),
            format!("请填 0 至 {bound} 的整数，没有的填 0。"),
            format!("A whole number from 0 to {bound}."),
        )
    } else {
        let rule = format!("=AND(ISNUMBER({name}),{name}>=0,{name}<={bound},ROUND({name},{scale})={name})");
        (
            DataValidation::new().allow_custom(Formula::new(rule)),
            format!("请填不小于 0、不超过 {bound} 的数，至多 {scale} 位小数，没有的填 0。"),
            format!("A number from 0 to {bound} with at most {scale} decimals."),
        )
    };
    Ok(validation
        .set_error_title(language.pick("不能填写", "Not allowed"))?
        .set_error_message(language.pick(&zh, &en))?)
}

/// Below a table, in the column of the cells it is about: left side minus right side of
/// every identity that no total makes true.
fn put_checks(
    publication: &Publication<'_>,
    sheet: &mut Worksheet,
    below: u32,
    places: &Places,
    formats: &Formats,
) -> Result<u32, WriteError> {
    let language = publication.language;
    let red = ConditionalFormatCell::new().set_rule(ConditionalFormatCellRule::NotEqualTo(0)).set_format(
        Format::new().set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006)),
    );
    let mut row = below;
    let (mut rule, mut taken) = ("", HashSet::new());
    for check in &formula::checks(publication.form) {
        let Some((difference, column)) = difference(check, places) else { continue };
        let label = language.pick(check.label_zh, check.label_en);
        if label != rule {
            row = row.saturating_add(if rule.is_empty() { 1 } else { 2 });
            let said = language.labelled(language.of(LEFT_OF_CHECKS), label);
            sheet.write_string_with_format(row.saturating_sub(1), 0, &said, &formats.note)?;
            (rule, taken) = (label, HashSet::new());
        } else if taken.contains(&column) {
            row = row.saturating_add(1);
            taken.clear();
        }
        taken.insert(column);
        let formula = Formula::new(difference).set_result("0");
        sheet.write_formula_with_format(row, column, formula, &formats.figure)?;
        sheet.add_conditional_format(row, column, row, column, &red)?;
    }
    Ok(row.saturating_add(1))
}

/// Left side minus right side, and the column of its last cell.
fn difference(check: &Identity<'_>, places: &Places) -> Option<(String, u16)> {
    let (_, column) = places.get(check.right.last()?.0)?;
    Some((format!("={}-({})", places.side(&check.left)?, places.side(&check.right)?), column))
}
