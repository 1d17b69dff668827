import type { Hex } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import { fromHex, toHex, zeroHash } from '../codec/bytes.ts'
import { sealHeader } from '../codec/header.ts'
import { zeroBloom } from '../codec/receipt.ts'
import type { Header } from '../interface.ts'
import { blankAccount } from '../state/account.ts'
import { NodeStore, type StateWrites } from '../state/node-store.ts'
import { emptyTrieRoot } from '../state/trie.ts'
import { WorldState } from '../state/world-state.ts'
import { ForkSchedule } from './forks.ts'
import { type GenesisState, type GethGenesis, parseGenesis } from './genesis-schema.ts'

const emptyRoot = toHex(emptyTrieRoot)
export const emptyUnclesHash = toHex(keccak256(Uint8Array.of(0xc0)))
/** sha256 of nothing: the EIP-7685 commitment to no requests. */
const emptyRequestsHash: Hex = '0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/** The hash of block 0, without a data folder. @throws CodedError INVALID_GENESIS */
export function genesisHashOf(genesis: GethGenesis): Hex {
  const nothing = { node: () => undefined, code: () => undefined }
  const state = parseGenesis(genesis)
  return createGenesis(state, new ForkSchedule(genesis), new NodeStore(nothing)).header.hash
}

/** Block 0 and its state. */
export function createGenesis(
  genesis: GenesisState,
  forks: ForkSchedule,
  nodes: NodeStore,
): { header: Header; writes: StateWrites } {
  const world = new WorldState(nodes, emptyTrieRoot)
  for (const [address, account] of Object.entries(genesis.alloc))
    fill(world, address as Hex, account)
  const { stateRoot, writes } = world.seal()
  const rules = forks.rulesAt(0n, genesis.timestamp)
  const header = sealHeader({
    parentHash: zeroHash,
    sha3Uncles: emptyUnclesHash,
    miner: genesis.coinbase,
    stateRoot: toHex(stateRoot),
    transactionsRoot: emptyRoot,
    receiptsRoot: emptyRoot,
    logsBloom: zeroBloom,
    difficulty: genesis.difficulty,
    number: 0n,
    gasLimit: genesis.gasLimit,
    gasUsed: 0n,
    timestamp: genesis.timestamp,
    extraData: genesis.extraData,
    mixHash: genesis.mixHash,
    nonce: `0x${genesis.nonce.toString(16).padStart(16, '0')}`,
    ...(rules.london ? { baseFeePerGas: genesis.baseFeePerGas ?? 1_000_000_000n } : {}),
    ...(rules.shanghai ? { withdrawalsRoot: emptyRoot } : {}),
    ...(rules.cancun
      ? {
          blobGasUsed: genesis.blobGasUsed ?? 0n,
          excessBlobGas: genesis.excessBlobGas ?? 0n,
          parentBeaconBlockRoot: zeroHash,
        }
      : {}),
    ...(rules.prague ? { requestsHash: emptyRequestsHash } : {}),
  })
  return { header, writes }
}

function fill(world: WorldState, address: Hex, account: GenesisState['alloc'][Hex]): void {
  const { nonce, balance, code, storage } = account
  if (code !== '0x') world.setCode(address, fromHex(code))
  const base = world.account(address) ?? blankAccount
  world.setAccount(address, { ...base, nonce, balance })
  for (const [slot, value] of Object.entries(storage))
    world.setStorage(address, slot as Hex, fromHex(value))
}
