//! Canonical proto3 JSON of a form, to and from its wire format.

use prost::Message as _;
use prost_reflect::DynamicMessage;

use super::Form;

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
}
