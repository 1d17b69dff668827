import type { Mutant } from './mutants.ts'

function mutant(file: string, name: string, from: string, to: string): Mutant {
  const tests = 'test/{licences/*,Splitter.t.sol}'
  return { file: `${file}.sol`, tests, name, from, to }
}

/** Of the contracts that sell rights and share income. */
export const licenceMutants: readonly Mutant[] = [
  // Shares
  mutant('market/Splitter', 'what was withdrawn stays owed', '[payee] += part;', '[payee] += 0;'),
  mutant(
    'market/Splitter',
    'the rest is not less by the ancestors’ shares',
    '_lineage().totalOf(split.artifact) - split.royalty : share',
    'split.royalty : share',
  ),
  mutant('market/Splitter', 'the owner’s royalty is left out', '? split.royalty :', '? 0 :'),
  mutant('market/Splitter', 'a split exceeds the whole', 'if (sum > WHOLE)', 'if (false)'),
  mutant('market/Splitter', 'a payment is not measured', 'if (arrived != amount)', 'if (false)'),
  mutant('market/Till', 'anyone empties a till', 'if (msg.sender != _splitter)', 'if (false)'),
  mutant('market/Lineage', 'shares are not inherited', 'i < count; i++', 'i < 0; i++'),
  mutant('market/Lineage', 'the parent itself has no share', '_raise(id, parent, royalty)', '0'),
  mutant(
    'market/Lineage',
    'an ancestor on two ways has the last share',
    'if (share <= before) return 0;',
    'if (share == before) return 0;',
  ),
  mutant(
    'market/Lineage',
    'an ancestor on two ways is counted twice',
    'return share - before;',
    'return share;',
  ),
  mutant('market/Lineage', 'shares exceed the whole', 'if (total > WHOLE)', 'if (false)'),
  mutant('market/Lineage', 'too many share', '_payees[id].length > MAX_PAYEES', 'false'),
  mutant('market/Lineage', 'there is no end of depth', 'if (depth > MAX_DEPTH)', 'if (false)'),
  // Lineage
  mutant('market/Lineage', 'anyone records', 'msg.sender != Predeploys.REGISTRY', 'false'),
  mutant(
    'market/Lineage',
    'no right is needed',
    'if (!has) revert RightMissing(publisher',
    'if (false) revert RightMissing(publisher',
  ),
  mutant(
    'market/Lineage',
    'the right to train lets out anything',
    'kind == ArtifactKind.Model ? Purposes.DERIVE',
    'true ? Purposes.DERIVE',
  ),
  mutant('market/Lineage', 'the kind is the publisher’s word', ' && outputs[i].kind == kind', ''),
  mutant(
    'market/Lineage',
    'a job need not be run',
    'failure != ECDSA.RecoverError.NoError ||',
    'false &&',
  ),
  mutant(
    'market/Lineage',
    'anyone signs a job',
    '|| !_registry().isReceiptSigner(job.runner, signer)',
    '',
  ),
  mutant(
    'market/Lineage',
    'a stranger runs',
    'if (!_registry().isProvider(job.runner))',
    'if (false)',
  ),
  mutant(
    'market/Lineage',
    'data leaves without a right to',
    'if (!has) revert NotForDownload',
    'if (false) revert NotForDownload',
  ),
  mutant(
    'market/Lineage',
    'anyone serves',
    'if (!has) revert RightMissing(provider',
    'if (false) revert RightMissing(provider',
  ),
  mutant(
    'market/Registry',
    'a provider chooses another split',
    'if (due != 0 && split != 0 && split != due)',
    'if (false)',
  ),
  mutant(
    'market/Registry',
    'a lineage’s split is changed',
    'if (split != 0 && split != entry.split)',
    'if (false)',
  ),
  // Rights
  mutant('licences/Rights', 'a right never ends', '&& block.timestamp < held.expiresAt;', ';'),
  mutant(
    'licences/Rights',
    'a right counts before its key',
    'held.keyDueAt == 0 && block',
    'block',
  ),
  mutant(
    'licences/Rights',
    'any right moves',
    'if (!_offers[id].terms.transferable)',
    'if (false)',
  ),
  mutant('licences/Rights', 'a right is moved in parts', 'if (amount != balance)', 'if (false)'),
  mutant(
    'licences/Rights',
    'a right moves onto another',
    'if (balanceOf(to, id) != 0) revert',
    'if (false) revert',
  ),
  mutant('licences/Rights', 'a use is spent for free', '_burn(msg.sender, id, 1);', ''),
  mutant('licences/Rights', 'a use is spent twice', 'if (_spent[use] != 0)', 'if (false)'),
  mutant('licences/Rights', 'uses count unspent', '|| terms.perUse ||', '||'),
  mutant(
    'licences/Rights',
    'the dearest right is used',
    'terms.royalty < royalty)',
    'terms.royalty > royalty)',
  ),
  mutant(
    'licences/Rights',
    'what is over stays listed',
    '_rights[from][artifact].remove(ids[i]);',
    '{}',
  ),
  mutant(
    'licences/Rights',
    'anyone ends a right',
    'if (msg.sender != holder && block',
    'if (false && block',
  ),
  // Money
  mutant('licences/Purchases', 'a right without its price', 'if (received != price)', 'if (false)'),
  mutant(
    'licences/Purchases',
    'a gift with a thief’s key',
    'if (msg.sender != order.holder)',
    'if (false)',
  ),
  mutant(
    'licences/Purchases',
    'an order from a channel is good twice',
    'if (cumulative != claimed + price)',
    'if (false)',
  ),
  mutant(
    'licences/Purchases',
    'a voucher is enough',
    'if (!Signatures.isSignedBy(signer',
    'if (false && !Signatures.isSignedBy(signer',
  ),
  mutant(
    'licences/Purchases',
    'a channel buys for others',
    'if (order.holder != config.payer)',
    'if (false)',
  ),
  mutant('licences/Purchases', 'any session buys', '(scope != 0 && scope != artifact)', 'false'),
  mutant(
    'licences/Purchases',
    'anyone refunds a channel',
    'if (msg.sender != config.payer)',
    'if (false)',
  ),
  mutant(
    'licences/Purchases',
    'money comes back at once',
    'if (block.timestamp <= held.keyDueAt)',
    'if (false)',
  ),
  mutant(
    'licences/Purchases',
    'the time runs before the key',
    'held.expiresAt += uint40(block.timestamp) - boughtAt;',
    '{}',
  ),
  mutant('licences/Purchases', 'any right is revoked', 'if (!found.terms.revocable)', 'if (false)'),
  mutant(
    'licences/Purchases',
    'a revocation costs nothing',
    'if (refund != 0) IERC20',
    'if (false) IERC20',
  ),
  mutant(
    'licences/Purchases',
    'uses that are over are kept',
    '!isRunning && terms.perUse && balance != 0',
    'false',
  ),
  mutant(
    'licences/Purchases',
    'a renewal begins anew',
    'isRunning && !terms.perUse ? held.expiresAt : block.timestamp',
    'block.timestamp',
  ),
  mutant('licences/Offers', 'a closed offer sells', 'if (!found.open)', 'if (false)'),
  mutant(
    'licences/Offers',
    'a list is for all',
    'if (found.terms.listed && !isListed[id][account])',
    'if (false)',
  ),
  mutant(
    'licences/Offers',
    'anyone offers',
    'if (_registry().ownerOf(artifact) != msg.sender)',
    'if (false)',
  ),
  mutant(
    'licences/Licences',
    'anyone delivers keys',
    'if (!isCustodian(artifact, msg.sender))',
    'if (false)',
  ),
  mutant(
    'licences/Licences',
    'a key comes after the end',
    'if (held.keyDueAt == 0 && block.timestamp >= held.expiresAt)',
    'if (false)',
  ),
]
