//! Why a file was not read, in English and in Chinese.

use thiserror::Error;

use super::Format;
use crate::words::limits;

/// Why a file was not read, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The file holds nothing.
    #[error("the file is empty")]
    Empty,
    /// It is larger than is read, in the way that [`Limit`] names.
    #[error("the document has more than {} {}; that is no report", limit.most(), limit.what().0)]
    TooLarge {
        /// Which limit was met.
        limit: Limit,
    },
    /// A kind of file that is known and not read.
    #[error("{} cannot be read; {}", kind.words().0, kind.advice().0)]
    Unsupported {
        /// The kind.
        kind: Unsupported,
    },
    /// Nothing that is known.
    #[error("this is no document that can be read; save it as .docx, .xlsx, .html, .csv or .txt")]
    Unknown,
    /// A report in JSON or binary is no document: it is not read here.
    #[error("a report in {format} has no paragraphs and tables")]
    NotADocument {
        /// [`Format::Json`] or [`Format::Binary`].
        format: Format,
    },
    /// The bytes are not what the format says.
    #[error("the {format} file is damaged: {problem}")]
    Damaged {
        /// The format it was read as.
        format: Format,
        /// What does not fit, in English.
        problem: String,
    },
    /// A declaration of entities in XML; no office program writes one.
    #[error("the {format} file declares XML entities, which no office program writes")]
    Entities {
        /// The format it was read as.
        format: Format,
    },
}

impl ReadError {
    pub(super) fn damaged(format: Format, problem: impl ToString) -> Self {
        Self::Damaged { format, problem: problem.to_string() }
    }

    /// The same in Chinese.
    #[must_use]
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "文件为空".to_owned(),
            Self::TooLarge { limit } => {
                format!("文件的{}超过上限 {}，不是年度报告", limit.what().1, limit.most())
            }
            Self::Unsupported { kind } => format!("不能读取{}；{}", kind.words().1, kind.advice().1),
            Self::Unknown => "无法识别该文件；请另存为 .docx、.xlsx、.html、.csv 或 .txt".to_owned(),
            Self::NotADocument { format } => format!("{format} 格式的报告不含段落和表格"),
            Self::Damaged { format, problem } => format!("{format} 文件已损坏：{problem}"),
            Self::Entities { format } => format!("{format} 文件含有 XML 实体声明，办公软件不会写入这种内容"),
        }
    }
}

/// A limit on documents, from [`limits`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// [`limits::DOCUMENT_BYTES`].
    Bytes,
    /// [`limits::DOCUMENT_FILES`].
    Files,
    /// [`limits::DOCUMENT_PART_BYTES`].
    PartBytes,
    /// [`limits::DOCUMENT_UNPACKED_BYTES`].
    UnpackedBytes,
    /// [`limits::DOCUMENT_DEPTH`].
    Depth,
    /// [`limits::TABLE_DEPTH`].
    TableDepth,
    /// [`limits::TABLE_ROWS`].
    Rows,
    /// [`limits::TABLE_COLUMNS`].
    Columns,
    /// [`limits::DOCUMENT_CELLS`].
    Cells,
    /// [`limits::SHEETS_AREA`].
    Area,
    /// [`limits::DOCUMENT_BLOCKS`].
    Blocks,
    /// [`limits::DOCUMENT_TEXT_BYTES`].
    TextBytes,
}

impl Limit {
    /// How many are read at most.
    #[must_use]
    pub fn most(self) -> usize {
        match self {
            Self::Bytes => limits::DOCUMENT_BYTES,
            Self::Files => limits::DOCUMENT_FILES,
            Self::PartBytes => limits::DOCUMENT_PART_BYTES,
            Self::UnpackedBytes => limits::DOCUMENT_UNPACKED_BYTES,
            Self::Depth => limits::DOCUMENT_DEPTH,
            Self::TableDepth => limits::TABLE_DEPTH,
            Self::Rows => limits::TABLE_ROWS,
            Self::Columns => limits::TABLE_COLUMNS,
            Self::Cells => limits::DOCUMENT_CELLS,
            Self::Area => limits::SHEETS_AREA,
            Self::Blocks => limits::DOCUMENT_BLOCKS,
            Self::TextBytes => limits::DOCUMENT_TEXT_BYTES,
        }
    }

    /// What is counted, in English and in Chinese.
    fn what(self) -> (&'static str, &'static str) {
        match self {
            Self::Bytes => ("bytes", "字节数"),
            Self::Files => ("files in it", "内含文件数"),
            Self::PartBytes => ("bytes in one of its parts when unpacked", "单个部件解压后的字节数"),
            Self::UnpackedBytes => ("bytes when unpacked", "解压后的字节数"),
            Self::Depth => ("elements within each other", "元素嵌套层数"),
            Self::TableDepth => ("tables within each other", "表格嵌套层数"),
            Self::Rows => ("rows in a table", "表格行数"),
            Self::Columns => ("columns in a table", "表格列数"),
            Self::Cells => ("cells", "单元格数"),
            Self::Area => ("places between the first and the last cell", "首末单元格之间的位置数"),
            Self::Blocks => ("paragraphs and tables", "段落和表格数"),
            Self::TextBytes => ("bytes of text", "文本字节数"),
        }
    }

    /// Refuses what is more than the limit.
    pub(super) fn check(self, count: usize) -> Result<(), ReadError> {
        if count > self.most() { Err(ReadError::TooLarge { limit: self }) } else { Ok(()) }
    }
}

/// Kinds of files that are known and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// Word 97–2003.
    Doc,
    /// WPS's own format.
    Wps,
    /// PDF.
    Pdf,
    /// Rich text.
    Rtf,
    /// A picture.
    Picture,
    /// Word or Excel 2003 XML.
    FlatXml,
    /// Excel's binary workbook.
    Xlsb,
    /// A web page with its pictures in one file (.mht).
    WebArchive,
    /// A document behind a password.
    Encrypted,
    /// A packed file that is no document.
    Archive,
}

impl Unsupported {
    /// What it is, in English and in Chinese.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Doc => ("a Word 97-2003 document (.doc)", " Word 97-2003 文档（.doc）"),
            Self::Wps => ("a WPS document (.wps, .et)", " WPS 文档（.wps、.et）"),
            Self::Pdf => ("a PDF file", " PDF 文件"),
            Self::Rtf => ("a rich text file (.rtf)", " RTF 文档"),
            Self::Picture => ("a picture", "图片"),
            Self::FlatXml => ("an Office 2003 XML file", " Office 2003 XML 文件"),
            Self::Xlsb => ("a binary workbook (.xlsb)", "二进制工作簿（.xlsb）"),
            Self::WebArchive => ("a web archive (.mht)", "单个文件网页（.mht）"),
            Self::Encrypted => ("a document behind a password", "加密的文档"),
            Self::Archive => ("a packed file", "压缩包"),
        }
    }

    /// What to do instead, in English and in Chinese.
    fn advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Doc | Self::Wps | Self::Rtf | Self::FlatXml => {
                ("open it and save it as .docx or .xlsx", "请打开后另存为 .docx 或 .xlsx")
            }
            Self::Pdf | Self::Picture => {
                ("use the document it was made from (.docx, .xlsx)", "请使用生成它的原文件（.docx、.xlsx）")
            }
            Self::Xlsb => ("open it and save it as .xlsx", "请打开后另存为 .xlsx"),
            Self::WebArchive => ("save the page as .html", "请将网页另存为 .html"),
            Self::Encrypted => ("open it and save it without the password", "请打开后取消密码并另存"),
            Self::Archive => ("unpack it and name the documents in it", "请解压后选择其中的文档"),
        }
    }
}
