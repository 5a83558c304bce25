//! Calls as bytes, so that every RPC is called in one way and answers are seen whole.

use prost::bytes::{Buf as _, BufMut as _};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

/// Passes messages on as they are.
#[derive(Debug, Clone, Copy)]
pub struct Bytes;

impl Codec for Bytes {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Bytes {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut item = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut item);
        Ok(Some(item))
    }
}

pub async fn connect(address: &str) -> Channel {
    Endpoint::from_shared(address.to_owned()).unwrap().connect().await.unwrap()
}

/// Calls an RPC with one message and these `authorization` headers; gives the first
/// message of its answer.
pub async fn call_with(channel: &Channel, path: &str, shown: &[&str], message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let mut grpc = tonic::client::Grpc::new(channel.clone());
    grpc.ready().await.map_err(|error| Status::unknown(error.to_string()))?;
    let mut request = Request::new(tokio_stream::once(message));
    for header in shown {
        request.metadata_mut().append("authorization", header.parse().unwrap());
    }
    let answers = grpc.streaming(request, path.parse().unwrap(), Bytes).await?;
    answers.into_inner().message().await.map(Option::unwrap_or_default)
}

/// The same with a token.
pub async fn call(channel: &Channel, path: &str, token: Option<&str>, message: Vec<u8>) -> Result<Vec<u8>, Status> {
    let header = token.map(|token| format!("Bearer {token}"));
    call_with(channel, path, &header.iter().map(String::as_str).collect::<Vec<_>>(), message).await
}
