//! The body of an answer: bytes, and what must be held until they are on their way.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::connections::Turn;
use super::queue::Slot;
use hyper::body::{Bytes, Frame, SizeHint};

/// Bytes given to hyper at once. Small, so that the body of a slow reader lives about as long as its connection is
/// being written to, and with it what it holds.
const FRAME_BYTES: usize = 16 * 1024;

/// The body of an answer.
#[derive(Debug, Default)]
pub(crate) struct Body {
    rest: Bytes,
    slot: Option<Slot>,
    turn: Option<Turn>,
}

impl Body {
    /// Holds what limits the memory for such bodies, until this one is sent or given up.
    pub(super) fn hold_slot(&mut self, slot: Slot) {
        self.slot = Some(slot);
    }

    /// Holds the connection's turn until the body is sent or given up.
    pub(super) fn hold_turn(&mut self, turn: Turn) {
        self.turn = Some(turn);
    }
}

impl From<Bytes> for Body {
    fn from(rest: Bytes) -> Self {
        Self { rest, ..Self::default() }
    }
}

impl hyper::body::Body for Body {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(FRAME_BYTES);
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
