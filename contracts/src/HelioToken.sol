// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Heliostat's development token
/// @notice The money of the embedded dev chain and of tests. It has no value; on a real network the contracts are
/// deployed over an existing ERC-20 with permit instead.
contract HelioToken is ERC20, ERC20Permit, AccessControl {
    /// @notice May create tokens.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    constructor(address admin) ERC20("Heliostat Development Token", "HELIO") ERC20Permit("Heliostat Development Token") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(MINTER_ROLE, admin);
    }

    /// @notice Creates `amount` base units for `to`. Minter only. ERC-20's Transfer event from zero records it.
    function mint(address to, uint256 amount) external onlyRole(MINTER_ROLE) {
        _mint(to, amount);
    }

    /// @notice Six, so that a base unit is a millionth of a token.
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
