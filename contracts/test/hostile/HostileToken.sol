// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @notice A token for tests that takes a fee, and calls back into whoever it is told to while it moves.
contract HostileToken is ERC20 {
    uint256 public fee;
    address public victim;
    bytes public attack;
    bool public attacked;
    bool public succeeded;

    constructor() ERC20("Hostile", "BAD") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function setFee(uint256 fee_) external {
        fee = fee_;
    }

    function arm(address victim_, bytes calldata attack_) external {
        victim = victim_;
        attack = attack_;
        attacked = false;
        succeeded = false;
    }

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from != address(0) && to != address(0) && fee != 0) {
            super._update(from, address(this), fee);
            value -= fee;
        }
        super._update(from, to, value);
        if (victim != address(0) && !attacked) {
            attacked = true;
            (succeeded,) = victim.call(attack);
        }
    }
}
