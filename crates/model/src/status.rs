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
        IdMustNotBeOwn = 200 "id_must_not_be_own" "The id is one of those that the books give their own transfers.",
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
        DebitAccountIsKept = 201 "debit_account_is_kept" "The debit account is one of the chart: commands move it.",
        CreditAccountIsKept = 202 "credit_account_is_kept" "The credit account is one of the chart: commands move it.",
        RefusedByRule = 203 "refused_by_rule" "A rule or a decision forbids it.",
        HeldForReview = 204 "held_for_review" "A rule holds it until somebody has looked at it.",
        FindingsFull = 205 "findings_full" "Too many payments beside it have to be reported: send it again.",
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

statuses! {
    /// What became of a command, in order of precedence. Names and numbers are stable: numbers are
    /// only added.
    CommandStatus {
        IdMustNotBeZero = 1 "id_must_not_be_zero" "The id is 0.",
        IdMustNotBeIntMax = 2 "id_must_not_be_int_max" "The id is 2^128-1.",
        ExistsWithDifferentContent = 3 "exists_with_different_content" "A command with this id was carried out before, and asked for something else.",
        Exists = 4 "exists" "The same command was carried out before; this is its answer.",
        LegsNotTaken = 5 "legs_not_taken" "The act has no parts.",
        LegsMustNotBeEmpty = 6 "legs_must_not_be_empty" "The act needs at least one part.",
        TooManyLegs = 7 "too_many_legs" "The act has more parts than it may.",
        LinkedOrderDiffers = 8 "linked_order_differs" "Lines that are linked name another order, buyer, ledger or flags.",
        LinkedOrderOpen = 9 "linked_order_open" "The batch ends within an order.",
        LinkedOrderFailed = 10 "linked_order_failed" "Another line of the order was refused.",
        ValueOutOfRange = 20 "value_out_of_range" "A field has a value without a meaning.",
        AmountMustNotBeZero = 21 "amount_must_not_be_zero" "The amount is 0.",
        AmountTooLarge = 22 "amount_too_large" "The amount, or what it adds up to, passes what can be counted.",
        LedgerNotDeclared = 23 "ledger_not_declared" "The ledger has no currency yet.",
        PartiesMustBeDifferent = 24 "parties_must_be_different" "Both sides are the same party.",
        PartyNotFound = 30 "party_not_found" "No party has this id.",
        PartyExists = 31 "party_exists" "A party with this id was opened by another command.",
        PartyClosed = 32 "party_closed" "The party is closed.",
        PartyFrozen = 33 "party_frozen" "The party is frozen.",
        PartyNotMerchant = 34 "party_not_merchant" "The party is no merchant.",
        PartyHasBalances = 35 "party_has_balances" "An account of the party does not stand at zero.",
        PartyDataErased = 36 "party_data_erased" "The personal data of the party were erased.",
        PartyDataNotKept = 37 "party_data_not_kept" "The vault has no personal data of the party.",
        PartyFrozenByDecision = 38 "party_frozen_by_decision" "A decision of an authority has the party frozen.",
        ChartRoleMissing = 40 "chart_role_missing" "The chart has no account for what is asked.",
        ChartRoleTaken = 41 "chart_role_taken" "Another line of the chart has this role.",
        ChartLineNotFound = 42 "chart_line_not_found" "The chart has no line with this code.",
        ChartLineInUse = 43 "chart_line_in_use" "The line has another role, class or flags already.",
        ChartParentNotFound = 44 "chart_parent_not_found" "The chart has no line with the code of the parent, or it would sum up itself.",
        AccountIdTaken = 45 "account_id_taken" "Another account has the id that the party's account would have.",
        AccountNotFound = 46 "account_not_found" "There is no such account.",
        AccountNotAtZero = 47 "account_not_at_zero" "The account does not stand at zero.",
        AccountClosed = 48 "account_closed" "The account is closed.",
        AccountIsHeld = 49 "account_is_held" "The account's balance is what open business adds up to.",
        FeeNotFound = 50 "fee_not_found" "There is no such fee.",
        FeeOfOtherLedger = 51 "fee_of_other_ledger" "The fee is of another ledger.",
        FeeExceedsAmount = 52 "fee_exceeds_amount" "The fee is more than the amount that it is taken of.",
        FeeTiersMustRise = 53 "fee_tiers_must_rise" "The tier does not lie above the one before.",
        TooManyTiers = 54 "too_many_tiers" "The fee has as many tiers as it may.",
        CalendarNotFound = 55 "calendar_not_found" "There is no such calendar.",
        DayNotOver = 56 "day_not_over" "The day has not ended yet.",
        DayClosed = 57 "day_closed" "The day, or a later one, is closed already.",
        DayInThePast = 58 "day_in_the_past" "The day has begun already.",
        LedgersDiffer = 59 "ledgers_differ" "What is named is of another ledger.",
        PaymentNotFound = 60 "payment_not_found" "There is no such payment.",
        PaymentNotSharing = 61 "payment_not_sharing" "The payment is not one to be shared out, or not any more.",
        ExceedsShareLimit = 62 "exceeds_share_limit" "More than may be shared out.",
        TooManyReceivers = 63 "too_many_receivers" "It would be shared out to more than 50.",
        ExceedsRefundable = 64 "exceeds_refundable" "More than is left of what was paid.",
        HoldNotFound = 65 "hold_not_found" "There is no such hold.",
        HoldEnded = 66 "hold_ended" "The hold has ended: captured, released or expired.",
        ExceedsHeld = 67 "exceeds_held" "More than is held.",
        RequestNotFound = 68 "request_not_found" "There is no such payment request.",
        RequestEnded = 69 "request_ended" "The request has ended: paid, cancelled or expired.",
        RequestOfOther = 70 "request_of_other" "The request is for another payer.",
        ScheduleNotFound = 71 "schedule_not_found" "There is no such standing order.",
        ScheduleEnded = 72 "schedule_ended" "The standing order has ended.",
        FundingNotTaken = 73 "funding_not_taken" "The money cannot come from there.",
        RateMustNotBeZero = 74 "rate_must_not_be_zero" "The rate is 0, or what is got for it.",
        ChargebackNotFound = 80 "chargeback_not_found" "There is no such chargeback.",
        ChargebackEnded = 81 "chargeback_ended" "The chargeback has ended, or is past this step.",
        ExceedsDisputable = 82 "exceeds_disputable" "More than is left to be disputed.",
        ListingNotFound = 90 "listing_not_found" "There is no such listing.",
        ListingWithdrawn = 91 "listing_withdrawn" "The listing is withdrawn.",
        ListingOfOther = 92 "listing_of_other" "The listing is another seller's, or of another ledger.",
        ListingPriceDiffers = 93 "listing_price_differs" "The amount is not the price times the quantity.",
        OutOfStock = 94 "out_of_stock" "There are not so many left.",
        TooManyListings = 95 "too_many_listings" "The books have as many listings as they can.",
        OrderNotFound = 100 "order_not_found" "There is no such order or line.",
        OrderNotPayable = 101 "order_not_payable" "The order is paid in full, or closed.",
        ExceedsDue = 102 "exceeds_due" "More than is due.",
        OrderNotPaid = 103 "order_not_paid" "The order is not paid in full yet.",
        OrderNotShippable = 104 "order_not_shippable" "The order was shipped already, or closed.",
        OrderNotShipped = 105 "order_not_shipped" "The order was not shipped yet.",
        OrderShipped = 106 "order_shipped" "The order was shipped: claim, or refund it.",
        OrderClosed = 107 "order_closed" "The order is closed.",
        OrderFinished = 108 "order_finished" "The seller has the money: refund it.",
        OrderNotFinished = 109 "order_not_finished" "The seller has not got the money yet: cancel, or claim.",
        ClaimTooEarly = 110 "claim_too_early" "The seller has 24 hours to ship it.",
        ClaimIsOpen = 111 "claim_is_open" "A claim is open: it has to be decided first.",
        ClaimNotOpen = 112 "claim_not_open" "No claim is open.",
        ExceedsClaimable = 113 "exceeds_claimable" "More than is held for it.",
        GiftNotFound = 120 "gift_not_found" "There is no such gift.",
        GiftEnded = 121 "gift_ended" "The gift has ended.",
        GiftTaken = 122 "gift_taken" "This party has claimed its part already.",
        GiftTooSmall = 123 "gift_too_small" "There is less than one minor unit for each part.",
        GiftSeedMustNotBeZero = 124 "gift_seed_must_not_be_zero" "The seed is 0.",
        InsufficientFunds = 200 "insufficient_funds" "There is not that much.",
        TransferRefused = 201 "transfer_refused" "A transfer was refused by the ledger.",
        RefusedByRule = 210 "refused_by_rule" "A rule forbids it.",
        HeldForReview = 211 "held_for_review" "A rule holds it until somebody has looked at it.",
        FindingsFull = 212 "findings_full" "Too many payments beside it have to be reported: ask again.",
        FindingNotFound = 213 "finding_not_found" "There is no such finding that is held for review.",
        Created = 0xffff_ffff "created" "It was carried out.",
    }
}
