//! Receipts: what shows a stranger that a record is in the log.

use axum::http::{StatusCode, header};
use engine::{Place, ReceiptAnswer};
use proofs::receipt::Receipt;

use super::Answer;
use super::log::{TEXT, signed_books};
use crate::body::{accept, json, plain, with};
use crate::problem::{Kind, Problem, ProblemBody, echo};
use crate::route::Call;
use crate::wire::{SequencedView, U64, parse_u128};

/// Says how good a receipt is: `checkpointed` or `witnessed`.
const STATUS: axum::http::HeaderName = axum::http::HeaderName::from_static("counterfoil-status");

/// The receipt of a transfer.
///
/// A file of C2SP tlog-proof with the record, its way to the root, and a signed checkpoint, whole
/// in itself. The header `Counterfoil-Status` says whether a quorum of witnesses has cosigned it.
#[utoipa::path(
    get, path = "/v1/transfers/{id}/receipt", tag = "transfers",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "The receipt", body = String, content_type = "text/plain",
            headers(("Counterfoil-Status" = String,
                description = "`checkpointed`, or `witnessed` by a quorum"))),
        (status = 202, description = "No checkpoint covers it yet; ask again in a second",
            body = SequencedView, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 404, description = "No transfer has the id, or the books sign no checkpoints",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn transfer_receipt(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let path = call
        .head
        .uri
        .path()
        .strip_suffix("/receipt")
        .unwrap_or_default();
    let id = path_id(path.rsplit('/').next().unwrap_or_default())?;
    signed_books(&call)?;
    let answer = call.app.books.receipt(id).await?;
    receipt(answer, || {
        format!("There is no transfer {id}, or its record was erased.")
    })
}

/// The proof that the draw of a gift was fair, once it has ended.
///
/// Receipts of the gift as it was sent, of every claim, of the seed as it was revealed, and of its
/// end; `counterfoil verify` makes the draw again from them.
#[utoipa::path(
    get, path = "/v1/gifts/{id}/proof", tag = "platform",
    params(("id" = String, Path, description = "Decimal, or 0x hexadecimal")),
    responses(
        (status = 200, description = "The proof", body = String, content_type = "text/plain"),
        (status = 202, description = "No checkpoint covers all of it yet; ask again in a second",
            body = SequencedView, headers(("Retry-After" = u32, description = "Seconds"))),
        (status = 404, description = "There is no such gift, or it has not ended",
            body = ProblemBody, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn gift_proof(call: Call<'_>) -> Answer {
    accept(&call.head.headers, "text/plain")?;
    let path = call
        .head
        .uri
        .path()
        .strip_suffix("/proof")
        .unwrap_or_default();
    let id = path_id(path.rsplit('/').next().unwrap_or_default())?;
    signed_books(&call)?;
    let unknown = || format!("There is no gift {id}, or it has not ended.");
    let Some(answers) = call.app.books.gift_receipts(id).await? else {
        return Err(Problem::new(Kind::NotFound, unknown()));
    };
    let mut files = Vec::with_capacity(answers.len());
    for answer in answers {
        match answer {
            ReceiptAnswer::Checkpointed(receipt) | ReceiptAnswer::Witnessed(receipt) => {
                files.push(receipt.to_bytes());
            }
            other => return receipt(other, unknown),
        }
    }
    Ok(plain(
        StatusCode::OK,
        TEXT,
        proofs::gift::to_bytes(&files).into(),
    ))
}

/// An id in a path.
pub(super) fn path_id(text: &str) -> Result<u128, Problem> {
    parse_u128(text).ok_or_else(|| {
        let detail = format!(
            "{:?} is no id; give it in decimal or 0x hexadecimal.",
            echo(text)
        );
        Problem::new(Kind::InvalidId, detail)
    })
}

/// Answers with a receipt as far as it has come; `unknown` says what is not there.
pub(super) fn receipt(answer: ReceiptAnswer, unknown: impl FnOnce() -> String) -> Answer {
    match answer {
        ReceiptAnswer::Unknown => Err(Problem::new(Kind::NotFound, unknown())),
        ReceiptAnswer::Sequenced(Place { batch, index }) => {
            let view = SequencedView {
                status: "sequenced",
                batch: U64(batch),
                index,
            };
            Ok(with(
                json(StatusCode::ACCEPTED, &view),
                header::RETRY_AFTER,
                "1",
            ))
        }
        ReceiptAnswer::Checkpointed(receipt) => Ok(whole(&receipt, "checkpointed")),
        ReceiptAnswer::Witnessed(receipt) => Ok(whole(&receipt, "witnessed")),
    }
}

fn whole(receipt: &Receipt, status: &'static str) -> axum::response::Response {
    with(
        plain(StatusCode::OK, TEXT, receipt.to_bytes().into()),
        STATUS,
        status,
    )
}
