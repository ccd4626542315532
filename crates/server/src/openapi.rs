//! The OpenAPI document: shapes from the code that reads and writes them, security from the table
//! of routes.

use utoipa::OpenApi;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};

use crate::api;
use crate::app::Clock;
use crate::auth::Scope;
use crate::problem::ProblemBody;
use crate::route::{Access, Route, TABLE};
use crate::wire::Amount;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Counterfoil",
        description = "A durable payment ledger. Whatever is answered has been written to disk. \
            Every refusal is `application/problem+json` and says what was wrong, where, and what \
            would be right."
    ),
    paths(
        api::create_accounts,
        api::create_transfers,
        api::lookup_accounts,
        api::lookup_transfers,
        api::query_accounts,
        api::query_transfers,
        api::account_transfers,
        api::account_balances,
        api::get_account,
        api::get_transfer,
        api::erased_transfers,
        api::run_commands,
        api::create_orders,
        api::get_objects,
        api::get_chart,
        api::add_listings,
        api::search_listings,
        api::get_listing,
        api::set_listing,
        api::keep_personal,
        api::show_personal,
        api::erase_personal,
        api::me,
        api::my_personal,
        api::my_lookups,
        api::my_lookup_receipt,
        api::my_disclosures,
        api::my_rows,
        api::trial_balance,
        api::gift_proof,
        api::get_events,
        api::create_webhook,
        api::list_webhooks,
        api::get_webhook,
        api::pause_webhook,
        api::resume_webhook,
        api::remove_webhook,
        api::rotate_webhook,
        api::webhook_dead,
        api::replay_webhook,
        api::replay_dead,
        api::list_ledgers,
        api::declare_ledger,
        api::transfer_receipt,
        api::enter_rules,
        api::list_rules,
        api::get_rules,
        api::get_findings,
        api::enter_document,
        api::get_document,
        api::get_mandate,
        api::get_decision,
        api::receive_demand,
        api::list_demands,
        api::get_demand,
        api::get_scope,
        api::narrow_demand,
        api::answer_demand,
        api::total_demand,
        api::demand_receipt,
        api::disclosure_receipt,
        api::list_statements,
        api::make_statement,
        api::get_statement,
        api::statement_receipt,
        api::balance_proof,
        api::balance_at,
        api::log_checkpoint,
        api::log_witnessed,
        api::log_tile,
        api::register_demands,
        api::register_disclosures,
        api::set_clock,
        api::index,
        api::verify_page,
        api::verify_script,
        api::verify_style,
        api::verify_module,
        api::public_page,
        api::public_facts,
        api::public_style,
        api::document,
        api::health,
        api::ready,
        api::metrics,
    ),
    components(schemas(ProblemBody, Amount))
)]
struct Document;

const SCHEME: &str = "token";

/// The OpenAPI 3.1 document of all routes there are under this clock, as JSON.
pub fn document(clock: Clock) -> String {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_default();
    let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    components
        .security_schemes
        .insert(SCHEME.to_owned(), scheme.into());
    for route in &TABLE {
        if !route.operation.exists_under(clock) {
            document.paths.paths.remove(&route.template());
        } else if let Some(operation) =
            operation(document.paths.paths.get_mut(&route.template()), route)
        {
            secure(operation, route.access);
        }
    }
    document.to_json().expect("the document is plain JSON")
}

fn operation<'a>(path: Option<&'a mut PathItem>, route: &Route) -> Option<&'a mut Operation> {
    let path = path?;
    let operation = match route.method.as_str() {
        "GET" => &mut path.get,
        "PUT" => &mut path.put,
        "DELETE" => &mut path.delete,
        _ => &mut path.post,
    };
    operation.as_mut()
}

fn secure(operation: &mut Operation, access: Access) {
    operation.security = Some(match access {
        Access::Open => Vec::new(),
        // Any scope, as long as the token is bound to a party.
        Access::Person => vec![SecurityRequirement::new(SCHEME, [Scope::Person.name()])],
        Access::Needs(scope) => vec![SecurityRequirement::new(SCHEME, [scope.name()])],
    });
}

#[cfg(test)]
mod tests {
    use super::document;
    use crate::app::Clock;
    use crate::route::{Access, TABLE};
    use serde_json::Value;

    fn parsed(clock: Clock) -> Value {
        serde_json::from_str(&document(clock)).expect("it is JSON")
    }

    #[test]
    fn every_route_is_documented_and_nothing_else() {
        for clock in [Clock::System, Clock::Manual] {
            let document = parsed(clock);
            assert_eq!(document["openapi"], "3.1.0");
            let mut documented: Vec<(String, String)> = Vec::new();
            for (path, item) in document["paths"].as_object().expect("paths") {
                for method in item.as_object().expect("methods").keys() {
                    documented.push((path.clone(), method.to_uppercase()));
                }
            }
            documented.sort();
            let mut routes: Vec<_> = TABLE
                .iter()
                .filter(|route| route.operation.exists_under(clock))
                .map(|route| (route.template(), route.method.to_string()))
                .collect();
            routes.sort();
            assert_eq!(documented, routes);
        }
    }

    #[test]
    fn security_is_that_of_the_table() {
        let document = parsed(Clock::Manual);
        for route in &TABLE {
            let method = route.method.as_str().to_lowercase();
            let operation = &document["paths"][route.template()][method];
            let expected = match route.access {
                Access::Open => serde_json::json!([]),
                Access::Person => serde_json::json!([{ "token": ["person"] }]),
                Access::Needs(scope) => serde_json::json!([{ "token": [scope.name()] }]),
            };
            assert_eq!(operation["security"], expected, "{}", route.path);
            assert!(operation["summary"].is_string(), "{}", route.path);
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        fn walk(value: &Value, seen: &mut Vec<String>) {
            match value {
                Value::Object(fields) => {
                    let reference = fields.get("$ref").and_then(Value::as_str);
                    seen.extend(reference.map(str::to_owned));
                    fields.values().for_each(|value| walk(value, seen));
                }
                Value::Array(items) => items.iter().for_each(|value| walk(value, seen)),
                _ => {}
            }
        }
        let document = parsed(Clock::Manual);
        let mut references = Vec::new();
        walk(&document, &mut references);
        assert!(references.len() > 20);
        for reference in references {
            let pointer = reference.trim_start_matches('#');
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
    }
}
