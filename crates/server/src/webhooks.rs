//! Webhooks: the events of the books as [`hooks`] delivers them, for as long as these are served.

use std::convert::Infallible;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use engine::{Books, EventFilter, KindFilter};
use hooks::{Event, Filter, HookError, Hooks, Running, Source, Stretch};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::app::App;
use crate::limits::WAKE_PAUSE;
use crate::wire::EventView;

/// Where the subscriptions are kept, and how they are delivered to.
#[derive(Clone, Debug)]
pub struct Webhooks {
    /// The directory of the books.
    pub data: PathBuf,
    /// How events are delivered.
    pub options: hooks::Options,
    /// Whether they are.
    pub delivery: Delivery,
}

/// Whether events are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// As long as the books are served.
    On,
    /// Not by this process: subscriptions can be asked for and changed.
    Off,
}

/// The books, as they are asked on the threads that deliver.
struct OfBooks {
    app: Arc<App>,
    runtime: Handle,
}

impl Source for OfBooks {
    fn read(&self, from: u64, limit: usize, filter: &Filter) -> Result<Stretch, String> {
        let asked = asked(filter)?;
        let read = self.app.books.events(from, limit, &asked);
        let read = self.runtime.block_on(read);
        let read = read.map_err(|refused| refused.to_string())?;
        let told = read.events.iter();
        Ok(Stretch {
            events: told.filter_map(|event| self.told(event, filter)).collect(),
            next: read.next,
        })
    }

    fn end(&self) -> u64 {
        end(&self.app.books)
    }
}

impl OfBooks {
    fn told(&self, event: &engine::Event, filter: &Filter) -> Option<Event> {
        let mut told = Event {
            position: event.position,
            kind: event.kind.to_string(),
            time: event.time,
            parties: event.parties.clone(),
            order: event.order,
            body: Vec::new(),
        };
        // The body takes most of the time.
        filter.wants(&told).then(|| {
            told.body = EventView::new(event, &self.app.currencies()).to_json();
            told
        })
    }
}

/// What the books can be asked for of what `filter` wants: of several parties they know nothing.
fn asked(filter: &Filter) -> Result<EventFilter, String> {
    let kinds = filter.kinds.iter().map(|kind| KindFilter::parse(kind));
    let kinds = kinds.collect::<Result<_, _>>();
    Ok(EventFilter {
        kinds: kinds.map_err(|error| error.to_string())?,
        party: match filter.parties[..] {
            [party] => party,
            _ => 0,
        },
        order: filter.order,
    })
}

/// The position of the next event.
pub(crate) fn end(books: &Books) -> u64 {
    *books.watch_durable().borrow()
}

/// Reads the subscriptions.
pub(crate) fn open(webhooks: &Webhooks) -> Result<Hooks, HookError> {
    Hooks::open(&webhooks.data, webhooks.options.clone())
}

/// Begins to deliver, where that is wanted.
pub(crate) fn start(app: &Arc<App>, delivery: Delivery) -> Result<Option<Running>, HookError> {
    if delivery == Delivery::Off {
        return Ok(None);
    }
    let source = OfBooks {
        app: Arc::clone(app),
        runtime: Handle::current(),
    };
    app.hooks.start(Arc::new(source), now).map(Some)
}

/// Tells those that deliver when there is more. What comes in quick succession is told once.
pub(crate) async fn wake(app: &App, running: Option<&Running>) -> Infallible {
    let mut durable = app.books.watch_durable();
    loop {
        if durable.changed().await.is_err() {
            // The books have gone, and with them whoever waits here.
            std::future::pending::<()>().await;
        }
        if let Some(running) = running {
            running.wake();
        }
        sleep(WAKE_PAUSE).await;
    }
}

/// Ends the delivery; positions are kept.
pub(crate) async fn close(running: Option<Running>) {
    let closed = tokio::task::spawn_blocking(|| drop(running)).await;
    if let Err(error) = closed {
        tracing::error!(%error, "the delivery of webhooks did not end well");
    }
}

/// Nanoseconds since 1970: what receivers hold against their own clock, whatever the books' is.
pub(crate) fn now() -> u64 {
    #[expect(
        clippy::disallowed_methods,
        reason = "when a webhook is sent, for its receiver"
    )]
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let since: Duration = since.unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
