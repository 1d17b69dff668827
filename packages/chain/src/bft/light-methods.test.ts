import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import {
  blockId,
  createValidatorSet,
  decodeRlp,
  genesisId,
  rlpToCertificate,
  rlpToHeader,
  validatorsHash,
  verifyCertificate,
} from '@quoin/headers'
import { type Hex, hexToBytes } from '@quoin/kernel'
import { createTestGenesis, validatorKey } from '../../scripts/kill-test/test-genesis.ts'
import { type BftChain, openChain } from '../index.ts'

let folder: string
let chain: BftChain
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-light-'))
  const opened = await openChain({
    dataDir: folder,
    genesis: createTestGenesis(),
    validatorKey: hexToBytes(validatorKey),
    blockTimeMs: 10,
    heartbeatMs: 10,
    rpc: { host: '127.0.0.1', port: 0 },
  })
  assert.ok(opened.engine === 'bft')
  chain = opened
  while (chain.blocks.height < 5)
    await new Promise<void>((resolve) => {
      const stop = chain.consensus.onDecided(() => {
        stop()
        resolve()
      })
    })
})
after(async () => {
  await chain[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

async function ask(method: string, ...params: unknown[]) {
  const response = await fetch(chain.rpcUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return response.json()
}

const parseSet = (list: { address: Hex; power: string; blsPublicKey: Hex }[]) =>
  createValidatorSet(list.map(({ power, ...keys }) => ({ ...keys, power: BigInt(power) })))

describe('what a node serves to light clients', () => {
  it('is enough to check a block against the genesis', async () => {
    const { result: status } = await ask('quoin_status')
    const chainId = BigInt(status.chainId)
    const first = parseSet(status.genesisValidators)
    assert.equal(status.genesisId, genesisId(chainId, status.executionGenesis, first))
    assert.ok(status.head.height >= 5)
    for (const height of [1, '0x3', 'latest']) {
      const { result } = await ask('quoin_getLightBlock', height)
      const header = rlpToHeader(decodeRlp(hexToBytes(result.header)))
      const certificate = rlpToCertificate(decodeRlp(hexToBytes(result.certificate)))
      const set = parseSet(result.validators)
      assert.equal(certificate.id, blockId(header))
      assert.equal(header.validatorsHash, validatorsHash(set))
      assert.equal(
        verifyCertificate(certificate, set, { chainId, genesisId: status.genesisId }),
        1n,
      )
    }
  })

  it('comes in ranges that name the validators once', async () => {
    const { result } = await ask('quoin_getLightBlocks', 2, 3)
    const heights = result.map(
      ({ header }: { header: Hex }) => rlpToHeader(decodeRlp(hexToBytes(header))).height,
    )
    assert.deepEqual(heights, [2, 3, 4])
    assert.deepEqual(
      result.map(({ validators }: { validators?: unknown[] }) => validators?.length),
      [1, undefined, undefined],
    )
    assert.ok((await ask('quoin_getLightBlocks', 1, 1_000_000)).result.length <= 128)
  })

  it('is nothing for heights that are not there, and an error for what is no height', async () => {
    assert.equal((await ask('quoin_getLightBlock', 1_000_000)).result, null)
    assert.equal((await ask('quoin_getLightBlock', 0)).result, null)
    assert.deepEqual((await ask('quoin_getLightBlocks', 1_000_000, 2)).result, [])
    for (const height of [-1, 1.5, '1', '0x01', null, {}, 2 ** 60])
      assert.equal((await ask('quoin_getLightBlock', height)).error.code, -32602, `${height}`)
  })
})
