//! Canonical proto3 JSON of a form, to and from its wire format.

use prost::Message as _;
use prost_reflect::{DynamicMessage, Value};

use super::Form;
use super::schema::{Group, Kind, Prose, Shape, join};

impl Form {
    /// Encodes proto3 JSON.
    ///
    /// # Errors
    /// A sentence naming the field and what is wrong with it.
    pub fn from_json(&self, json: &serde_json::Value) -> Result<Vec<u8>, String> {
        let mut track = serde_path_to_error::Track::new();
        let traced = serde_path_to_error::Deserializer::new(json, &mut track);
        let message = DynamicMessage::deserialize(self.message.clone(), traced);
        message.map(|message| message.encode_to_vec()).map_err(|error| match track.path().to_string().as_str() {
            "" | "." => error.to_string(),
            path => format!("{path}: {error}"),
        })
    }

    /// Decodes to canonical proto3 JSON: absent fields are left out, figures are strings.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the bytes.
    pub fn to_json(&self, bytes: &[u8]) -> Result<serde_json::Value, String> {
        let message = DynamicMessage::decode(self.message.clone(), bytes).map_err(|error| error.to_string())?;
        serde_json::to_value(&message).map_err(|error| error.to_string())
    }

    /// Path of the repeated field that claims of the prose stand in, if the form
    /// has one.
    #[must_use]
    pub fn claims_path(&self) -> Option<String> {
        claims_below(&self.root)
    }

    /// Everything a report says beside its cells: path and text, in the order of
    /// the form; elements of a repeated field are numbered.
    ///
    /// # Errors
    /// A sentence saying what is wrong with the bytes.
    pub fn texts_of(&self, bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
        let message = DynamicMessage::decode(self.message.clone(), bytes).map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        self.texts_below(&message, "", &mut found);
        Ok(found)
    }

    fn texts_below(&self, message: &DynamicMessage, above: &str, found: &mut Vec<(String, String)>) {
        for (field, value) in message.fields() {
            let path = join(above, field.name());
            match value.as_list() {
                Some(list) => {
                    for (index, value) in list.iter().enumerate() {
                        self.text_at(value, format!("{path}[{index}]"), found);
                    }
                }
                None => self.text_at(value, path, found),
            }
        }
    }

    fn text_at(&self, value: &Value, path: String, found: &mut Vec<(String, String)>) {
        match (value.as_message(), value.as_str()) {
            (Some(message), _) => self.texts_below(message, &path, found),
            (None, Some(text)) => found.push((path, text.to_owned())),
            (None, None) if self.cells.find(&path).is_none() => found.push((path, value.to_string())),
            (None, None) => {}
        }
    }
}

fn claims_below(group: &Group) -> Option<String> {
    group.fields.iter().find_map(|field| {
        let below = match &field.kind {
            Kind::Cell(_) => None,
            Kind::Group(group) => claims_below(group),
            Kind::Prose(prose) => claims_in(prose),
        };
        Some(join(&field.name, &below?))
    })
}

/// Path below a field of text; empty for the field itself.
fn claims_in(prose: &Prose) -> Option<String> {
    match &prose.shape {
        Shape::Text { .. } | Shape::Integer => None,
        Shape::Claim(_) => Some(String::new()),
        Shape::Message(fields) => fields.iter().find_map(|field| Some(join(&field.name, &claims_in(field)?))),
    }
}
