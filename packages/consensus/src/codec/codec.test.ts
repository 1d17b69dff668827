import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ExecutionPayload } from '@quoin/engine'
import type { Certificate } from '@quoin/headers'
import { blockId } from '@quoin/headers'
import { bytesToHex, type Hex } from '@quoin/kernel'
import fc from 'fast-check'
import { type ConsensusBlock, decodeBlock, encodeBlock } from '../block.ts'
import type { Proposal, Vote } from '../core/messages.ts'
import {
  decodeMessage,
  decodeRecord,
  encodeMessage,
  encodeRecord,
  type LogRecord,
  type Message,
} from './messages.ts'

const hex = (size: number): fc.Arbitrary<Hex> =>
  fc.uint8Array({ minLength: size, maxLength: size }).map(bytesToHex)
const anyHex: fc.Arbitrary<Hex> = fc.uint8Array({ maxLength: 40 }).map(bytesToHex)
const quantity: fc.Arbitrary<Hex> = fc
  .bigInt({ min: 0n, max: 2n ** 128n })
  .map((value): Hex => `0x${value.toString(16)}`)
const count = fc.nat()
const round = fc.integer({ min: -1, max: 1000 })

const payload: fc.Arbitrary<ExecutionPayload> = fc.record({
  parentHash: hex(32),
  feeRecipient: hex(20),
  stateRoot: hex(32),
  receiptsRoot: hex(32),
  logsBloom: hex(256),
  prevRandao: hex(32),
  blockNumber: quantity,
  gasLimit: quantity,
  gasUsed: quantity,
  timestamp: quantity,
  extraData: anyHex,
  baseFeePerGas: quantity,
  blockHash: hex(32),
  transactions: fc.array(anyHex, { maxLength: 4 }),
  withdrawals: fc.array(
    fc.record({
      index: quantity,
      validatorIndex: quantity,
      address: hex(20),
      amount: quantity,
    }),
    { maxLength: 2 },
  ),
  blobGasUsed: quantity,
  excessBlobGas: quantity,
})

const certificate: fc.Arbitrary<Certificate> = fc.record({
  height: count,
  round: count,
  id: hex(32),
  signatures: fc.array(hex(65), { maxLength: 4 }),
})

const block: fc.Arbitrary<ConsensusBlock> = fc.record({
  header: fc.record({
    chainId: fc.bigInt({ min: 0n, max: 2n ** 64n }),
    height: count,
    round: count,
    timeMs: fc.integer({ min: 0, max: 2 ** 45 }),
    parentId: hex(32),
    payloadHash: hex(32),
    bodyHash: hex(32),
    validatorsHash: hex(32),
    nextValidatorsHash: hex(32),
    lastCommitHash: hex(32),
    proposer: hex(20),
    randaoReveal: hex(96),
    absent: fc.array(hex(20), { maxLength: 3 }),
  }),
  payload,
  executionRequests: fc.array(anyHex, { maxLength: 3 }),
  lastCommit: fc.option(certificate),
})

const vote: fc.Arbitrary<Vote> = fc.record({
  kind: fc.constantFrom('prevote' as const, 'precommit' as const),
  height: count,
  round: count,
  id: fc.option(hex(32)),
  validRound: round,
  validator: hex(20),
  signature: hex(65),
})

const proposal: fc.Arbitrary<Proposal> = fc.record({
  kind: fc.constant('proposal' as const),
  height: count,
  round: count,
  id: hex(32),
  validRound: round,
  proposer: hex(20),
  signature: hex(65),
  proofOfLock: fc.array(vote, { maxLength: 4 }),
})

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('vote' as const), vote }),
  fc.record({ type: fc.constant('proposal' as const), proposal, block }),
  fc.record({
    type: fc.constant('status' as const),
    status: fc.record({
      height: count,
      parentId: hex(32),
      round,
      validRound: round,
      hasProposal: fc.boolean(),
      prevotes: anyHex,
      precommits: anyHex,
      follows: fc.boolean(),
    }),
  }),
  fc
    .record({ block, certificate })
    .map((parts) => ({ id: blockId(parts.block.header), ...parts }))
    .map((decided) => ({ type: 'decided' as const, decided })),
)

const record: fc.Arbitrary<LogRecord> = fc.oneof(
  fc.record({ type: fc.constant('height' as const), height: count }),
  fc.record({ type: fc.constant('block' as const), block }),
  fc.record({ type: fc.constant('start' as const) }),
  fc.record({ type: fc.constant('value' as const), round: count, id: hex(32) }),
  fc.record({ type: fc.constant('proposal' as const), proposal, valid: fc.boolean() }),
  fc.record({ type: fc.constant('vote' as const), vote }),
  fc.record({
    type: fc.constant('timeout' as const),
    timer: fc.record({
      height: count,
      round: count,
      step: fc.constantFrom('propose' as const, 'prevote' as const, 'precommit' as const),
    }),
  }),
  fc.record({
    type: fc.constant('commit' as const),
    commit: fc.record({ height: count, round: count, id: hex(32), precommits: fc.array(vote) }),
  }),
)

/** fast-check's records have no prototype; what is decoded has. */
const plain = (value: unknown) => structuredClone(value)

describe('the encodings', () => {
  it('give back blocks, and the same id', () => {
    fc.assert(
      fc.property(block, (original) => {
        const decoded = decodeBlock(encodeBlock(original))
        assert.deepEqual(decoded, plain(original))
        assert.equal(blockId(decoded.header), blockId(original.header))
      }),
    )
  })

  it('give back messages', () => {
    fc.assert(
      fc.property(message, (original) => {
        assert.deepEqual(decodeMessage(encodeMessage(original)), plain(original))
      }),
    )
  })

  it('give back log records', () => {
    fc.assert(
      fc.property(record, (original) => {
        assert.deepEqual(decodeRecord(encodeRecord(original)), plain(original))
      }),
    )
  })

  it('refuse what is not one, with the one code', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat({ max: 255 }), (original, at, value) => {
        const bytes = encodeMessage(original)
        const damaged = Uint8Array.from(bytes)
        damaged[at % bytes.length] = value
        for (const candidate of [damaged, bytes.subarray(0, at % bytes.length)])
          try {
            decodeMessage(candidate)
          } catch (error) {
            assert.ok(error instanceof Error && 'code' in error)
            assert.equal(error.code, 'INVALID_ENCODING')
          }
      }),
    )
  })
})
