// `quoin receipt verify` against a node whose answers are changed on the way.
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, beforeEach, describe, it } from 'node:test'
import { firstDocument, quoin, startNode } from '../apps/cli/src/test-support/run-quoin.ts'
import { type Lies, type LyingProxy, startLyingProxy } from './lying-proxy.ts'

let folder: string
let node: ChildProcess
let proxy: LyingProxy
let gatewayUrl: string
let receipt: string
let genesis: string

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-verify-'))
  const dataDir = join(folder, 'node')
  node = startNode(dataDir)
  const up = await firstDocument(node)
  gatewayUrl = up.gatewayUrl
  proxy = await startLyingProxy(up.rpcUrl)
  const demo = await quoin(['demo', '--json', '--data-dir', dataDir])
  assert.equal(demo.code, 0, demo.stderr)
  receipt = JSON.parse(demo.stdout).verification.receipt
  genesis = join(folder, 'genesis.json')
  await copyFile(join(dataDir, 'chain', 'genesis.json'), genesis)
})

after(async () => {
  await proxy?.[Symbol.asyncDispose]()
  if (node.exitCode === null) {
    node.kill('SIGKILL')
    await once(node, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

beforeEach(() => proxy.tell({}))

/** Somebody else's command line: a folder of its own, only the URLs in common. */
function verify(name: string, ...args: string[]) {
  const urls = ['--gateway-url', gatewayUrl, '--rpc-url', proxy.url]
  return quoin(['receipt', 'verify', receipt, ...urls, '--data-dir', join(folder, name), ...args])
}

const json = <T extends object = Record<string, unknown>>(value: unknown) =>
  structuredClone(value) as T

describe('quoin receipt verify', () => {
  it('proves every check from a genesis file, and says what it trusted', async () => {
    const { code, stdout, stderr } = await verify('given', '--genesis', genesis)
    assert.equal(code, 0, stderr)
    for (const check of ['signature', 'provider', 'service', 'anchor'])
      assert.match(stdout, new RegExp(`✓ ${check}`), check)
    assert.match(stdout, /Trusted: the genesis 0x[0-9a-f]{64} in/)
    assert.match(stdout, /Proven: everything read of the chain, up to block/)
  })

  it('keeps the genesis of the first use, and takes no other later', async () => {
    const first = await verify('first', '--json')
    assert.equal(first.code, 0, first.stderr)
    assert.equal(JSON.parse(first.stdout).trust.isFirstUse, true)
    const second = await verify('first', '--json')
    assert.match(JSON.parse(second.stdout).trusted, /known from earlier/)
  })

  it('begins at a checkpoint', async () => {
    const status = await fetch(proxy.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'quoin_status', params: [] }),
    })
    const { height, id } = (await status.json()).result.head
    const right = await verify('checkpoint', '--checkpoint', `${height}:${id}`)
    assert.equal(right.code, 0, right.stderr)
    assert.match(right.stdout, /Trusted: the checkpoint/)
    const other = `${height}:0x${'77'.repeat(32)}`
    const wrong = await verify('other', '--checkpoint', other)
    assert.equal(wrong.code, 5)
    assert.match(wrong.stderr, /the checkpoint says/)
  })

  const lies: Record<string, { lies: Lies; message: RegExp }> = {
    'another balance': {
      lies: { eth_getProof: (honest) => ({ ...json(honest), balance: '0x123456' }) },
      message: /lied:.*balance.*is said to be 1193046, the proof says/s,
    },
    'another value of a slot': {
      lies: {
        eth_getProof: (honest) => {
          const answer = json<{ storageProof: object[] }>(honest)
          const storageProof = answer.storageProof.map((one) => ({ ...one, value: '0x5' }))
          return { ...answer, storageProof }
        },
      },
      message: /lied:.*slot.*is said to be 5/s,
    },
    'a proof that was cut off': {
      lies: {
        eth_getProof: (honest) => {
          const answer = json<{ accountProof: string[] }>(honest)
          return { ...answer, accountProof: answer.accountProof.slice(0, -1) }
        },
      },
      message: /lied:.*missing or was changed/s,
    },
    'another state': {
      lies: { debug_getRawHeader: (honest) => `${honest}`.replace(/^(.{300})../, '$100') },
      message: /lied:.*the validators signed/s,
    },
    'another certificate': {
      lies: {
        quoin_getLightBlock: (honest) => {
          const block = json<{ certificate: string }>(honest)
          return {
            ...block,
            certificate: block.certificate.replace(/.{40}..$/, `${'0'.repeat(40)}1b`),
          }
        },
      },
      message: /not proven|is none/,
    },
    'another chain': {
      lies: { quoin_status: (honest) => ({ ...json(honest), chainId: '0x1' }) },
      message: /follows another chain/,
    },
  }
  for (const [name, { lies: told, message }] of Object.entries(lies))
    it(`finds ${name}, and names it`, async () => {
      proxy.tell(told)
      const { code, stderr, stdout } = await verify(name.replaceAll(' ', '-'), '--genesis', genesis)
      assert.equal(code, 5, stdout)
      assert.match(stderr.replace(/\s+/g, ' '), message)
    })
})
