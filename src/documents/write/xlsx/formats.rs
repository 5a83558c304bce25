//! How the cells of a workbook look.

use rust_xlsxwriter::{Color, Format, FormatAlign, FormatBorder};

use crate::documents::write::grid::Role;

/// The looks that cells have.
#[derive(Debug)]
pub(super) struct Formats {
    pub(super) title: Format,
    pub(super) heading: Format,
    pub(super) centred: Format,
    pub(super) paragraph: Format,
    head: Format,
    row_head: Format,
    pub(super) figure: Format,
    text: Format,
    /// The label of something to type.
    pub(super) label: Format,
    /// A remark that runs over the cells beside it.
    pub(super) note: Format,
    /// Where something is typed.
    pub(super) input: Format,
}

impl Default for Formats {
    fn default() -> Self {
        let base = || Format::new().set_text_wrap().set_align(FormatAlign::VerticalCenter);
        let prose = base().set_font_name("仿宋").set_font_size(12);
        let cell = base().set_font_name("宋体").set_font_size(10).set_border(FormatBorder::Thin);
        let typed = Color::RGB(0x00FF_FBE6);
        Self {
            title: base().set_font_name("宋体").set_font_size(18).set_bold().set_align(FormatAlign::Center),
            heading: base().set_font_name("黑体").set_font_size(13),
            centred: prose.clone().set_align(FormatAlign::Center),
            paragraph: prose,
            head: cell.clone().set_font_name("黑体").set_align(FormatAlign::Center),
            row_head: cell.clone().set_align(FormatAlign::Left),
            figure: cell.clone().set_align(FormatAlign::Right),
            text: cell.clone().set_align(FormatAlign::Left),
            note: Format::new().set_font_name("宋体").set_font_size(9),
            label: cell.clone().set_font_name("黑体"),
            input: cell.set_unlocked().set_background_color(typed),
        }
    }
}

impl Formats {
    pub(super) fn of(&self, role: Role) -> &Format {
        match role {
            Role::Title | Role::ColumnHead => &self.head,
            Role::RowHead => &self.row_head,
            Role::Figure(_) | Role::Number => &self.figure,
            Role::Text => &self.text,
        }
    }

    /// A number with the decimals it is printed with.
    pub(super) fn number(&self, printed: &str) -> Format {
        let decimals = printed.split_once('.').map_or(0, |(_, decimals)| decimals.len());
        let number = decimal_format(decimals);
        let signed = printed.starts_with('+').then(|| format!("+{number};-{number};0"));
        self.figure.clone().set_num_format(signed.unwrap_or(number))
    }
}

/// The number format with so many decimals.
fn decimal_format(decimals: usize) -> String {
    if decimals == 0 { "0".to_owned() } else { format!("0.{}", "0".repeat(decimals)) }
}
