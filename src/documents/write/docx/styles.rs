//! The parts of a Word document that hold no text of the publication.

use maud::{Markup, html};

use super::{RELATIONSHIPS, WORD};

const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const TYPES: &str = "application/vnd.openxmlformats-officedocument.wordprocessingml";

/// Fonts of official papers, and what stands in where they are not installed.
const FONTS: [(&str, &str); 4] =
    [("仿宋_GB2312", "仿宋"), ("楷体_GB2312", "楷体"), ("方正小标宋简体", "宋体"), ("黑体", "SimHei")];

/// A style of paragraphs.
struct Style {
    id: &'static str,
    name: &'static str,
    font: &'static str,
    /// In half points.
    size: u32,
    bold: bool,
    align: &'static str,
    /// Of the first line, in hundredths of a character.
    indent: u32,
    /// Exact height of a line in twentieths of a point; 0: as the text needs.
    line: u32,
    /// Room above and below, in twentieths of a point.
    around: u32,
    /// Level of a heading, from 0.
    outline: Option<u32>,
}

const BODY: Style = Style {
    id: "Normal",
    name: "Normal",
    font: "仿宋_GB2312",
    size: 32,
    bold: false,
    align: "both",
    indent: 200,
    line: 560,
    around: 0,
    outline: None,
};

const TABLE: Style =
    Style { id: "TableText", name: "Table Text", size: 18, align: "left", indent: 0, line: 0, around: 20, ..BODY };

const STYLES: [Style; 10] = [
    BODY,
    Style {
        id: "Title",
        name: "Title",
        font: "方正小标宋简体",
        size: 44,
        bold: true,
        align: "center",
        indent: 0,
        line: 0,
        around: 120,
        ..BODY
    },
    Style { id: "Centred", name: "Centred", align: "center", indent: 0, ..BODY },
    Style { id: "Heading1", name: "heading 1", font: "黑体", outline: Some(0), around: 60, ..BODY },
    Style { id: "Heading2", name: "heading 2", font: "楷体_GB2312", outline: Some(1), ..BODY },
    Style { id: "Signature", name: "Signature", around: 120, ..BODY },
    Style { id: "TableHead", name: "Table Head", align: "center", ..TABLE },
    TABLE,
    Style { id: "TableFigure", name: "Table Figure", align: "right", ..TABLE },
    Style { id: "TableEnd", name: "Table End", size: 8, line: 160, ..TABLE },
];

pub(super) fn styles(language: &str) -> Markup {
    html! {
        w:styles xmlns:w=(WORD) {
            w:docDefaults {
                w:rPrDefault {
                    w:rPr {
                        (fonts(BODY.font))
                        w:sz w:val=(BODY.size) {}
                        w:lang w:val="en-US" w:eastAsia=(language) {}
                    }
                }
            }
            @for style in &STYLES { (paragraph_style(style)) }
            w:style w:type="table" w:styleId="Grid" {
                w:name w:val="Table Grid" {}
                w:tblPr {
                    w:tblBorders {
                        w:top w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                        w:left w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                        w:bottom w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                        w:right w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                        w:insideH w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                        w:insideV w:val="single" w:sz="4" w:space="0" w:color="000000" {}
                    }
                    w:tblCellMar {
                        w:left w:w="40" w:type="dxa" {}
                        w:right w:w="40" w:type="dxa" {}
                    }
                }
            }
        }
    }
}

fn paragraph_style(style: &Style) -> Markup {
    let is_default = (style.id == BODY.id).then_some("1");
    html! {
        w:style w:type="paragraph" w:default=[is_default] w:styleId=(style.id) {
            w:name w:val=(style.name) {}
            @if is_default.is_none() { w:basedOn w:val=(BODY.id) {} }
            @if style.outline.is_some() { w:next w:val=(BODY.id) {} }
            w:qFormat {}
            w:pPr {
                @if style.outline.is_some() { w:keepNext {} }
                @if style.line == 0 {
                    w:spacing w:before=(style.around) w:after=(style.around) w:line="240" w:lineRule="auto" {}
                } @else {
                    w:spacing w:before=(style.around) w:after=(style.around) w:line=(style.line) w:lineRule="exact" {}
                }
                w:ind w:firstLineChars=(style.indent) w:firstLine=(style.indent.saturating_mul(style.size) / 10) {}
                w:jc w:val=(style.align) {}
                @if let Some(level) = style.outline { w:outlineLvl w:val=(level) {} }
            }
            w:rPr {
                (fonts(style.font))
                @if style.bold { w:b {} w:bCs {} }
                w:sz w:val=(style.size) {}
                w:szCs w:val=(style.size) {}
            }
        }
    }
}

fn fonts(chinese: &str) -> Markup {
    html! {
        w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia=(chinese) w:cs="Times New Roman" {}
    }
}

pub(super) fn font_table() -> Markup {
    html! {
        w:fonts xmlns:w=(WORD) {
            @for (name, other) in FONTS {
                w:font w:name=(name) {
                    w:altName w:val=(other) {}
                    w:charset w:val="86" {}
                    w:family w:val="auto" {}
                    w:pitch w:val="default" {}
                }
            }
        }
    }
}

/// The number of the page between dashes, as official papers have it.
pub(super) fn footer() -> Markup {
    html! {
        w:ftr xmlns:w=(WORD) {
            w:p {
                w:pPr {
                    w:pStyle w:val="Centred" {}
                }
                (footer_run("— "))
                w:fldSimple w:instr=" PAGE " { (footer_run("1")) }
                (footer_run(" —"))
            }
        }
    }
}

fn footer_run(text: &str) -> Markup {
    html! {
        w:r {
            w:rPr { w:sz w:val="28" {} }
            w:t xml:space="preserve" { (text) }
        }
    }
}

pub(super) fn content_types() -> Markup {
    let parts =
        [("document", "document.main"), ("styles", "styles"), ("fontTable", "fontTable"), ("footer1", "footer")];
    html! {
        Types xmlns={ (PACKAGE) "/content-types" } {
            Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" {}
            Default Extension="xml" ContentType="application/xml" {}
            @for (part, name) in parts {
                Override PartName={ "/word/" (part) ".xml" } ContentType={ (TYPES) "." (name) "+xml" } {}
            }
            Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml" {}
        }
    }
}

pub(super) fn package_relationships() -> Markup {
    html! {
        Relationships xmlns={ (PACKAGE) "/relationships" } {
            Relationship Id="rIdDocument" Type={ (RELATIONSHIPS) "/officeDocument" } Target="word/document.xml" {}
            Relationship Id="rIdProperties" Type={ (PACKAGE) "/relationships/metadata/core-properties" } Target="docProps/core.xml" {}
        }
    }
}

pub(super) fn document_relationships() -> Markup {
    html! {
        Relationships xmlns={ (PACKAGE) "/relationships" } {
            Relationship Id="rIdStyles" Type={ (RELATIONSHIPS) "/styles" } Target="styles.xml" {}
            Relationship Id="rIdFonts" Type={ (RELATIONSHIPS) "/fontTable" } Target="fontTable.xml" {}
            Relationship Id="rIdFooter" Type={ (RELATIONSHIPS) "/footer" } Target="footer1.xml" {}
        }
    }
}

/// The title, for those who list files.
pub(super) fn properties(title: &str, language: &str) -> Markup {
    html! {
        cp:coreProperties xmlns:cp={ (PACKAGE) "/metadata/core-properties" } xmlns:dc="http://purl.org/dc/elements/1.1/" {
            dc:title { (title) }
            dc:language { (language) }
        }
    }
}
