//! Opens the demands whose seal has come to its date.

use core::convert::Infallible;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;

/// How often it is looked. Seals are opened from five minutes before their date on.
const LOOK: Duration = Duration::from_secs(10);

/// Opens them as they come, for as long as the books are served.
pub(crate) async fn open_due(app: &App) -> Infallible {
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        looks.tick().await;
        match app.books.open_due_demands().await {
            Ok(0) => {}
            Ok(opened) => tracing::info!(opened, "demands were opened"),
            Err(refused) => tracing::warn!(%refused, "demands could not be opened"),
        }
    }
}
