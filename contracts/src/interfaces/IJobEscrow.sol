// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPermit} from "./IPermit.sol";

/// @title Job escrow
/// @notice Holds each job's price ceiling from acceptance of the quote until the job is settled. What verified frames cost
/// moves to Payouts; the rest goes back to the artist. No path pays out more than the job was funded with.
/// @dev Every artist's step is an EIP-712 message that anybody may relay, except the funding, so an artist needs no gas.
/// Domain: name "Heliostat JobEscrow", version "1", the chain, this contract.
interface IJobEscrow is IPermit {
    /// @notice Where a job's money stands.
    /// @dev None: never funded. Funded: waiting for delivery. Delivered: waiting for the artist or the end of the window.
    /// Accepted: the artist signed. Closed: nothing is left here; final.
    enum State {
        None,
        Funded,
        Delivered,
        Accepted,
        Closed
    }

    /// @notice The artist accepts a quote: its ceiling is to be held for the job.
    /// @param jobId Names the job; can be funded once, ever.
    /// @param artist Who pays and signs.
    /// @param amount Ceiling, base units.
    /// @param quoteHash Digest of the quote that was accepted.
    /// @param deadline Unix seconds after which the message is void.
    struct Funding {
        bytes32 jobId;
        address artist;
        uint256 amount;
        bytes32 quoteHash;
        uint256 deadline;
    }

    /// @notice The artist raises the ceiling of a job that isn't delivered.
    /// @param fundedBefore What the job holds before; makes the message good for one use.
    struct TopUp {
        bytes32 jobId;
        address artist;
        uint256 amount;
        uint256 fundedBefore;
        uint256 deadline;
    }

    /// @notice The artist agrees to a delivery as the operator recorded it.
    /// @param deliveryRoot What was delivered.
    /// @param amount What it costs, base units: the job's payable amount at that time.
    struct Acceptance {
        bytes32 jobId;
        bytes32 deliveryRoot;
        uint256 amount;
    }

    /// @notice The artist disputes some frames of a delivery.
    /// @param framesHash Digest of the frames and reasons.
    /// @param amount What those frames cost: held until an arbiter decides.
    struct BadResult {
        bytes32 jobId;
        bytes32 deliveryRoot;
        bytes32 framesHash;
        uint256 amount;
        uint256 deadline;
    }

    /// @notice The artist takes back what a vanished operator left.
    /// @param to Who receives it.
    struct Reclaim {
        bytes32 jobId;
        address to;
        uint256 deadline;
    }

    /// @notice One job's money, base units, and times, Unix seconds.
    /// @param artist Who funded it and gets the rest back.
    /// @param state Where it stands.
    /// @param deliveries How often the operator recorded a delivery.
    /// @param fundedAt Time of the last funding.
    /// @param deliveredAt Time of the last recorded delivery.
    /// @param funded All that the artist paid in.
    /// @param spent What moved to Payouts.
    /// @param payable_ What the delivery costs: the most that `spent` can reach.
    /// @param held The part of `payable_` under dispute.
    /// @param quoteHash The accepted quote.
    /// @param deliveryRoot The last recorded delivery.
    /// @param fundedBlock Block of the first funding, to find its event.
    /// @param deliveredBlock Block of the last recorded delivery.
    /// @param settledBlock Block of the last settlement.
    /// @param closedBlock Block of the refund.
    struct Job {
        address artist;
        State state;
        uint8 deliveries;
        uint40 fundedAt;
        uint40 deliveredAt;
        uint128 funded;
        uint128 spent;
        uint128 payable_;
        uint128 held;
        bytes32 quoteHash;
        bytes32 deliveryRoot;
        uint64 fundedBlock;
        uint64 deliveredBlock;
        uint64 settledBlock;
        uint64 closedBlock;
    }

    /// @notice A job was funded.
    event Funded(bytes32 indexed jobId, address indexed artist, uint256 amount, bytes32 quoteHash);
    /// @notice A job's ceiling was raised to `funded`.
    event ToppedUp(bytes32 indexed jobId, uint256 amount, uint256 funded);
    /// @notice The operator recorded a delivery that costs `amount`; the dispute window starts.
    event Delivered(bytes32 indexed jobId, bytes32 deliveryRoot, uint256 amount);
    /// @notice The artist agreed to the delivery.
    event Accepted(bytes32 indexed jobId, bytes32 deliveryRoot, uint256 amount);
    /// @notice `amount` moved to Payouts, which brings the job to `spent`.
    event Settled(bytes32 indexed jobId, uint256 amount, uint256 spent);
    /// @notice The artist disputed frames that cost `amount`.
    event Disputed(bytes32 indexed jobId, bytes32 framesHash, uint256 amount);
    /// @notice An arbiter decided: `refunded` of the held amount goes back to the artist, the rest is payable.
    event Resolved(bytes32 indexed jobId, uint256 refunded, uint256 payableNow);
    /// @notice The job is closed; `amount` went to `to`.
    event Refunded(bytes32 indexed jobId, address indexed to, uint256 amount);

