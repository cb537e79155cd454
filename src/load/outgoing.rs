//! The body of a request: shared pieces, sent without being joined.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

use crate::load::{Arm, Prepared};
use crate::plan::NONCE_LEN;
use crate::rng::{extend_hash, hash};

/// A body of up to four pieces, each a reference to bytes that many requests share.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pieces: [Bytes; 4],
    next: usize,
    left: u64,
}

impl Outgoing {
    /// The body of `request`, with `inserted` where the request says, if both are there.
    pub(crate) fn new(request: &Prepared, inserted: Option<Bytes>) -> Self {
        let (head, rest) = (request.head.clone(), request.rest.clone());
        let pieces = match (request.text_at, inserted) {
            (Some(at), Some(inserted)) => [head, rest.slice(..at), inserted, rest.slice(at..)],
            _ => [head, rest, Bytes::new(), Bytes::new()],
        };
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        Self { pieces, next: 0, left }
    }
}

/// What is put into `request`, whose place in the run is `place`: synthetic text, made here and dropped once it is sent, a
/// nonce, or nothing.
///
/// Where prompts are to be fresh, all synthetic text of one cycle has the same seed. So what its requests share they
/// still do, and nothing is as in another cycle, phase or cell.
pub(crate) fn inserted(request: &Prepared, arm: &Arm, place: Place) -> Option<Bytes> {
    match (&request.synthetic, arm.nonce_seed) {
        (Some(synthetic), None) => Some(synthetic.text(arm.text_seed).into()),
        (Some(synthetic), Some(seed)) => {
            let cycle = Place { index: place.index / arm.requests.len() as u32, ..place };
            Some(synthetic.text(cycle.key(seed)).into())
        }
        (None, Some(seed)) => Some(Bytes::copy_from_slice(&nonce(seed, place))),
        (None, None) => None,
    }
}

/// Where a request stands in a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) cell: u32,
    pub(crate) warmup: bool,
    pub(crate) index: u32,
}

impl Place {
    /// A number that is the same for the same place and seed, and different otherwise.
    fn key(self, seed: u64) -> u64 {
        let place = u64::from(self.cell) << 33 | u64::from(self.warmup) << 32 | u64::from(self.index);
        extend_hash(hash(&seed.to_le_bytes()), &place.to_le_bytes())
    }
}

/// Text that opens a prompt so that no provider has it cached: the same for the same arguments, different otherwise.
fn nonce(seed: u64, place: Place) -> [u8; NONCE_LEN] {
    let digits = place.key(seed);
    let mut nonce = [b' '; NONCE_LEN];
    for (at, digit) in nonce[..NONCE_LEN - 1].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(digits >> (4 * at) & 15) as usize];
    }
    nonce
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while self.next < self.pieces.len() {
            let at = self.next;
            self.next += 1;
            let piece = std::mem::take(&mut self.pieces[at]);
            if !piece.is_empty() {
                self.left -= piece.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use http_body_util::BodyExt;

    use super::*;

    fn request(text_at: Option<usize>) -> Prepared {
        Prepared {
            line: 0,
            head: Bytes::from_static(b"{\"model\":\"m\""),
            rest: Bytes::from_static(b",\"messages\":[\"hi\"]}"),
            stream: true,
            expects: false,
            greedy: false,
            input_bound: 1,
            output_bound: 1,
            images: 0,
            paced_tokens: 2,
            text_at,
            synthetic: None,
        }
    }

    #[tokio::test]
    async fn the_pieces_make_the_body_and_the_length_is_exact() {
        for (text_at, text) in [
            (None, "{\"model\":\"m\",\"messages\":[\"hi\"]}"),
            (Some(14), "{\"model\":\"m\",\"messages\":[\"0123456789ab hi\"]}"),
        ] {
            let body = Outgoing::new(&request(text_at), Some(Bytes::from_static(b"0123456789ab ")));
            assert_eq!(body.size_hint().exact(), Some(text.len() as u64));
            assert_eq!(body.collect().await.unwrap().to_bytes(), text);
        }
    }

    #[tokio::test]
    async fn without_a_nonce_the_place_for_one_is_left_as_it_is() {
        let body = Outgoing::new(&request(Some(14)), None);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "{\"model\":\"m\",\"messages\":[\"hi\"]}");
    }

    #[test]
    fn nonces_differ_by_seed_cell_phase_and_index_and_repeat_for_the_same() {
        let mut seen = HashSet::new();
        for seed in 0..4 {
            for cell in 0..8 {
                for index in 0..64 {
                    assert!(seen.insert(nonce(seed, Place { cell, warmup: false, index })));
                    assert!(seen.insert(nonce(seed, Place { cell, warmup: true, index })));
                }
            }
        }
        let place = Place { cell: 2, warmup: false, index: 3 };
        assert_eq!(nonce(1, place), nonce(1, place));
        assert_eq!(nonce(1, place)[12], b' ');
    }
}
