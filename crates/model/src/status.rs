/// Makes a status enum from its table, which stands in order of precedence: where an event could
/// be refused for several reasons, the first of them is the answer.
macro_rules! statuses {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal $text:literal $sentence:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        #[repr(u32)]
        pub enum $name {
            $(#[doc = $sentence] $variant = $code,)*
        }

        impl $name {
            /// All of them, in order of precedence; [`Self::Created`] is the last.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The published number.
            pub const fn code(self) -> u32 {
                self as u32
            }

            /// The published name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// What it says, in a sentence.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence,)* }
            }

            /// The status with this number.
            pub const fn from_code(code: u32) -> Option<Self> {
                match code { $($code => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

statuses! {
    /// What became of an account to be created. Published names and numbers of TigerBeetle.
    CreateAccountStatus {
        LinkedEventFailed = 1 "linked_event_failed" "Another event of its chain failed.",
        LinkedEventChainOpen = 2 "linked_event_chain_open" "The batch ends within its chain.",
        ImportedEventExpected = 22 "imported_event_expected" "The batch is imported, this event is not.",
        ImportedEventNotExpected = 23 "imported_event_not_expected" "The batch is not imported, this event is.",
        TimestampMustBeZero = 3 "timestamp_must_be_zero" "Only imported events bring a timestamp.",
        ImportedEventTimestampOutOfRange = 24 "imported_event_timestamp_out_of_range" "The timestamp is 0, or 2^63 or more.",
        ImportedEventTimestampMustNotAdvance = 25 "imported_event_timestamp_must_not_advance" "The timestamp is not in the past.",
        ReservedField = 4 "reserved_field" "`reserved` is not 0.",
        ReservedFlag = 5 "reserved_flag" "A flag without meaning is set.",
        IdMustNotBeZero = 6 "id_must_not_be_zero" "The id is 0.",
        IdMustNotBeIntMax = 7 "id_must_not_be_int_max" "The id is 2^128-1.",
        ExistsWithDifferentFlags = 15 "exists_with_different_flags" "It exists already, with another `flags`.",
        ExistsWithDifferentUserData128 = 16 "exists_with_different_user_data_128" "It exists already, with another `user_data_128`.",
        ExistsWithDifferentUserData64 = 17 "exists_with_different_user_data_64" "It exists already, with another `user_data_64`.",
        ExistsWithDifferentUserData32 = 18 "exists_with_different_user_data_32" "It exists already, with another `user_data_32`.",
        ExistsWithDifferentLedger = 19 "exists_with_different_ledger" "It exists already, with another `ledger`.",
        ExistsWithDifferentCode = 20 "exists_with_different_code" "It exists already, with another `code`.",
        Exists = 21 "exists" "It exists already, with the same content.",
        FlagsAreMutuallyExclusive = 8 "flags_are_mutually_exclusive" "Two flags exclude each other.",
        DebitsPendingMustBeZero = 9 "debits_pending_must_be_zero" "`debits_pending` is not 0.",
        DebitsPostedMustBeZero = 10 "debits_posted_must_be_zero" "`debits_posted` is not 0.",
        CreditsPendingMustBeZero = 11 "credits_pending_must_be_zero" "`credits_pending` is not 0.",
        CreditsPostedMustBeZero = 12 "credits_posted_must_be_zero" "`credits_posted` is not 0.",
        LedgerMustNotBeZero = 13 "ledger_must_not_be_zero" "`ledger` is 0.",
        CodeMustNotBeZero = 14 "code_must_not_be_zero" "`code` is 0.",
        ImportedEventTimestampMustNotRegress = 26 "imported_event_timestamp_must_not_regress" "The timestamp is not later than the last one of its kind.",
        Created = 0xffff_ffff "created" "It was created.",
    }
}

statuses! {
    /// What became of a transfer to be created. Published names and numbers of TigerBeetle.
    CreateTransferStatus {
        LinkedEventFailed = 1 "linked_event_failed" "Another event of its chain failed.",
        LinkedEventChainOpen = 2 "linked_event_chain_open" "The batch ends within its chain.",
        ImportedEventExpected = 56 "imported_event_expected" "The batch is imported, this event is not.",
        ImportedEventNotExpected = 57 "imported_event_not_expected" "The batch is not imported, this event is.",
        TimestampMustBeZero = 3 "timestamp_must_be_zero" "Only imported events bring a timestamp.",
        ImportedEventTimestampOutOfRange = 58 "imported_event_timestamp_out_of_range" "The timestamp is 0, or 2^63 or more.",
        ImportedEventTimestampMustNotAdvance = 59 "imported_event_timestamp_must_not_advance" "The timestamp is not in the past.",
        ReservedFlag = 4 "reserved_flag" "A flag without meaning is set.",
        IdMustNotBeZero = 5 "id_must_not_be_zero" "The id is 0.",
        IdMustNotBeIntMax = 6 "id_must_not_be_int_max" "The id is 2^128-1.",
        ExistsWithDifferentFlags = 36 "exists_with_different_flags" "It exists already, with another `flags`.",
        ExistsWithDifferentPendingId = 40 "exists_with_different_pending_id" "It exists already, with another `pending_id`.",
        ExistsWithDifferentTimeout = 44 "exists_with_different_timeout" "It exists already, with another `timeout`.",
        ExistsWithDifferentDebitAccountId = 37 "exists_with_different_debit_account_id" "It exists already, with another `debit_account_id`.",
        ExistsWithDifferentCreditAccountId = 38 "exists_with_different_credit_account_id" "It exists already, with another `credit_account_id`.",
        ExistsWithDifferentAmount = 39 "exists_with_different_amount" "It exists already, with another `amount`.",
        ExistsWithDifferentUserData128 = 41 "exists_with_different_user_data_128" "It exists already, with another `user_data_128`.",
        ExistsWithDifferentUserData64 = 42 "exists_with_different_user_data_64" "It exists already, with another `user_data_64`.",
        ExistsWithDifferentUserData32 = 43 "exists_with_different_user_data_32" "It exists already, with another `user_data_32`.",
        ExistsWithDifferentLedger = 67 "exists_with_different_ledger" "It exists already, with another `ledger`.",
        ExistsWithDifferentCode = 45 "exists_with_different_code" "It exists already, with another `code`.",
        Exists = 46 "exists" "It exists already, with the same content.",
        IdAlreadyFailed = 68 "id_already_failed" "A transfer with this id failed before for a transient reason.",
        FlagsAreMutuallyExclusive = 7 "flags_are_mutually_exclusive" "Two flags exclude each other.",
        DebitAccountIdMustNotBeZero = 8 "debit_account_id_must_not_be_zero" "`debit_account_id` is 0.",
        DebitAccountIdMustNotBeIntMax = 9 "debit_account_id_must_not_be_int_max" "`debit_account_id` is 2^128-1.",
        CreditAccountIdMustNotBeZero = 10 "credit_account_id_must_not_be_zero" "`credit_account_id` is 0.",
        CreditAccountIdMustNotBeIntMax = 11 "credit_account_id_must_not_be_int_max" "`credit_account_id` is 2^128-1.",
        AccountsMustBeDifferent = 12 "accounts_must_be_different" "Debit and credit account are the same.",
        PendingIdMustBeZero = 13 "pending_id_must_be_zero" "Only a post or a void names a pending transfer.",
        PendingIdMustNotBeZero = 14 "pending_id_must_not_be_zero" "`pending_id` is 0.",
        PendingIdMustNotBeIntMax = 15 "pending_id_must_not_be_int_max" "`pending_id` is 2^128-1.",
        PendingIdMustBeDifferent = 16 "pending_id_must_be_different" "It names itself as its pending transfer.",
        TimeoutReservedForPendingTransfer = 17 "timeout_reserved_for_pending_transfer" "Only a pending transfer has a timeout.",
        ClosingTransferMustBePending = 64 "closing_transfer_must_be_pending" "An account is closed by a pending transfer only.",
        LedgerMustNotBeZero = 19 "ledger_must_not_be_zero" "`ledger` is 0.",
        CodeMustNotBeZero = 20 "code_must_not_be_zero" "`code` is 0.",
        DebitAccountNotFound = 21 "debit_account_not_found" "No account has the id of the debit account.",
        CreditAccountNotFound = 22 "credit_account_not_found" "No account has the id of the credit account.",
        AccountsMustHaveTheSameLedger = 23 "accounts_must_have_the_same_ledger" "The two accounts are on different ledgers.",
        TransferMustHaveTheSameLedgerAsAccounts = 24 "transfer_must_have_the_same_ledger_as_accounts" "The accounts are on another ledger.",
        PendingTransferNotFound = 25 "pending_transfer_not_found" "No transfer has the id `pending_id`.",
        PendingTransferNotPending = 26 "pending_transfer_not_pending" "The transfer `pending_id` is not a pending one.",
        PendingTransferHasDifferentDebitAccountId = 27 "pending_transfer_has_different_debit_account_id" "The pending transfer has another `debit_account_id`.",
        PendingTransferHasDifferentCreditAccountId = 28 "pending_transfer_has_different_credit_account_id" "The pending transfer has another `credit_account_id`.",
        PendingTransferHasDifferentLedger = 29 "pending_transfer_has_different_ledger" "The pending transfer has another `ledger`.",
        PendingTransferHasDifferentCode = 30 "pending_transfer_has_different_code" "The pending transfer has another `code`.",
        ExceedsPendingTransferAmount = 31 "exceeds_pending_transfer_amount" "More than the pending transfer reserved.",
        PendingTransferHasDifferentAmount = 32 "pending_transfer_has_different_amount" "A void takes the whole amount.",
        PendingTransferAlreadyPosted = 33 "pending_transfer_already_posted" "It was posted before.",
        PendingTransferAlreadyVoided = 34 "pending_transfer_already_voided" "It was voided before.",
        PendingTransferExpired = 35 "pending_transfer_expired" "It expired before.",
        ImportedEventTimestampMustNotRegress = 60 "imported_event_timestamp_must_not_regress" "The timestamp is not later than the last one of its kind.",
        ImportedEventTimestampMustPostdateDebitAccount = 61 "imported_event_timestamp_must_postdate_debit_account" "The debit account is not older.",
        ImportedEventTimestampMustPostdateCreditAccount = 62 "imported_event_timestamp_must_postdate_credit_account" "The credit account is not older.",
        ImportedEventTimeoutMustBeZero = 63 "imported_event_timeout_must_be_zero" "An imported transfer has no timeout.",
        DebitAccountAlreadyClosed = 65 "debit_account_already_closed" "The debit account is closed.",
        CreditAccountAlreadyClosed = 66 "credit_account_already_closed" "The credit account is closed.",
        OverflowsDebitsPending = 47 "overflows_debits_pending" "The sum of debits pending would pass 2^128-1.",
        OverflowsCreditsPending = 48 "overflows_credits_pending" "The sum of credits pending would pass 2^128-1.",
        OverflowsDebitsPosted = 49 "overflows_debits_posted" "The sum of debits posted would pass 2^128-1.",
        OverflowsCreditsPosted = 50 "overflows_credits_posted" "The sum of credits posted would pass 2^128-1.",
        OverflowsDebits = 51 "overflows_debits" "The sum of debits would pass 2^128-1.",
        OverflowsCredits = 52 "overflows_credits" "The sum of credits would pass 2^128-1.",
        OverflowsTimeout = 53 "overflows_timeout" "It would expire past the end of time.",
        ExceedsCredits = 54 "exceeds_credits" "The debit account does not have that much.",
        ExceedsDebits = 55 "exceeds_debits" "The credit account does not owe that much.",
        Created = 0xffff_ffff "created" "It was created.",
    }
}

impl CreateTransferStatus {
    /// Whether the same transfer might have succeeded at another time. Such a refusal burns the
    /// id: a retry that overtakes its cause can then never move money twice.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::DebitAccountNotFound
                | Self::CreditAccountNotFound
                | Self::PendingTransferNotFound
                | Self::DebitAccountAlreadyClosed
                | Self::CreditAccountAlreadyClosed
                | Self::ExceedsCredits
                | Self::ExceedsDebits
        )
    }
}
