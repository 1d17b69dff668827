import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CodedError, silentLogger } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys'
import type { Offence } from '@quoin/network'
import { type AskPeer, createFetchParts } from './fetch-parts.ts'

const parts = [1, 2, 3, 4].map((fill) => new Uint8Array(40).fill(fill))
const hashes = parts.map((part) => keccak256(part))
const { signal } = new AbortController()
type Answer = (hashes: Uint8Array[], signal: AbortSignal) => ReturnType<AskPeer>

const partOf = (hash: Uint8Array) =>
  parts.find((_, index) => Buffer.compare(hashes[index] ?? hash, hash) === 0) ?? null

const honest: Answer = async (wanted) => ({ parts: wanted.map(partOf), failure: null })
const withNothing: Answer = async (wanted) => ({ parts: wanted.map(() => null), failure: null })
const busy: Answer = async () => ({
  parts: [],
  failure: new CodedError('REQUEST_REFUSED', 'busy'),
})
const liar: Answer = async (wanted) => ({
  parts: wanted.map(() => Uint8Array.of(7)),
  failure: null,
})
/** Gives the first part, then nothing until it is given up. */
const stalls: Answer = async ([first], signal) => {
  const given = first ? [partOf(first)] : []
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  return { parts: given, failure: signal.reason }
}

function fetchFrom(answers: Record<string, Answer>) {
  const reports: [string, Offence][] = []
  const asked: string[] = []
  const peers = Object.keys(answers).map((id) => ({ id }) as never)
  const fetch = createFetchParts({
    network: {
      peers: () => peers,
      onPeer: () => () => {},
      report: (peer, offence) => reports.push([peer, offence]),
    },
    ask: async (peer, wanted, options) => {
      asked.push(peer)
      const answer = answers[peer]
      assert.ok(answer)
      return answer(wanted, options.signal)
    },
    patienceMs: 20,
    logger: silentLogger,
  })
  return { fetch, reports, asked }
}

describe('parts of a state from peers', () => {
  it('come from whoever has them, and who gives other bytes is blamed', async () => {
    const { fetch, reports } = fetchFrom({ liar, withNothing, honest })
    assert.deepEqual(await fetch(hashes, { signal }), parts)
    assert.deepEqual(reports, [['liar', 'invalid']])
  })

  it('come in spite of one that stalls, and what it gave counts', async () => {
    const { fetch, reports, asked } = fetchFrom({ stalls, honest })
    assert.deepEqual(await fetch(hashes, { signal }), parts)
    assert.deepEqual(await fetch(hashes, { signal }), parts)
    assert.deepEqual(asked, ['stalls', 'honest', 'honest'], 'the slow one is not asked again')
    assert.deepEqual(reports, [])
  })

  it('are null once every peer said that it has none', async () => {
    const { fetch, asked } = fetchFrom({ a: withNothing, b: withNothing })
    assert.deepEqual(await fetch(hashes, { signal }), [null, null, null, null])
    assert.deepEqual(asked, ['a', 'b'])
  })

  it('are asked for again from peers that are busy, who are not blamed', async () => {
    let refusals = 2
    const fickle: Answer = (...args) => (refusals-- > 0 ? busy(...args) : honest(...args))
    const { fetch, reports } = fetchFrom({ fickle })
    assert.deepEqual(await fetch(hashes, { signal }), parts)
    assert.deepEqual(reports, [])
  })

  it('are not waited for after an abort', async () => {
    const { fetch } = fetchFrom({ stalls })
    const stop = new AbortController()
    const fetching = fetch(hashes, { signal: stop.signal })
    stop.abort()
    await assert.rejects(fetching, { name: 'AbortError' })
  })
})
