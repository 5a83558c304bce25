//! The two languages documents are written in.

use std::str::FromStr;

use crate::form::outline::Words;

/// The language of what is not the sender's own text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// Chinese, as the form is printed.
    #[default]
    Chinese,
    /// English, this project's own.
    English,
}

impl Language {
    /// The one of two texts that is in it.
    #[must_use]
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Chinese => zh,
            Self::English => en,
        }
    }

    /// The one of two, Chinese first, that is in it.
    pub(super) fn of(self, [zh, en]: [&'static str; 2]) -> &'static str {
        self.pick(zh, en)
    }

    /// Words of a form; Chinese where there are no others.
    pub(super) fn words(self, words: &Words) -> &str {
        match self {
            Self::English if !words.en.is_empty() => &words.en,
            Self::Chinese | Self::English => &words.zh,
        }
    }

    /// A label and what it stands for.
    pub(super) fn labelled(self, label: &str, value: &str) -> String {
        format!("{label}{}{value}", self.pick("：", ": "))
    }

    /// As web pages and word processors name it.
    pub(super) fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "zh" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            other => Err(format!("{other:?} is neither zh nor en")),
        }
    }
}
