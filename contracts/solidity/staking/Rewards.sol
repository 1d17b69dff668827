// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Position, Validator} from "./StakingTypes.sol";
import {Candidates} from "./Candidates.sol";
import {Vault} from "./Vault.sol";

/// @notice Fees and block rewards. Consensus lets them arrive at the proposer's vault; from there anyone
/// may collect them. The operator takes its commission; what is left is shared by all who have stake in the
/// validator, through an amount per share that only grows, so that no step loops over holders.
abstract contract Rewards is Candidates {
    event Collected(address indexed validator, uint256 amount, uint256 commission);
    event RewardsPaid(address indexed holder, uint256 amount);

    error NotVault(address sender);

    uint256 internal constant WHOLE = 10_000;

    bytes32 private immutable _vaultCodeHash = keccak256(type(Vault).creationCode);
    /// @dev Whose vault is being emptied.
    address private transient _sweeping;

    receive() external payable {
        if (msg.sender != _sweeping) revert NotVault(msg.sender);
    }

    /// @notice Where a validator's income arrives.
    function vaultOf(address validator) public view returns (address) {
        bytes32 digest = keccak256(
            abi.encodePacked(bytes1(0xff), address(this), bytes32(uint256(uint160(validator))), _vaultCodeHash)
        );
        return address(uint160(uint256(digest)));
    }

    /// @notice Shares what arrived at a validator's vault. Anyone may send it; nothing there is no error.
    function collect(address validator) external nonReentrant returns (uint256 amount) {
        return _collect(validator);
    }

    /// @dev Also before every change of a validator's shares: else who comes late would share in what was
    /// earned without it, and who leaves would lose what it earned.
    function _collect(address validator) internal returns (uint256 amount) {
        Validator storage earner = _known(validator);
        address vault = vaultOf(validator);
        if (vault.balance == 0) return 0;
        if (vault.code.length == 0) new Vault{salt: bytes32(uint256(uint160(validator)))}();
        _sweeping = vault;
        amount = Vault(payable(vault)).sweep();
        _sweeping = address(0);
        uint256 commission = earner.shares == 0 ? amount : amount * earner.commissionBps / WHOLE;
        owed[earner.operator] += commission;
        if (earner.shares != 0) earner.rewardPerShare += ((amount - commission) << 128) / earner.shares;
        emit Collected(validator, amount, commission);
    }

    /// @notice Pays a holder what it earned with these validators and what it was owed already.
    function claim(address[] calldata validators) external nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < validators.length; i++) {
            _settleRewards(validators[i], msg.sender);
        }
        amount = owed[msg.sender];
        owed[msg.sender] = 0;
        emit RewardsPaid(msg.sender, amount);
        _pay(msg.sender, amount);
    }

    /// @notice What `claim` would pay a holder for one validator, besides what it is owed already.
    function rewardsOf(address validator, address holder) public view returns (uint256) {
        Position storage position = _positions[validator][holder];
        return (position.shares * (_validators[validator].rewardPerShare - position.rewardPerShare)) >> 128;
    }

    /// @dev Before every change of a position's shares.
    function _settleRewards(address validator, address holder) internal {
        owed[holder] += rewardsOf(validator, holder);
        _positions[validator][holder].rewardPerShare = _validators[validator].rewardPerShare;
    }
}
