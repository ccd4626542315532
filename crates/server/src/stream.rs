//! Events as a stream that goes on: server-sent events.
//!
//! A stream is a task of its own that reads the books and hands text to the connection through a
//! short channel. A reader that is slow holds up its own task and nothing else; one that takes
//! nothing for a while is left. Streams end with the server, cleanly, so that a client that comes
//! back with the id of its last event goes on behind it.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use engine::{EventFilter, Events, Refused};
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::app::App;
use crate::limits::{
    STREAM_EVENTS, STREAM_HEARTBEAT, STREAM_PARTS, STREAM_PAUSE, STREAM_STALL, STREAMS,
};
use crate::problem::{Kind, Problem};
use crate::wire::EventView;

/// The media type of server-sent events.
pub(crate) const MEDIA: &str = "text/event-stream";

/// How soon a client comes back after the end of a stream.
const BEGINNING: &[u8] = b"retry: 1000\n\n";

/// Begins a stream of the events from `from` on that the filter lets pass.
pub(crate) async fn follow(
    app: &Arc<App>,
    from: u64,
    filter: EventFilter,
) -> Result<Response, Problem> {
    let slot = Arc::clone(&app.streams).try_acquire_owned().map_err(|_| {
        let detail = format!("There are {STREAMS} streams, and no more may be; read pages.");
        Problem::new(Kind::TooManyStreams, detail)
    })?;
    // What the books refuse is refused here, where it can be said.
    app.books.events(from, 1, &filter).await?;
    let (sender, parts) = mpsc::channel(STREAM_PARTS);
    let stream = Stream {
        app: Arc::clone(app),
        filter,
        next: from,
        sender,
        heard: Instant::now(),
        _slot: slot,
    };
    tokio::spawn(stream.run());
    let mut response = Response::new(Body::new(Parts(parts)));
    let media = HeaderValue::from_static(MEDIA);
    response.headers_mut().insert(header::CONTENT_TYPE, media);
    Ok(response)
}

/// The body of a stream.
struct Parts(mpsc::Receiver<Bytes>);

impl HttpBody for Parts {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let part = self.get_mut().0.poll_recv(context);
        part.map(|part| part.map(|bytes| Ok(Frame::data(bytes))))
    }
}

struct Stream {
    app: Arc<App>,
    filter: EventFilter,
    next: u64,
    sender: mpsc::Sender<Bytes>,
    /// When the client last heard anything.
    heard: Instant,
    _slot: OwnedSemaphorePermit,
}

/// The stream is over: the server closes, the client has gone, or the books have stopped.
struct Over;

impl Stream {
    async fn run(mut self) {
        let mut closing = self.app.closing.subscribe();
        let _open = self.app.metrics.stream();
        tokio::select! {
            _ = closing.wait_for(|closing| *closing) => {}
            Over = self.tell() => {}
        }
    }

    async fn tell(&mut self) -> Over {
        let Err(over) = self.tell_on().await;
        over
    }

    async fn tell_on(&mut self) -> Result<Infallible, Over> {
        self.send(Bytes::from_static(BEGINNING)).await?;
        let mut durable = self.app.books.watch_durable();
        loop {
            if self.next >= *durable.borrow_and_update() {
                tokio::select! {
                    changed = durable.changed() => changed.map_err(|_| Over)?,
                    () = sleep_until(self.heard + STREAM_HEARTBEAT) => self.beat().await?,
                    () = self.sender.closed() => return Err(Over),
                }
            }
            let Some(events) = self.read().await? else {
                continue;
            };
            self.next = events.next;
            if !events.events.is_empty() {
                let text = self.text(&events);
                self.send(text).await?;
                self.app.metrics.streamed(events.events.len());
            } else if self.heard.elapsed() >= STREAM_HEARTBEAT {
                self.beat().await?;
            }
        }
    }

    /// The next events; `None` where the books have no time, and are asked again.
    async fn read(&self) -> Result<Option<Events>, Over> {
        let events = self
            .app
            .books
            .events(self.next, STREAM_EVENTS, &self.filter);
        match events.await {
            Ok(events) => Ok(Some(events)),
            Err(Refused::Busy) => {
                sleep(STREAM_PAUSE).await;
                Ok(None)
            }
            Err(refused) => {
                tracing::debug!(%refused, "a stream of events ends");
                Err(Over)
            }
        }
    }

    fn text(&self, events: &Events) -> Bytes {
        let currencies = self.app.currencies();
        let mut text = Vec::with_capacity(1_024 * events.events.len());
        for event in &events.events {
            text.extend_from_slice(format!("id: {}\ndata: ", event.position).as_bytes());
            text.extend_from_slice(&EventView::new(event, &currencies).to_json());
            text.extend_from_slice(b"\n\n");
        }
        text.into()
    }

    /// A comment that shows that the stream lives. The id before it says how far it has come, for
    /// those who come back: it has no data, so it is no event.
    async fn beat(&mut self) -> Result<(), Over> {
        let id = self.next.checked_sub(1);
        let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
        self.send(format!("{id}: heartbeat\n\n").into()).await
    }

    async fn send(&mut self, part: Bytes) -> Result<(), Over> {
        let sent = timeout(STREAM_STALL, self.sender.send(part)).await;
        self.heard = Instant::now();
        sent.map_err(|_| Over)?.map_err(|_| Over)
    }
}
