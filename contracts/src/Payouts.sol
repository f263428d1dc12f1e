// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {ReentrancyGuard} from "@openzeppelin/contracts/utils/ReentrancyGuard.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {IPayouts} from "./interfaces/IPayouts.sol";

/// @title Payouts
/// @notice See IPayouts, which specifies it.
contract Payouts is IPayouts, AccessControl, Pausable, ReentrancyGuard {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @notice May post settlements.
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    /// @notice May stop new settlements; never claims.
    bytes32 public constant GUARDIAN_ROLE = keccak256("GUARDIAN_ROLE");

    /// @notice The token that everything is paid in.
    IERC20 public immutable token;

    struct Account {
        uint192 paid;
        uint64 blockNumber;
    }

    Settlement private _last;
    mapping(address account => Account) private _accounts;
    /// @inheritdoc IPayouts
    uint256 public totalPaid;

    constructor(IERC20 token_, address admin) {
        if (address(token_) == address(0) || admin == address(0)) revert ZeroValue();
        token = token_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(OPERATOR_ROLE, admin);
        _grantRole(GUARDIAN_ROLE, admin);
    }

    /// @inheritdoc IPayouts
    function post(uint64 epoch, bytes32 root, uint256 total) external onlyRole(OPERATOR_ROLE) whenNotPaused {
        if (root == bytes32(0)) revert ZeroValue();
        if (epoch <= _last.epoch) revert StaleEpoch(epoch, _last.epoch);
        if (total < _last.total) revert TotalDecreased(total, _last.total);
        uint256 received = token.balanceOf(address(this)) + totalPaid;
        if (total > received) revert TotalExceedsReceived(total, received);
        _last = Settlement({epoch: epoch, blockNumber: uint64(block.number), root: root, total: total});
        emit RootPosted(epoch, root, total);
    }

    /// @inheritdoc IPayouts
    function claim(address account, uint256 cumulative, bytes32[] calldata proof)
        external
        nonReentrant
        returns (uint256 amount)
    {
        return _claim(account, cumulative, proof);
    }

    /// @inheritdoc IPayouts
    function claimMany(Claim[] calldata claims) external nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < claims.length; ++i) {
            amount += _claim(claims[i].account, claims[i].cumulative, claims[i].proof);
        }
    }

    /// @notice Stops new settlements. Guardian only.
    function pause() external onlyRole(GUARDIAN_ROLE) {
        _pause();
    }

    /// @notice Allows settlements again. Admin only.
    function unpause() external onlyRole(DEFAULT_ADMIN_ROLE) {
        _unpause();
    }

    /// @inheritdoc IPayouts
    function last() external view returns (Settlement memory) {
        return _last;
    }

    /// @inheritdoc IPayouts
    function paid(address account) external view returns (uint256) {
        return _accounts[account].paid;
    }

    /// @inheritdoc IPayouts
    function paidAt(address account) external view returns (uint64) {
        return _accounts[account].blockNumber;
    }

    function _claim(address account, uint256 cumulative, bytes32[] calldata proof) private returns (uint256 amount) {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, cumulative))));
        // An unset root is zero, which no leaf can hash to.
        if (!MerkleProof.verifyCalldata(proof, _last.root, leaf)) revert InvalidProof(account, cumulative);
        uint256 before = _accounts[account].paid;
        if (cumulative <= before) return 0;
        amount = cumulative - before;
        uint256 sum = totalPaid + amount;
        if (sum > _last.total) revert ClaimExceedsTotal(sum, _last.total);
        _accounts[account] = Account({paid: cumulative.toUint192(), blockNumber: uint64(block.number)});
        totalPaid = sum;
        emit Claimed(account, amount, cumulative);
        token.safeTransfer(account, amount);
    }
}
