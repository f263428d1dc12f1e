// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IPermit} from "./IPermit.sol";

/// @title Node registry
/// @notice Who renders and verifies, with which stake. Slashed stake fills a penalty pool that rewards verifiers; it can
/// leave the contract in no other way.
/// @dev Every step of a node or its owner is also an EIP-712 message that anybody may relay. Domain: name
/// "Heliostat NodeRegistry", version "1", the chain, this contract.
interface INodeRegistry is IPermit {
    /// @notice A node's keys and stake, amounts in base units.
    /// @param owner Who unbonds and receives the stake; fixed at the first registration, so that a stolen node key can't
    /// take it.
    /// @param roles Bits: 1 worker, 2 verifier.
    /// @param unbondAt Unix seconds from which `unbonding` can be withdrawn.
    /// @param encryptionKeyHash keccak256 of the key that job keys are sealed to.
    /// @param stake Bonded.
    /// @param unbonding On its way out; can still be slashed.
    struct Node {
        address owner;
        uint8 roles;
        uint64 unbondAt;
        bytes32 encryptionKeyHash;
        uint128 stake;
        uint128 unbonding;
    }

    /// @notice A node announces itself, signed by the node's key.
    /// @param nonce The signer's `nonces` value; makes the message good for one use. The same holds below.
    struct Registration {
        address node;
        address owner;
        uint8 roles;
        bytes32 encryptionKeyHash;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice Somebody stakes for a node, signed by `from`.
    struct Staking {
        address node;
        address from;
        uint256 amount;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice The owner starts to take stake out, signed by the owner.
    struct Unbonding {
        address node;
        uint256 amount;
        uint256 nonce;
        uint256 deadline;
    }

    /// @notice A node registered or changed its roles or encryption key.
    event Registered(address indexed node, address indexed owner, uint8 roles, bytes32 encryptionKeyHash);
    /// @notice `from` staked for a node, which brings it to `stake`.
    event Staked(address indexed node, address indexed from, uint256 amount, uint256 stake);
    /// @notice Stake is on its way out.
    event Unbonded(address indexed node, uint256 amount, uint256 unbondAt);
    /// @notice Unbonded stake went to the owner.
    event Withdrawn(address indexed node, address indexed owner, uint256 amount);
    /// @notice A node lost stake for an offence.
    event Slashed(address indexed node, bytes32 indexed offence, uint256 amount, uint256 pool);
    /// @notice The penalty pool rewarded a verifier.
    event Rewarded(address indexed verifier, bytes32 indexed reason, uint256 amount, uint256 pool);

    /// @notice No role, or an unknown one.
    error BadRoles(uint8 roles);
    /// @notice The node belongs to another owner.
    error WrongOwner(address node, address owner);
    /// @notice The node never registered.
    error UnknownNode(address node);
    /// @notice The signature isn't the expected one.
    error WrongSigner(address expected);
    /// @notice The message was used before, or is out of turn.
    error WrongNonce(uint256 nonce, uint256 expected);
    /// @notice The message's deadline has passed.
    error Expired(uint256 deadline);
    /// @notice More than is there.
    error NotEnough(uint256 amount, uint256 available);
    /// @notice The stake is bonded until then.
    error StillBonded(uint256 until);
    /// @notice This offence was punished, or this reason rewarded, before.
    error AlreadyDone(bytes32 id);
    /// @notice The token moved another amount than asked.
    error WrongAmountReceived(uint256 expected, uint256 received);
    /// @notice An argument that must not be zero is zero.
    error ZeroValue();

    /// @notice Registers the caller, or changes its roles and encryption key.
    function register(address owner, uint8 roles, bytes32 encryptionKeyHash) external;

    /// @notice The same, relayed.
    function registerFor(Registration calldata registration, bytes calldata signature) external;

    /// @notice Stakes the caller's tokens for a node.
    function stake(address node, uint256 amount) external;

    /// @notice The same, relayed, with an ERC-2612 permit where there's no allowance yet.
    function stakeFor(Staking calldata staking, bytes calldata signature, Permit calldata permit) external;

    /// @notice Starts to take stake out. Owner only. Restarts the delay for what is already on its way.
    function unbond(address node, uint256 amount) external;

    /// @notice The same, relayed.
    function unbondFor(Unbonding calldata unbonding, bytes calldata signature) external;

    /// @notice Sends unbonded stake to the owner after the delay. Anybody may call.
    function withdraw(address node) external returns (uint256 amount);

    /// @notice Moves up to `amount` of a node's stake, then of its unbonding stake, to the penalty pool. Slasher only.
    /// @param offence Names the verdicts that justify it; counts once.
    /// @return taken What was there to take, base units.
    function slash(address node, uint256 amount, bytes32 offence) external returns (uint256 taken);

    /// @notice Pays a registered verifier from the penalty pool. Slasher only.
    /// @param reason Names what it is for; counts once.
    function reward(address verifier, uint256 amount, bytes32 reason) external;

    /// @notice A node's entry; all zero if it never registered.
    function node(address node_) external view returns (Node memory);

    /// @notice What verifiers can still be rewarded with, base units.
    function penaltyPool() external view returns (uint256);
}
