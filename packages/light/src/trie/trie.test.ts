import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { encodeRlp, numberItem, type RlpItem } from '@quoin/headers'
import { bytesToHex, type Hex, hexToBytes } from '@quoin/kernel'
import { keccak256 } from '@quoin/keys/hash'
import fc from 'fast-check'
import { parseNode, toCompact, toNibbles } from './nodes.ts'
import { orderedRoot } from './ordered-root.ts'
import { emptyRoot, provenValue } from './proven-value.ts'

const bytes = (options: fc.IntArrayConstraints) => fc.uint8Array(options)
const hashOf = (node: RlpItem): Hex => bytesToHex(keccak256(encodeRlp(node)))

/** A trie over hashed keys, with all its nodes: a second way to what the package checks. */
function makeTrie(entries: ReadonlyMap<Hex, Uint8Array>) {
  const nodes: Hex[] = []
  const refer = (node: RlpItem): RlpItem => {
    const encoded = encodeRlp(node)
    if (encoded.length < 32) return node
    nodes.push(bytesToHex(encoded))
    return keccak256(encoded)
  }
  const build = (rows: [number[], Uint8Array][]): RlpItem => {
    const [first] = rows
    assert.ok(first)
    if (rows.length === 1) return [toCompact(first[0], true), first[1]]
    let shared = 0
    while (rows.every(([path]) => path[shared] === first[0][shared])) shared++
    if (shared > 0) {
      const rest = rows.map(([path, value]): [number[], Uint8Array] => [path.slice(shared), value])
      return [toCompact(first[0].slice(0, shared), false), refer(build(rest))]
    }
    const children = Array.from({ length: 16 }, (_, nibble): RlpItem => {
      const below = rows.filter(([path]) => path[0] === nibble)
      const rest = below.map(([path, value]): [number[], Uint8Array] => [path.slice(1), value])
      return rest.length === 0 ? new Uint8Array() : refer(build(rest))
    })
    return [...children, new Uint8Array()]
  }
  const rows = [...entries].map(([key, value]): [number[], Uint8Array] => [
    toNibbles(keccak256(hexToBytes(key))),
    value,
  ])
  const root = build(rows)
  nodes.push(bytesToHex(encodeRlp(root)))
  return { root: hashOf(root), nodes }
}

const key = fc.uint8Array({ minLength: 1, maxLength: 32 }).map((raw) => bytesToHex(raw))
const trie = fc
  .dictionary(key, bytes({ minLength: 1, maxLength: 60 }), { minKeys: 1, maxKeys: 40 })
  .map((entries) => new Map(Object.entries(entries) as [Hex, Uint8Array][]))

describe('a proof', () => {
  it('gives what the trie holds, and shows what it does not', () => {
    fc.assert(
      fc.property(trie, key, (entries, other) => {
        const { root, nodes } = makeTrie(entries)
        for (const [name, value] of entries) assert.deepEqual(provenValue(root, name, nodes), value)
        if (!entries.has(other)) assert.equal(provenValue(root, other, nodes), null)
      }),
    )
    assert.equal(provenValue(emptyRoot, '0x01', []), null)
  })

  it('with a node changed, left out, or of another trie gives nothing else', () => {
    fc.assert(
      fc.property(trie, fc.nat(), fc.nat(), (entries, pick, at) => {
        const { root, nodes } = makeTrie(entries)
        const [name, value] = [...entries][pick % entries.size] ?? ['0x', new Uint8Array()]
        const index = pick % nodes.length
        const node = hexToBytes(nodes[index] ?? '0x')
        node[at % node.length] = (node[at % node.length] ?? 0) ^ 1
        for (const bad of [nodes.with(index, bytesToHex(node)), nodes.toSpliced(index, 1)]) {
          try {
            assert.deepEqual(provenValue(root, name, bad), value)
          } catch (error) {
            assert.ok(error instanceof Error && 'code' in error && error.code === 'SERVER_LIED')
          }
        }
      }),
    )
  })

  it('of nonsense is a lie, never a crash', () => {
    const nonsense = fc.array(bytes({ maxLength: 80 }).map((raw) => bytesToHex(raw)))
    fc.assert(
      fc.property(nonsense, (nodes) => {
        const root = bytesToHex(keccak256(hexToBytes(nodes[0] ?? '0x80')))
        try {
          provenValue(root, '0x01', nodes)
        } catch (error) {
          assert.ok(error instanceof Error && 'code' in error && error.code === 'SERVER_LIED')
        }
      }),
    )
  })
})

describe('the trie of a list', () => {
  it('has the root of the trie that is built entry by entry', () => {
    assert.equal(orderedRoot([]), emptyRoot)
    fc.assert(
      fc.property(
        fc.array(bytes({ minLength: 1, maxLength: 60 }), {
          minLength: 1,
          maxLength: 300,
          size: 'max',
        }),
        (values) => {
          const unhashed = values.map((value, index): [number[], Uint8Array] => [
            toNibbles(encodeRlp(numberItem(index))),
            value,
          ])
          assert.equal(orderedRoot(values), plainRoot(unhashed))
        },
      ),
      { numRuns: 50 },
    )
  })
})

/** The root by inserting one entry after the other into a nested map of nibbles. */
function plainRoot(rows: [number[], Uint8Array][]): Hex {
  const encode = (rows: [number[], Uint8Array][]): RlpItem => {
    if (rows.length === 0) return new Uint8Array()
    const [first] = rows
    if (rows.length === 1 && first) return [toCompact(first[0], true), first[1]]
    const heads = new Set(rows.map(([path]) => path[0]))
    const tails = (nibble: number) =>
      rows
        .filter(([path]) => path[0] === nibble)
        .map(([path, value]): [number[], Uint8Array] => [path.slice(1), value])
    const short = (node: RlpItem): RlpItem => {
      const encoded = encodeRlp(node)
      return encoded.length < 32 ? node : keccak256(encoded)
    }
    if (heads.size === 1) {
      const [nibble = 0] = heads
      let [path, rest] = [[nibble ?? 0], tails(nibble ?? 0)]
      while (new Set(rest.map(([tail]) => tail[0])).size === 1 && rest.length > 1) {
        const next = rest[0]?.[0][0] ?? 0
        path = [...path, next]
        rest = rest.map(([tail, value]) => [tail.slice(1), value])
      }
      return [toCompact(path, false), short(encode(rest))]
    }
    return [
      ...Array.from({ length: 16 }, (_, nibble): RlpItem => {
        const below = encode(tails(nibble))
        return below instanceof Uint8Array ? below : short(below)
      }),
      new Uint8Array(),
    ]
  }
  return hashOf(encode(rows))
}

describe('a path in compact form', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1 }),
        fc.boolean(),
        (path, isLeaf) => {
          const node = parseNode([toCompact(path, isLeaf), Uint8Array.of(1)])
          assert.equal(node.kind, isLeaf ? 'leaf' : 'extension')
          assert.deepEqual(node.path, path)
        },
      ),
    )
  })
})
