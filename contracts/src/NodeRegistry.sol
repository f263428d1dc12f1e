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
import {INodeRegistry} from "./interfaces/INodeRegistry.sol";

/// @title Node registry
/// @notice See INodeRegistry, which specifies it.
contract NodeRegistry is INodeRegistry, EIP712, AccessControl, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice Takes stake for offences and rewards verifiers.
    bytes32 public constant SLASHER_ROLE = keccak256("SLASHER_ROLE");
    /// @notice May stop registrations and new stake; never unbonding or withdrawal.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice Role bit of a worker.
    uint8 public constant WORKER = 1;
    /// @notice Role bit of a verifier.
    uint8 public constant VERIFIER = 2;

    bytes32 private constant REGISTRATION_TYPEHASH = keccak256(
        "Registration(address node,address owner,uint8 roles,bytes32 encryptionKeyHash,uint256 nonce,uint256 deadline)"
    );
    bytes32 private constant STAKING_TYPEHASH =
        keccak256("Staking(address node,address from,uint256 amount,uint256 nonce,uint256 deadline)");
    bytes32 private constant UNBONDING_TYPEHASH =
        keccak256("Unbonding(address node,uint256 amount,uint256 nonce,uint256 deadline)");

    /// @notice The token that is staked.
    IERC20 public immutable token;
    /// @notice Seconds between unbonding and withdrawal.
    uint256 public immutable unbondDelay;

    mapping(address node => Node) private _nodes;
    mapping(bytes32 id => uint256 blockNumber) private _done;
    /// @notice The next nonce of a signer's messages to this contract.
    mapping(address signer => uint256) public nonces;
    /// @inheritdoc INodeRegistry
    uint256 public penaltyPool;

    constructor(IERC20 token_, address admin, uint256 unbondDelay_) EIP712("Heliostat NodeRegistry", "1") {
        if (address(token_) == address(0) || admin == address(0) || unbondDelay_ == 0) revert ZeroValue();
        token = token_;
        unbondDelay = unbondDelay_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(SLASHER_ROLE, admin);
        _grantRole(GUARDIAN_ROLE, admin);
    }

    /// @inheritdoc INodeRegistry
    function register(address owner, uint8 roles, bytes32 encryptionKeyHash) external whenNotPaused {
        _register(msg.sender, owner, roles, encryptionKeyHash);
    }

    /// @inheritdoc INodeRegistry
    function registerFor(Registration calldata r, bytes calldata signature) external whenNotPaused {
        _authorize(
            r.node,
            r.nonce,
            r.deadline,
            keccak256(
                abi.encode(
                    REGISTRATION_TYPEHASH, r.node, r.owner, r.roles, r.encryptionKeyHash, r.nonce, r.deadline
                )
            ),
            signature
        );
        _register(r.node, r.owner, r.roles, r.encryptionKeyHash);
    }

    /// @inheritdoc INodeRegistry
    function stake(address node_, uint256 amount) external nonReentrant whenNotPaused {
        _stake(node_, msg.sender, amount);
    }

    /// @inheritdoc INodeRegistry
    function stakeFor(Staking calldata s, bytes calldata signature, Permit calldata permit)
        external
        nonReentrant
        whenNotPaused
    {
        _authorize(
            s.from,
            s.nonce,
            s.deadline,
            keccak256(abi.encode(STAKING_TYPEHASH, s.node, s.from, s.amount, s.nonce, s.deadline)),
            signature
        );
        // A permit that somebody else used first has left its allowance; the transfer decides.
        if (permit.v != 0) {
            try IERC20Permit(address(token)).permit(
                s.from, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s
            ) {} catch {}
        }
        _stake(s.node, s.from, s.amount);
    }

    /// @inheritdoc INodeRegistry
    function unbond(address node_, uint256 amount) external {
        if (msg.sender != _nodes[node_].owner) revert WrongOwner(node_, _nodes[node_].owner);
        _unbond(node_, amount);
    }

    /// @inheritdoc INodeRegistry
    function unbondFor(Unbonding calldata u, bytes calldata signature) external {
        address owner = _nodes[u.node].owner;
        if (owner == address(0)) revert UnknownNode(u.node);
        _authorize(
            owner,
            u.nonce,
            u.deadline,
            keccak256(abi.encode(UNBONDING_TYPEHASH, u.node, u.amount, u.nonce, u.deadline)),
            signature
        );
        _unbond(u.node, u.amount);
    }

    /// @inheritdoc INodeRegistry
    function withdraw(address node_) external nonReentrant returns (uint256 amount) {
        Node storage n = _nodes[node_];
        amount = n.unbonding;
        if (amount == 0) revert NotEnough(1, 0);
        if (block.timestamp < n.unbondAt) revert StillBonded(n.unbondAt);
        n.unbonding = 0;
        emit Withdrawn(node_, n.owner, amount);
        token.safeTransfer(n.owner, amount);
    }

    /// @inheritdoc INodeRegistry
    function slash(address node_, uint256 amount, bytes32 offence)
        external
        onlyRole(SLASHER_ROLE)
        returns (uint256 taken)
    {
        Node storage n = _nodes[node_];
        if (n.owner == address(0)) revert UnknownNode(node_);
        if (amount == 0) revert ZeroValue();
        _once(offence);
        uint256 fromStake = amount < n.stake ? amount : n.stake;
        uint256 rest = amount - fromStake;
        uint256 fromUnbonding = rest < n.unbonding ? rest : n.unbonding;
        taken = fromStake + fromUnbonding;
        n.stake -= fromStake.toUint128();
        n.unbonding -= fromUnbonding.toUint128();
        penaltyPool += taken;
        emit Slashed(node_, offence, taken, penaltyPool);
    }

    /// @inheritdoc INodeRegistry
    function reward(address verifier, uint256 amount, bytes32 reason) external nonReentrant onlyRole(SLASHER_ROLE) {
        if (_nodes[verifier].roles & VERIFIER == 0) revert BadRoles(_nodes[verifier].roles);
        if (amount == 0) revert ZeroValue();
        if (amount > penaltyPool) revert NotEnough(amount, penaltyPool);
        _once(reason);
        penaltyPool -= amount;
        emit Rewarded(verifier, reason, amount, penaltyPool);
        token.safeTransfer(verifier, amount);
    }

    /// @notice Stops registrations and new stake. Guardian only.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Allows registrations and new stake again. Admin only.
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @inheritdoc INodeRegistry
    function node(address node_) external view returns (Node memory) {
        return _nodes[node_];
    }

    /// @notice Block in which an offence was punished or a reason rewarded; 0 for never.
    function doneAt(bytes32 id) external view returns (uint256) {
        return _done[id];
    }

    function _register(address node_, address owner, uint8 roles, bytes32 encryptionKeyHash) private {
        if (node_ == address(0) || owner == address(0)) revert ZeroValue();
        if (roles == 0 || roles > (WORKER | VERIFIER)) revert BadRoles(roles);
        Node storage n = _nodes[node_];
        if (n.owner != address(0) && n.owner != owner) revert WrongOwner(node_, n.owner);
        n.owner = owner;
        n.roles = roles;
        n.encryptionKeyHash = encryptionKeyHash;
        emit Registered(node_, owner, roles, encryptionKeyHash);
    }

    function _stake(address node_, address from, uint256 amount) private {
        Node storage n = _nodes[node_];
        if (n.owner == address(0)) revert UnknownNode(node_);
        if (amount == 0) revert ZeroValue();
        n.stake += amount.toUint128();
        emit Staked(node_, from, amount, n.stake);
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(from, address(this), amount);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != amount) revert WrongAmountReceived(amount, received);
    }

    function _unbond(address node_, uint256 amount) private {
        Node storage n = _nodes[node_];
        if (amount == 0) revert ZeroValue();
        if (amount > n.stake) revert NotEnough(amount, n.stake);
        n.stake -= amount.toUint128();
        n.unbonding += amount.toUint128();
        n.unbondAt = uint64(block.timestamp + unbondDelay);
        emit Unbonded(node_, amount, n.unbondAt);
    }

    function _once(bytes32 id) private {
        if (id == bytes32(0)) revert ZeroValue();
        if (_done[id] != 0) revert AlreadyDone(id);
        _done[id] = block.number;
    }

    function _authorize(
        address signer,
        uint256 nonce,
        uint256 deadline,
        bytes32 structHash,
        bytes calldata signature
    ) private {
        if (block.timestamp > deadline) revert Expired(deadline);
        if (nonce != nonces[signer]) revert WrongNonce(nonce, nonces[signer]);
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, _hashTypedDataV4(structHash), signature)) {
            revert WrongSigner(signer);
        }
        nonces[signer] = nonce + 1;
    }
}
