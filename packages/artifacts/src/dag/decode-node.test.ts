import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encode, prepare } from '@ipld/dag-pb'
import fc from 'fast-check'
import { artifactErrorCode } from '../errors.ts'
import { importBytes } from '../importing/import-bytes.ts'
import { exportPath } from '../reading/export-path.ts'
import { listDirectory } from '../reading/list-directory.ts'
import { readFile } from '../reading/read-file.ts'
import { createMemoryStore } from '../store/memory-store.ts'
import { collect } from '../test-support/known-bytes.ts'
import { temporaryFolder } from '../test-support/temporary-folder.ts'
import { cidOf, dagPbCode, parseCid } from './cid.ts'
import { decodeNode } from './decode-node.ts'
import { encodeFileNode, encodeShard, type Link } from './encode-node.ts'
import { decodeUnixfsData, encodeUnixfsData } from './unixfs-data.ts'

const leafCid = parseCid('bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e')
const someCid = parseCid('bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354')

/** Null for bytes that decode to a node. */
function refusal(bytes: Uint8Array): string | null {
  try {
    decodeNode({ cid: someCid, bytes })
    return null
  } catch (error) {
    return artifactErrorCode(error) ?? `uncoded: ${error}`
  }
}

function pbNode(data: Uint8Array, links: { Name?: string; Tsize?: number }[] = []): Uint8Array {
  return encode(prepare({ Data: data, Links: links.map((link) => ({ Hash: leafCid, ...link })) }))
}

test('UnixFS data survives encoding and decoding', () => {
  const size = fc.nat({ max: Number.MAX_SAFE_INTEGER })
  fc.assert(
    fc.property(fc.uint8Array(), size, fc.array(size), (data, fileSize, blockSizes) => {
      const decoded = decodeUnixfsData(encodeUnixfsData({ type: 2, data, fileSize, blockSizes }))
      assert.deepEqual(decoded, { type: 2, data, fileSize, blockSizes, hashType: 0, fanout: 0 })
    }),
  )
})

test('arbitrary bytes and damaged nodes are nodes or refused with a code', async () => {
  const { block } = await encodeFileNode([{ cid: leafCid, sizeBytes: 11, dagBytes: 11 }])
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.match(refusal(bytes) ?? 'INVALID_NODE', /^INVALID_(NODE|CID)$/)
    }),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(fc.nat(block.bytes.length - 1), fc.nat(255), (at, value) => {
      const bytes = block.bytes.slice()
      bytes[at] = value
      assert.match(refusal(bytes) ?? 'INVALID_NODE', /^INVALID_(NODE|CID)$/)
    }),
    { numRuns: 500 },
  )
})

test('nodes that contradict themselves are refused', () => {
  const file = (fileSize: number, blockSizes: number[]) =>
    encodeUnixfsData({ type: 2, fileSize, blockSizes })
  const refused = [
    pbNode(file(11, [11])),
    pbNode(file(11, []), [{ Tsize: 11 }]),
    pbNode(file(12, [11]), [{ Tsize: 11 }]),
    pbNode(file(2 ** 53 - 1, [2 ** 53 - 1, 2 ** 53 - 1]), [{}, {}]),
    pbNode(encodeUnixfsData({ type: 3 })),
    pbNode(encodeUnixfsData({ type: 5 }, { hashType: 0x22, fanout: 7 })),
    pbNode(encodeUnixfsData({ type: 5 }, { hashType: 0x22, fanout: 256 }), [{ Name: 'A' }]),
    pbNode(encodeUnixfsData({ type: 1 }), [{ Name: 'x'.repeat(2000) }]),
  ]
  for (const [i, bytes] of refused.entries()) assert.equal(refusal(bytes), 'INVALID_NODE', `${i}`)
  assert.equal(refusal(new Uint8Array(2_097_153)), 'BLOCK_TOO_LARGE')
})

test('CIDs of other kinds are refused, and version 0 is turned into version 1', () => {
  const others = [
    '',
    'hello',
    'bafy',
    `bafk${'a'.repeat(200)}`,
    'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
    'bafkqaaa',
  ]
  for (const text of others) assert.throws(() => parseCid(text), { code: 'INVALID_CID' })
  assert.ok(parseCid('QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn').equals(someCid))
})

test('a small DAG that states a huge file is read by range and not written out', async () => {
  await using folder = await temporaryFolder()
  const store = createMemoryStore()
  let link: Link = await importBytes([new Uint8Array(1000).fill(7)], { write: store.put })
  for (let level = 0; level < 4; level++) {
    const built = await encodeFileNode(Array.from({ length: 1000 }, () => link))
    await store.put(built.block)
    link = built.link
  }
  assert.equal(link.sizeBytes, 10 ** 15)
  const range = { start: 10 ** 15 - 10, end: 10 ** 15 }
  assert.deepEqual(await collect(readFile(link.cid, store, { range })), new Uint8Array(10).fill(7))
  const target = `${folder.path}/out`
  await assert.rejects(exportPath(link.cid, target, { blocks: store, maxBytes: 10_000 }), {
    code: 'LIMIT_EXCEEDED',
  })
})

test('a part that holds less than its parent says is found', async () => {
  const store = createMemoryStore()
  const leaf = await importBytes([new Uint8Array(10)], { write: store.put })
  const { block } = await encodeFileNode([{ ...leaf, sizeBytes: 11 }])
  await store.put(block)
  await assert.rejects(collect(readFile(block.cid, store)), { code: 'INVALID_NODE' })
})

test('a folder whose shards name no shard, and a file that is listed, are refused', async () => {
  const store = createMemoryStore()
  const leaf = await importBytes([new Uint8Array(10)], { write: store.put })
  const shape = { hashType: 0x22, fanout: 256 }
  const { block } = await encodeShard(Uint8Array.of(1), [{ ...leaf, name: '00' }], shape)
  await store.put(block)
  await assert.rejects(Array.fromAsync(listDirectory(block.cid, store)), { code: 'INVALID_NODE' })
  await assert.rejects(Array.fromAsync(listDirectory(leaf.cid, store)), { code: 'PATH_NOT_FOUND' })
  const bytes = pbNode(encodeUnixfsData({ type: 1 }))
  const folder = { cid: await cidOf(dagPbCode, bytes), bytes }
  await store.put(folder)
  await assert.rejects(collect(readFile(folder.cid, store)), { code: 'NOT_A_FILE' })
})
