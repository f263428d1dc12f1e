// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Permit
/// @notice The part of an ERC-2612 permit that the other arguments of a relayed call don't already say.
interface IPermit {
    /// @param value Allowance in base units that the permit grants; the owner signed exactly this number.
    /// @param deadline Unix seconds after which the permit is void.
    /// @param v Recovery id, 27 or 28; 0 means "no permit, an allowance exists already".
    /// @param r First half of the signature.
    /// @param s Second half of the signature.
    struct Permit {
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }
}
