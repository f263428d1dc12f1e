// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IJobEscrow} from "./interfaces/IJobEscrow.sol";

/// @title Job escrow
/// @notice See IJobEscrow, which specifies it.
contract JobEscrow is IJobEscrow, EIP712, AccessControl, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice Names jobs: relays their funding, records deliveries, settles and refunds.
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// @notice Decides bad-result claims.
    bytes32 public constant ARBITER_ROLE = keccak256("ARBITER_ROLE");
    /// @notice May stop new money from coming in and settlements from moving it; never refunds or disputes.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Bounds how long repeated deliveries can keep an artist's money here.
    uint8 public constant MAX_DELIVERIES = 16;

    bytes32 private constant FUNDING_TYPEHASH =
        keccak256("Funding(bytes32 jobId,address artist,uint256 amount,bytes32 quoteHash,uint256 deadline)");
    bytes32 private constant TOPUP_TYPEHASH =
        keccak256("TopUp(bytes32 jobId,address artist,uint256 amount,uint256 fundedBefore,uint256 deadline)");
    bytes32 private constant ACCEPTANCE_TYPEHASH =
        keccak256("Acceptance(bytes32 jobId,bytes32 deliveryRoot,uint256 amount)");
    bytes32 private constant BADRESULT_TYPEHASH = keccak256(
        "BadResult(bytes32 jobId,bytes32 deliveryRoot,bytes32 framesHash,uint256 amount,uint256 deadline)"
    );
    bytes32 private constant RECLAIM_TYPEHASH = keccak256("Reclaim(bytes32 jobId,address to,uint256 deadline)");

    /// @notice The token that everything is paid in.
    IERC20 public immutable token;
    /// @notice Where spent money goes.
    address public immutable payouts;
    /// @notice Seconds in which the artist can dispute a delivery.
    uint256 public immutable disputeWindow;
    /// @notice Seconds of an operator's silence after which the artist can take the money back.
    uint256 public immutable reclaimDelay;

    mapping(bytes32 jobId => Job) private _jobs;
    mapping(bytes32 digest => bool) private _used;

    constructor(IERC20 token_, address payouts_, address admin, uint256 disputeWindow_, uint256 reclaimDelay_)
        EIP712("Heliostat JobEscrow", "1")
    {
        if (address(token_) == address(0) || payouts_ == address(0) || admin == address(0)) revert ZeroValue();
        if (disputeWindow_ == 0 || reclaimDelay_ == 0) revert ZeroValue();
        token = token_;
        payouts = payouts_;
        disputeWindow = disputeWindow_;
        reclaimDelay = reclaimDelay_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, admin);
        _grantRole(ARBITER_ROLE, admin);
        _grantRole(GUARDIAN_ROLE, admin);
    }

    /// @inheritdoc IJobEscrow
    function fund(Funding calldata funding, bytes calldata signature, Permit calldata permit)
        external
        nonReentrant
        whenNotPaused
        onlyRole(OPERATOR_ROLE)
    {
        Job storage j = _jobs[funding.jobId];
        if (j.state != State.None) revert AlreadyFunded(funding.jobId);
        if (funding.jobId == bytes32(0) || funding.artist == address(0) || funding.amount == 0) revert ZeroValue();
        _notAfter(funding.deadline);
        _signed(
            funding.jobId,
            funding.artist,
            keccak256(
                abi.encode(
                    FUNDING_TYPEHASH,
                    funding.jobId,
                    funding.artist,
                    funding.amount,
                    funding.quoteHash,
                    funding.deadline
                )
            ),
            signature
        );
        j.artist = funding.artist;
        j.state = State.Funded;
        j.fundedAt = uint40(block.timestamp);
        j.fundedBlock = uint64(block.number);
        j.funded = funding.amount.toUint128();
        j.quoteHash = funding.quoteHash;
        emit Funded(funding.jobId, funding.artist, funding.amount, funding.quoteHash);
        _take(funding.artist, funding.amount, permit);
    }

    /// @inheritdoc IJobEscrow
    function topUp(TopUp calldata more, bytes calldata signature, Permit calldata permit)
        external
        nonReentrant
        whenNotPaused
    {
        Job storage j = _jobs[more.jobId];
        if (j.state != State.Funded) revert WrongState(more.jobId, j.state);
        if (more.amount == 0) revert ZeroValue();
        if (more.artist != j.artist) revert WrongSigner(more.jobId, j.artist);
        if (more.fundedBefore != j.funded) revert StaleTopUp(more.fundedBefore, j.funded);
        _notAfter(more.deadline);
        _signed(
            more.jobId,
            j.artist,
            keccak256(
                abi.encode(TOPUP_TYPEHASH, more.jobId, more.artist, more.amount, more.fundedBefore, more.deadline)
            ),
            signature
        );
        j.funded = (more.fundedBefore + more.amount).toUint128();
        j.fundedAt = uint40(block.timestamp);
        emit ToppedUp(more.jobId, more.amount, j.funded);
        _take(more.artist, more.amount, permit);
    }

    /// @inheritdoc IJobEscrow
    function markDelivered(bytes32 jobId, bytes32 deliveryRoot, uint256 amount) external onlyRole(OPERATOR_ROLE) {
        Job storage j = _jobs[jobId];
        if (j.state != State.Funded && j.state != State.Delivered) revert WrongState(jobId, j.state);
        if (deliveryRoot == bytes32(0)) revert ZeroValue();
        if (amount > j.funded) revert OverCeiling(amount, j.funded);
        if (j.held != 0) revert ClaimOpen(jobId, j.held);
        if (j.spent != 0) revert BelowSpent(amount, j.spent);
        if (j.deliveries == MAX_DELIVERIES) revert TooManyDeliveries(jobId);
        j.state = State.Delivered;
        j.deliveries += 1;
        j.deliveredAt = uint40(block.timestamp);
        j.deliveredBlock = uint64(block.number);
        j.deliveryRoot = deliveryRoot;
        j.payable_ = amount.toUint128();
        emit Delivered(jobId, deliveryRoot, amount);
    }

    /// @inheritdoc IJobEscrow
    function settle(bytes32 jobId, uint256 cumulative, bytes calldata acceptance)
        external
        nonReentrant
        whenNotPaused
        onlyRole(OPERATOR_ROLE)
    {
        Job storage j = _jobs[jobId];
        if (j.state != State.Delivered && j.state != State.Accepted) revert WrongState(jobId, j.state);
        if (j.state == State.Delivered) {
            if (acceptance.length != 0) {
                _accept(jobId, j, acceptance);
            } else {
                uint256 until = j.deliveredAt + disputeWindow;
                if (block.timestamp < until) revert WindowOpen(until);
            }
        }
        if (cumulative < j.spent) revert BelowSpent(cumulative, j.spent);
        // Held money counts as unpayable until an arbiter decides; payable_ never exceeds what was funded.
        if (cumulative > j.payable_ - j.held) revert OverPayable(cumulative, j.payable_ - j.held);
        uint256 amount = cumulative - j.spent;
        if (amount == 0) return;
        j.spent = cumulative.toUint128();
        j.settledBlock = uint64(block.number);
        emit Settled(jobId, amount, cumulative);
        token.safeTransfer(payouts, amount);
    }

    /// @inheritdoc IJobEscrow
    function dispute(BadResult calldata claim, bytes calldata signature) external {
        Job storage j = _jobs[claim.jobId];
        if (j.state != State.Delivered) revert WrongState(claim.jobId, j.state);
        if (claim.amount == 0) revert ZeroValue();
        if (claim.deliveryRoot != j.deliveryRoot) revert WrongDelivery(claim.deliveryRoot, j.deliveryRoot);
        if (j.held != 0) revert ClaimOpen(claim.jobId, j.held);
        uint256 until = j.deliveredAt + disputeWindow;
        if (block.timestamp >= until) revert WindowClosed(until);
        if (claim.amount > j.payable_ - j.spent) revert OverPayable(claim.amount, j.payable_ - j.spent);
        _notAfter(claim.deadline);
        bytes32 digest = _signed(
            claim.jobId,
            j.artist,
            keccak256(
                abi.encode(
                    BADRESULT_TYPEHASH,
                    claim.jobId,
                    claim.deliveryRoot,
                    claim.framesHash,
                    claim.amount,
                    claim.deadline
                )
            ),
            signature
        );
        if (_used[digest]) revert Replayed(digest);
        _used[digest] = true;
        j.held = claim.amount.toUint128();
        emit Disputed(claim.jobId, claim.framesHash, claim.amount);
    }

    /// @inheritdoc IJobEscrow
    function resolve(bytes32 jobId, uint256 refunded) external onlyRole(ARBITER_ROLE) {
        Job storage j = _jobs[jobId];
        // A closed job has nothing held: closing clears it.
        if (j.held == 0) revert NoClaim(jobId);
        if (refunded > j.held) revert OverPayable(refunded, j.held);
        j.held = 0;
        j.payable_ -= refunded.toUint128();
        emit Resolved(jobId, refunded, j.payable_);
    }

    /// @inheritdoc IJobEscrow
    function refund(bytes32 jobId) external nonReentrant returns (uint256 amount) {
        Job storage j = _jobs[jobId];
        _open(jobId, j);
        if (hasRole(OPERATOR_ROLE, msg.sender)) {
            if (j.held != 0) revert ClaimOpen(jobId, j.held);
        } else if (msg.sender == j.artist) {
            _silent(j);
        } else {
            revert NotAllowed(msg.sender);
        }
        return _close(jobId, j, j.artist);
    }

    /// @inheritdoc IJobEscrow
    function reclaim(Reclaim calldata message, bytes calldata signature)
        external
        nonReentrant
        returns (uint256 amount)
    {
        Job storage j = _jobs[message.jobId];
        _open(message.jobId, j);
        if (message.to == address(0)) revert ZeroValue();
        _silent(j);
        _notAfter(message.deadline);
        _signed(
            message.jobId,
            j.artist,
            keccak256(abi.encode(RECLAIM_TYPEHASH, message.jobId, message.to, message.deadline)),
            signature
        );
        return _close(message.jobId, j, message.to);
    }

    /// @notice Stops new funding and settlements. Guardian only.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Allows funding and settlements again. Admin only.
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @inheritdoc IJobEscrow
    function job(bytes32 jobId) external view returns (Job memory) {
        return _jobs[jobId];
    }

    function _accept(bytes32 jobId, Job storage j, bytes calldata acceptance) private {
        if (j.held != 0) revert ClaimOpen(jobId, j.held);
        _signed(
            jobId,
            j.artist,
            keccak256(abi.encode(ACCEPTANCE_TYPEHASH, jobId, j.deliveryRoot, uint256(j.payable_))),
            acceptance
        );
        j.state = State.Accepted;
        emit Accepted(jobId, j.deliveryRoot, j.payable_);
    }

    function _close(bytes32 jobId, Job storage j, address to) private returns (uint256 amount) {
        amount = j.funded - j.spent;
        j.state = State.Closed;
        j.held = 0;
        j.closedBlock = uint64(block.number);
        emit Refunded(jobId, to, amount);
        if (amount != 0) token.safeTransfer(to, amount);
    }

    /// @dev The permit may have been used by somebody who saw it in the pool, or be absent because an allowance exists;
    /// in both cases the transfer itself decides.
    function _take(address from, uint256 amount, Permit calldata permit) private {
        if (permit.v != 0) {
            try IERC20Permit(address(token)).permit(
                from, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s
            ) {} catch {}
        }
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert WrongAmountReceived(amount, received);
    }

    function _signed(bytes32 jobId, address signer, bytes32 structHash, bytes calldata signature)
        private
        view
        returns (bytes32 digest)
    {
        digest = _hashTypedDataV4(structHash);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) {
            revert WrongSigner(jobId, signer);
        }
    }

    function _notAfter(uint256 deadline) private view {
        if (block.timestamp > deadline) revert Expired(deadline);
    }

    function _open(bytes32 jobId, Job storage j) private view {
        if (j.state == State.None || j.state == State.Closed) revert WrongState(jobId, j.state);
    }

    function _silent(Job storage j) private view {
        uint256 since = j.deliveredAt > j.fundedAt ? j.deliveredAt + disputeWindow : j.fundedAt;
        uint256 until = since + reclaimDelay;
        if (block.timestamp < until) revert TooEarly(until);
    }
}
