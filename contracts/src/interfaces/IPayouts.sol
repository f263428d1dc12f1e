// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Payouts
/// @notice Pays every node of the network from one cumulative Merkle root per epoch.
/// @dev A leaf is keccak256(bytes.concat(keccak256(abi.encode(account, cumulative)))), where `cumulative` is everything
/// that the account has earned since the network began. Only the newest root counts, so nobody has to claim in time.
interface IPayouts {
    /// @param epoch Number of the settlement, strictly increasing.
    /// @param blockNumber Block in which it was posted.
    /// @param root Merkle root over all accounts; zero before the first settlement.
    /// @param total Sum of all cumulative earnings under the root, base units.
    struct Settlement {
        uint64 epoch;
        uint64 blockNumber;
        bytes32 root;
        uint256 total;
    }

    /// @param account Who is paid.
    /// @param cumulative What the leaf says the account has earned since the network began, base units.
    /// @param proof Sibling hashes from the leaf to the root.
    struct Claim {
        address account;
        uint256 cumulative;
        bytes32[] proof;
    }

    /// @notice An epoch was settled.
    event RootPosted(uint64 indexed epoch, bytes32 root, uint256 total);
    /// @notice An account received `amount`, which brings it to `cumulative`.
    event Claimed(address indexed account, uint256 amount, uint256 cumulative);

    /// @notice The epoch isn't newer than the last one.
    error StaleEpoch(uint64 epoch, uint64 last);
    /// @notice The new total is below the old one.
    error TotalDecreased(uint256 total, uint256 last);
    /// @notice The new total is above all that this contract has ever received.
    error TotalExceedsReceived(uint256 total, uint256 received);
    /// @notice The proof doesn't lead from this leaf to the newest root.
    error InvalidProof(address account, uint256 cumulative);
    /// @notice The claim would pay out more than the settlement's total.
    error ClaimExceedsTotal(uint256 paid, uint256 total);
    /// @notice An argument that must not be zero is zero.
    error ZeroValue();

    /// @notice Settles an epoch. Operator only.
    function post(uint64 epoch, bytes32 root, uint256 total) external;

    /// @notice Pays `account` the difference between `cumulative` and what it has been paid. Anybody may call; the money
    /// goes to the account. Claiming again, or an older smaller leaf, pays nothing and doesn't revert.
    /// @return amount Base units paid by this call.
    function claim(address account, uint256 cumulative, bytes32[] calldata proof) external returns (uint256 amount);

    /// @notice Pays several accounts, all or none.
    /// @return amount Base units paid by this call, all accounts together.
    function claimMany(Claim[] calldata claims) external returns (uint256 amount);

    /// @notice The newest settlement.
    function last() external view returns (Settlement memory);

    /// @notice What an account has been paid since the network began, base units.
    function paid(address account) external view returns (uint256);

    /// @notice Block of the account's newest claim that paid something; 0 for none.
    function paidAt(address account) external view returns (uint64);

    /// @notice What all accounts together have been paid, base units.
    function totalPaid() external view returns (uint256);
}
