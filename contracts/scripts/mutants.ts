/** A wrong change of a contract: every one must make a test fail. */
export interface Mutant {
  name: string
  /** Below `solidity`. */
  file: string
  /** Where the tests are that must find it. */
  tests: string
  from: string
  to: string
}

function mutant(file: string, name: string, from: string, to: string): Mutant {
  return { file: `staking/${file}.sol`, tests: 'test/staking/*', name, from, to }
}

/** Of the contracts that validators trust. */
export const stakingMutants: readonly Mutant[] = [
  // Money
  mutant('Rewards', 'what was claimed stays owed', 'owed[msg.sender] = 0;', ''),
  mutant(
    'Rewards',
    'rewards are paid again at each claim',
    '_positions[validator][holder].rewardPerShare = _validators[validator].rewardPerShare;',
    '',
  ),
  mutant(
    'Rewards',
    'no commission is taken',
    'earner.shares == 0 ? amount : amount * earner.commissionBps / WHOLE',
    'earner.shares == 0 ? amount : 0',
  ),
  mutant('Rewards', 'anyone pays into the contract', 'if (msg.sender != _sweeping)', 'if (false)'),
  mutant('Vault', 'anyone empties a vault', 'if (msg.sender != _staking)', 'if (false)'),
  mutant(
    'Bonds',
    'who bonds late shares in what was earned before',
    `revert Convicted(validator);
        _collect(validator);`,
    'revert Convicted(validator);',
  ),
  mutant(
    'Bonds',
    'who leaves loses what was earned',
    `_settleMove(validator, holder);
        _collect(validator);`,
    '_settleMove(validator, holder);',
  ),
  mutant(
    'Bonds',
    'an entry is paid again and again',
    `list[i - 1] = list[list.length - 1];
            list.pop();`,
    '',
  ),
  mutant(
    'Bonds',
    'a withdrawal can be entered again',
    'function withdraw() external nonReentrant',
    'function withdraw() external',
  ),
  mutant('Bonds', 'leaving rounds for who leaves', 'Math.Rounding.Ceil', 'Math.Rounding.Floor'),
  mutant('Bonds', 'stake that leaves keeps its shares', 'left.shares -= uint128(shares);', ''),
  // Time
  mutant(
    'Bonds',
    'unbonding ends a block early',
    'block.number > sinceBlock + _parameters.unbondingBlocks',
    'block.number >= sinceBlock + _parameters.unbondingBlocks',
  ),
  mutant(
    'Bonds',
    'unbonding waits for blocks alone',
    '&& block.timestamp > sinceTime + _parameters.unbondingSeconds',
    '',
  ),
  mutant(
    'Penalties',
    'evidence is good for a block less',
    'block.number > uint256(height) + _parameters.evidenceBlocks',
    'block.number >= uint256(height) + _parameters.evidenceBlocks',
  ),
  mutant('Penalties', 'evidence of heights to come', 'if (height > block.number)', 'if (false)'),
  // Faults and their price
  mutant(
    'StakingProofs',
    'a prevote with proof from the very round is amnesia',
    'prevote.validRoundPlusOne <= precommit.round',
    'prevote.validRoundPlusOne <= precommit.round + 1',
  ),
  mutant(
    'StakingProofs',
    'a prevote with proof from just before is no amnesia',
    'prevote.validRoundPlusOne <= precommit.round',
    'prevote.validRoundPlusOne < precommit.round',
  ),
  mutant(
    'StakingProofs',
    'votes of two rounds are a duplicate',
    '|| first.round != second.round',
    '',
  ),
  mutant(
    'StakingProofs',
    'statements of two signers convict the first',
    'if (signer != ECDSA.recoverCalldata(other, second.signature)) revert NoFault();',
    'ECDSA.recoverCalldata(other, second.signature);',
  ),
  mutant(
    'StakingProofs',
    'evidence of other chains counts',
    'abi.encode(PRECOMMIT, block.chainid, genesisId, height, round, id)',
    'abi.encode(PRECOMMIT, uint256(31402), genesisId, height, round, id)',
  ),
  mutant(
    'Penalties',
    'one is convicted again and again',
    'if (one.isTombstoned) revert Convicted(validator);',
    '',
  ),
  mutant('Penalties', 'what is slashed stays stake', 'one.stake -= uint128(penalty);', ''),
  mutant(
    'Penalties',
    'the whole penalty is the reporter’s',
    'penalty * _parameters.reporterBps / WHOLE',
    'penalty',
  ),
  mutant(
    'Penalties',
    'the convicted keep their seat',
    '_leave(validator, true);\n        emit ValidatorConvicted',
    'emit ValidatorConvicted',
  ),
  mutant(
    'Bonds',
    'stake on its way out does not answer',
    'return uint256(entry.amount) * _parameters.slashBps / WHOLE;',
    'return 0;',
  ),
  mutant(
    'Bonds',
    'stake that left answers for one epoch too few',
    '_epochOf(sinceBlock) + 1;',
    '_epochOf(sinceBlock);',
  ),
  mutant(
    'Bonds',
    'a move does not answer for where it came from',
    'position.boundShares = uint128(shares);',
    'position.boundShares = 0;',
  ),
  mutant(
    'Bonds',
    'stake that moved moves on at once',
    'uint256 available = position.shares - position.boundShares;',
    'uint256 available = position.shares;',
  ),
  mutant(
    'Bonds',
    'who left after the conviction pays twice',
    'entry.isSettled || !_answersFor',
    '!_answersFor',
  ),
  mutant(
    'Bonds',
    'the convicted take new stake',
    'if (chosen.isTombstoned) revert Convicted(validator);',
    '',
  ),
  // Absence
  mutant('Penalties', 'one absence jails twice', '|| height <= one.absentHeight', ''),
  mutant('Penalties', 'jail is left early', 'block.timestamp < one.jailedUntil', 'false'),
  mutant(
    'Penalties',
    'absences before the return count again',
    'one.absentHeight = uint64(block.number);',
    '',
  ),
  mutant(
    'Candidates',
    'the jailed are free to validate',
    'return !validator.isTombstoned && validator.jailedUntil == 0;',
    'return !validator.isTombstoned;',
  ),
  mutant(
    'StakingProofs',
    'headers of other chains name the absent',
    'if (keccak256(executionHeader) != blockHash(number)) revert NotOurBlock(number);',
    '',
  ),
  mutant(
    'StakingProofs',
    'any consensus header goes with a block',
    '!= keccak256(consensusHeader)',
    '== bytes32(0)',
  ),
  // Who validates
  mutant(
    'Candidates',
    'among equals the higher address is first',
    '| uint160(~uint160(candidate))',
    '| uint160(candidate)',
  ),
  mutant(
    'Candidates',
    'on a full list the lower address goes',
    '_candidates[i] < weakest',
    '_candidates[i] > weakest',
  ),
  mutant(
    'Candidates',
    'as strong as the weakest is enough',
    'if (power <= least) return false;',
    'if (power < least) return false;',
  ),
  mutant(
    'Candidates',
    'the list becomes empty',
    'if (_candidates.length > 1) return _remove(validator);',
    'return _remove(validator);',
  ),
  mutant(
    'Candidates',
    'more validate than there are seats',
    'ranks.length < _parameters.seats ? ranks.length : _parameters.seats',
    'ranks.length',
  ),
  mutant(
    'Bonds',
    'the operator needs no stake of its own',
    '&& stakeOf(validator, one.operator) >= _parameters.minimumStake',
    '',
  ),
  mutant('Bonds', 'a BLS key is used twice', '_blsOwners[keyHash] = validator;', ''),
  mutant(
    'StakingProofs',
    'a key needs no proof',
    'if (!Bls12381.verify(blsKey, possessed, possession)) revert NotPossessed(validator);',
    '',
  ),
  mutant(
    'StakingProofs',
    'a validator needs not agree to its operator',
    'if (ECDSA.recoverCalldata(agreed, consent) != validator) revert NoConsent(validator);',
    '',
  ),
  // Members' votes
  mutant(
    'Authority',
    'two thirds are a quorum',
    '3 * powerFor <= 2 * totalPower',
    '3 * powerFor < 2 * totalPower',
  ),
  mutant(
    'Authority',
    'a member votes twice',
    'if (_votes[proposal][member]) revert AlreadyVoted(proposal, member);',
    '',
  ),
  mutant(
    'Authority',
    'who is no member votes',
    'if (_operated(member).place == 0) revert NotMember(member);',
    '_operated(member);',
  ),
  mutant(
    'Authority',
    'anyone votes for a member',
    'if (_operated(member).place == 0)',
    'if (_known(member).place == 0)',
  ),
  mutant(
    'Authority',
    'proposals last a block less',
    'block.number <= uint256',
    'block.number < uint256',
  ),
  mutant('Authority', 'what passed can pass again', '_proposals[proposal].isDone = true;', ''),
]
