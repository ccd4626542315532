//! The table of routes: what there is, and who may call it. It makes the router and the security
//! of the OpenAPI document; nothing else says who may call what.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, HttpBody};
use axum::extract::{Request, State};
use axum::http::{Method, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};

use crate::api;
use crate::app::{App, Clock};
use crate::auth::Scope;
use crate::body::discard;
use crate::gate::Caller;
use crate::problem::{Kind, Problem, echo};

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Open,
    /// Holders of a token of any scope that is bound to a party: they see what is their own.
    Person,
    /// Holders of a token of this scope or a larger one.
    Needs(Scope),
}

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{name}` for a part that varies and `{*name}` for all that follows.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    pub(crate) operation: Operation,
}

/// What can be asked, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    CreateAccounts,
    CreateTransfers,
    LookupAccounts,
    LookupTransfers,
    QueryAccounts,
    QueryTransfers,
    AccountTransfers,
    AccountBalances,
    GetAccount,
    GetTransfer,
    ErasedTransfers,
    RunCommands,
    CreateOrders,
    GetObjects,
    GetChart,
    EnterRules,
    ListRules,
    GetRules,
    GetFindings,
    EnterDocument,
    GetDocument,
    GetMandate,
    GetDecision,
    ReceiveDemand,
    ListDemands,
    GetDemand,
    GetScope,
    NarrowDemand,
    AnswerDemand,
    TotalDemand,
    DemandReceipt,
    DisclosureReceipt,
    AddListings,
    SearchListings,
    GetListing,
    SetListing,
    KeepPersonal,
    ShowPersonal,
    ErasePersonal,
    Me,
    MyPersonal,
    MyLookups,
    MyLookupReceipt,
    MyDisclosures,
    MyRows,
    TrialBalance,
    GiftProof,
    GetEvents,
    CreateWebhook,
    ListWebhooks,
    GetWebhook,
    PauseWebhook,
    ResumeWebhook,
    RemoveWebhook,
    RotateWebhook,
    WebhookDead,
    ReplayWebhook,
    ReplayDead,
    ListLedgers,
    DeclareLedger,
    TransferReceipt,
    ListStatements,
    MakeStatement,
    GetStatement,
    StatementReceipt,
    BalanceProof,
    BalanceAt,
    LogCheckpoint,
    LogWitnessed,
    LogTile,
    RegisterDemands,
    RegisterDisclosures,
    SetClock,
    Index,
    VerifyPage,
    VerifyScript,
    VerifyStyle,
    VerifyModule,
    PublicPage,
    PublicFacts,
    PublicStyle,
    Document,
    Health,
    Ready,
    Metrics,
}

impl Route {
    /// The path as OpenAPI has it, where a part that varies has no other sign.
    pub fn template(&self) -> String {
        self.path.replace("{*", "{")
    }
}

impl Operation {
    /// Whether there is such a route under this clock.
    pub fn exists_under(self, clock: Clock) -> bool {
        self != Self::SetClock || clock == Clock::Manual
    }
}

const PERSON: Access = Access::Person;
const READ: Access = Access::Needs(Scope::Read);
const WRITE: Access = Access::Needs(Scope::Write);
const ADMIN: Access = Access::Needs(Scope::Admin);

const fn on_method(
    method: Method,
    path: &'static str,
    access: Access,
    operation: Operation,
) -> Route {
    Route {
        method,
        path,
        access,
        operation,
    }
}

const fn post(path: &'static str, access: Access, operation: Operation) -> Route {
    on_method(Method::POST, path, access, operation)
}

const fn get(path: &'static str, access: Access, operation: Operation) -> Route {
    on_method(Method::GET, path, access, operation)
}

const fn put(path: &'static str, access: Access, operation: Operation) -> Route {
    on_method(Method::PUT, path, access, operation)
}

const fn delete(path: &'static str, access: Access, operation: Operation) -> Route {
    on_method(Method::DELETE, path, access, operation)
}

/// All routes. `/v1/admin/clock` is there only under a manual clock.
pub static TABLE: [Route; 85] = [
    post("/v1/accounts", WRITE, Operation::CreateAccounts),
    post("/v1/transfers", WRITE, Operation::CreateTransfers),
    post("/v1/accounts/lookup", READ, Operation::LookupAccounts),
    post("/v1/transfers/lookup", READ, Operation::LookupTransfers),
    post("/v1/accounts/query", READ, Operation::QueryAccounts),
    post("/v1/transfers/query", READ, Operation::QueryTransfers),
    post("/v1/account-transfers", READ, Operation::AccountTransfers),
    post("/v1/account-balances", READ, Operation::AccountBalances),
    get("/v1/accounts/{id}", READ, Operation::GetAccount),
    get("/v1/transfers/{id}", READ, Operation::GetTransfer),
    get("/v1/transfers/erased", READ, Operation::ErasedTransfers),
    post("/v1/commands", WRITE, Operation::RunCommands),
    post("/v1/orders", WRITE, Operation::CreateOrders),
    get("/v1/objects/{kind}/{id}", READ, Operation::GetObjects),
    get("/v1/chart", READ, Operation::GetChart),
    post("/v1/rules", ADMIN, Operation::EnterRules),
    get("/v1/rules", READ, Operation::ListRules),
    get("/v1/rules/{version}", READ, Operation::GetRules),
    get("/v1/findings/{command}", READ, Operation::GetFindings),
    post("/v1/documents", ADMIN, Operation::EnterDocument),
    get("/v1/documents/{sha256}", READ, Operation::GetDocument),
    get("/v1/mandates/{authority}", READ, Operation::GetMandate),
    get(
        "/v1/decisions/{authority}/{number}",
        READ,
        Operation::GetDecision,
    ),
    post("/v1/demands", ADMIN, Operation::ReceiveDemand),
    get("/v1/demands", READ, Operation::ListDemands),
    get("/v1/demands/{serial}", READ, Operation::GetDemand),
    get("/v1/demands/{serial}/scope", ADMIN, Operation::GetScope),
    post("/v1/demands/{serial}/scope", ADMIN, Operation::NarrowDemand),
    post(
        "/v1/demands/{serial}/answer",
        ADMIN,
        Operation::AnswerDemand,
    ),
    post("/v1/demands/{serial}/totals", ADMIN, Operation::TotalDemand),
    get(
        "/v1/demands/{serial}/receipt",
        READ,
        Operation::DemandReceipt,
    ),
    get(
        "/v1/disclosures/{number}/receipt",
        READ,
        Operation::DisclosureReceipt,
    ),
    post("/v1/listings", WRITE, Operation::AddListings),
    get("/v1/listings", READ, Operation::SearchListings),
    get("/v1/listings/{number}", READ, Operation::GetListing),
    put("/v1/listings/{number}", WRITE, Operation::SetListing),
    put("/v1/parties/{id}/data", WRITE, Operation::KeepPersonal),
    get("/v1/parties/{id}/data", ADMIN, Operation::ShowPersonal),
    delete("/v1/parties/{id}/data", ADMIN, Operation::ErasePersonal),
    get("/v1/me", PERSON, Operation::Me),
    get("/v1/me/data", PERSON, Operation::MyPersonal),
    get("/v1/me/lookups", PERSON, Operation::MyLookups),
    get(
        "/v1/me/lookups/{number}/receipt",
        PERSON,
        Operation::MyLookupReceipt,
    ),
    get("/v1/me/disclosures", PERSON, Operation::MyDisclosures),
    get(
        "/v1/me/disclosures/{number}/rows",
        PERSON,
        Operation::MyRows,
    ),
    get("/v1/trial-balance", READ, Operation::TrialBalance),
    get("/v1/gifts/{id}/proof", READ, Operation::GiftProof),
    get("/v1/events", READ, Operation::GetEvents),
    post("/v1/webhooks", ADMIN, Operation::CreateWebhook),
    get("/v1/webhooks", ADMIN, Operation::ListWebhooks),
    get("/v1/webhooks/{id}", ADMIN, Operation::GetWebhook),
    post("/v1/webhooks/{id}/pause", ADMIN, Operation::PauseWebhook),
    post("/v1/webhooks/{id}/resume", ADMIN, Operation::ResumeWebhook),
    post("/v1/webhooks/{id}/remove", ADMIN, Operation::RemoveWebhook),
    post("/v1/webhooks/{id}/rotate", ADMIN, Operation::RotateWebhook),
    get("/v1/webhooks/{id}/dead", ADMIN, Operation::WebhookDead),
    post("/v1/webhooks/{id}/replay", ADMIN, Operation::ReplayWebhook),
    post(
        "/v1/webhooks/{id}/replay-dead",
        ADMIN,
        Operation::ReplayDead,
    ),
    get("/v1/ledgers", READ, Operation::ListLedgers),
    post("/v1/ledgers", ADMIN, Operation::DeclareLedger),
    get(
        "/v1/transfers/{id}/receipt",
        READ,
        Operation::TransferReceipt,
    ),
    get("/v1/statements", READ, Operation::ListStatements),
    post("/v1/statements", ADMIN, Operation::MakeStatement),
    get("/v1/statements/{number}", READ, Operation::GetStatement),
    get(
        "/v1/statements/{number}/receipts/{line}",
        READ,
        Operation::StatementReceipt,
    ),
    get(
        "/v1/accounts/{id}/balance-proof",
        READ,
        Operation::BalanceProof,
    ),
    get("/v1/accounts/{id}/balance", READ, Operation::BalanceAt),
    get("/log/checkpoint", Access::Open, Operation::LogCheckpoint),
    get("/log/witnessed", Access::Open, Operation::LogWitnessed),
    get("/log/tile/{*path}", Access::Open, Operation::LogTile),
    get(
        "/log/register/demands/{page}",
        Access::Open,
        Operation::RegisterDemands,
    ),
    get(
        "/log/register/disclosures/{page}",
        Access::Open,
        Operation::RegisterDisclosures,
    ),
    post("/v1/admin/clock", ADMIN, Operation::SetClock),
    get("/", Access::Open, Operation::Index),
    get("/verify", Access::Open, Operation::VerifyPage),
    get("/verify.js", Access::Open, Operation::VerifyScript),
    get("/verify.css", Access::Open, Operation::VerifyStyle),
    get("/verify.wasm", Access::Open, Operation::VerifyModule),
    get("/public", Access::Open, Operation::PublicPage),
    get("/public.json", Access::Open, Operation::PublicFacts),
    get("/public.css", Access::Open, Operation::PublicStyle),
    get("/openapi.json", Access::Open, Operation::Document),
    get("/health", Access::Open, Operation::Health),
    get("/ready", Access::Open, Operation::Ready),
    get("/metrics", READ, Operation::Metrics),
];

/// The router of the table.
pub(crate) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in TABLE
        .iter()
        .filter(|route| route.operation.exists_under(app.clock))
    {
        let filter =
            MethodFilter::try_from(route.method.clone()).expect("the table has methods of HTTP");
        let answer = move |State(app): State<Arc<App>>, request: Request| async move {
            answer(&app, Some(route), request).await
        };
        router = router.route(route.path, on(filter, answer));
    }
    router
        .fallback(async |State(app): State<Arc<App>>, request: Request| {
            answer(&app, None, request).await
        })
        .method_not_allowed_fallback(async |State(app): State<Arc<App>>, request: Request| {
            answer(&app, None, request).await
        })
        .with_state(app)
}

/// A request on its way to its answer.
pub(crate) struct Call<'a> {
    pub app: &'a Arc<App>,
    pub head: &'a axum::http::request::Parts,
    pub body: &'a mut Body,
    /// Who calls; `None` where nobody says so, on this machine or of an open route.
    pub caller: Option<Caller>,
}

impl Call<'_> {
    /// Who calls, where somebody has to say so.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| {
            let detail = "The route asks who calls, on this machine too: send `Authorization: \
                          Bearer <token>`.";
            Problem::new(Kind::Unauthorized, detail)
        })
    }
}

/// Lets the request in, has it answered, and counts it. `None` is a path or method that no route
/// has.
async fn answer(app: &Arc<App>, route: Option<&'static Route>, request: Request) -> Response {
    #[expect(
        clippy::disallowed_methods,
        reason = "how long answers take, for metrics alone"
    )]
    let start = Instant::now();
    let (head, mut body) = request.into_parts();
    let access = route.map_or(Access::Open, |route| route.access);
    let answered = match (app.gate.admit(access, &head), route) {
        (Err(problem), _) => Err(problem),
        (Ok(_), None) => Err(no_route(app, &head)),
        (Ok(caller), Some(route)) => {
            let call = Call {
                app,
                head: &head,
                body: &mut body,
                caller,
            };
            api::run(route.operation, call).await
        }
    };
    let response = match answered {
        Ok(response) => response,
        Err(problem) => {
            // Who waits for leave to send the body has not sent it.
            if !body.is_end_stream() && !head.headers.contains_key(header::EXPECT) {
                discard(&mut body).await;
            }
            problem.into_response()
        }
    };
    let operation = route.map(|route| route.operation);
    app.metrics
        .answered(operation, response.status(), start.elapsed());
    response
}

fn no_route(app: &App, head: &axum::http::request::Parts) -> Problem {
    let path = head.uri.path();
    // As the router has it, a path spelled out hides one with parts that vary.
    let spelled_out = TABLE.iter().any(|route| route.path == path);
    let fits = |route: &&Route| {
        let same = if spelled_out {
            route.path == path
        } else {
            matches(route.path, path)
        };
        same && route.operation.exists_under(app.clock)
    };
    let methods: Vec<&str> = TABLE
        .iter()
        .filter(fits)
        .map(|route| route.method.as_str())
        .collect();
    if methods.is_empty() {
        let detail = format!("{:?} is no route; /openapi.json lists all.", echo(path));
        return Problem::new(Kind::RouteNotFound, detail);
    }
    let detail = format!("The route takes {}.", methods.join(" and "));
    Problem::new(Kind::MethodNotAllowed, detail)
}

/// Whether `path` is of the shape `pattern`.
fn matches(pattern: &str, path: &str) -> bool {
    let (mut pattern, mut path) = (pattern.split('/'), path.split('/'));
    loop {
        match (pattern.next(), path.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == part => {}
            (Some(wanted), Some(part)) if wanted.starts_with("{*") => return !part.is_empty(),
            (Some(wanted), Some(part)) if wanted.starts_with('{') && !part.is_empty() => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TABLE, matches};

    #[test]
    fn operations_stand_in_the_order_of_the_table() {
        for (index, route) in TABLE.iter().enumerate() {
            assert_eq!(route.operation as usize, index, "{}", route.path);
        }
    }

    #[test]
    fn shapes() {
        assert!(matches("/v1/accounts/{id}", "/v1/accounts/7") && matches("/", "/"));
        assert!(!matches("/v1/accounts/{id}", "/v1/accounts/"));
        assert!(!matches("/v1/accounts/{id}", "/v1/accounts/7/8"));
        assert!(!matches("/v1/accounts/{id}", "/v1/accounts"));
        assert!(matches("/log/tile/{*path}", "/log/tile/0/000.p/1"));
        assert!(!matches("/log/tile/{*path}", "/log/tile/"));
        assert!(!matches("/log/tile/{*path}", "/log/checkpoint"));
    }
}