    /// @notice The job was funded before.
    error AlreadyFunded(bytes32 jobId);
    /// @notice The job's state doesn't allow this step.
    error WrongState(bytes32 jobId, State state);
    /// @notice The signature isn't the artist's.
    error WrongSigner(bytes32 jobId, address expected);
    /// @notice The message's deadline has passed.
    error Expired(uint256 deadline);
    /// @notice The message was made for another moment: the job holds another amount by now.
    error StaleTopUp(uint256 fundedBefore, uint256 funded);
    /// @notice The signed message was used before.
    error Replayed(bytes32 digest);
    /// @notice The token moved another amount than asked: it takes a fee, which escrow can't work with.
    error WrongAmountReceived(uint256 expected, uint256 received);
    /// @notice More than the job's ceiling.
    error OverCeiling(uint256 amount, uint256 funded);
    /// @notice More than the delivery costs less what is held.
    error OverPayable(uint256 amount, uint256 payableNow);
    /// @notice Less than already moved or held.
    error BelowSpent(uint256 amount, uint256 spent);
    /// @notice The delivery named isn't the recorded one.
    error WrongDelivery(bytes32 deliveryRoot, bytes32 recorded);
    /// @notice Too many deliveries were recorded for one job.
    error TooManyDeliveries(bytes32 jobId);
    /// @notice The artist hasn't accepted and the dispute window is open until then.
    error WindowOpen(uint256 until);
    /// @notice The dispute window ended then.
    error WindowClosed(uint256 ended);
    /// @notice A bad-result claim is open.
    error ClaimOpen(bytes32 jobId, uint256 held);
    /// @notice No bad-result claim is open.
    error NoClaim(bytes32 jobId);
    /// @notice The artist can't take the money back before then.
    error TooEarly(uint256 until);
    /// @notice Neither an operator nor the job's artist.
    error NotAllowed(address caller);
    /// @notice An argument that must not be zero is zero.
    error ZeroValue();

    /// @notice Takes the ceiling from the artist, with an ERC-2612 permit where there's no allowance yet. Operator only: if
    /// anybody could, whoever watches the pool could take a job's name first, with a job of one base unit of their own.
    function fund(Funding calldata funding, bytes calldata signature, Permit calldata permit) external;

    /// @notice Raises the ceiling of a funded job.
    function topUp(TopUp calldata more, bytes calldata signature, Permit calldata permit) external;

    /// @notice Records that the job was delivered and costs `amount`. Operator only. Again only while nothing is accepted,
    /// moved or held; that starts the window anew.
    function markDelivered(bytes32 jobId, bytes32 deliveryRoot, uint256 amount) external;

    /// @notice Moves `cumulative - spent` to Payouts. Operator only; with the artist's signed Acceptance, or after the
    /// dispute window. The same cumulative again moves nothing.
    /// @param acceptance The artist's signature over Acceptance, or empty.
    function settle(bytes32 jobId, uint256 cumulative, bytes calldata acceptance) external;

    /// @notice Holds back what disputed frames cost. Relayed; inside the window.
    function dispute(BadResult calldata claim, bytes calldata signature) external;

    /// @notice Decides the open bad-result claim: `refunded` of it isn't payable any more. Arbiter only.
    function resolve(bytes32 jobId, uint256 refunded) external;

    /// @notice Closes the job and returns what hasn't moved. By the operator when the job is settled or cancelled; by the
    /// artist alone `reclaimDelay` after the last funding or delivery.
    /// @return amount Base units returned.
    function refund(bytes32 jobId) external returns (uint256 amount);

    /// @notice The artist's refund after `reclaimDelay`, relayed.
    function reclaim(Reclaim calldata message, bytes calldata signature) external returns (uint256 amount);

    /// @notice One job's money.
    function job(bytes32 jobId) external view returns (Job memory);
}
