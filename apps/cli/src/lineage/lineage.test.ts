import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Hex } from '@quoin/kernel'
import { lineageToSvg } from './lineage-to-svg.ts'
import { lineageToText } from './lineage-to-text.ts'
import type { LineageGraph, LineageNode } from './read-lineage.ts'

const idOf = (digit: string): Hex => `0x${digit.repeat(64)}`
const owner: Hex = `0x${'ab'.repeat(20)}`

function nodeOf(digit: string, parents: string[], rest: Partial<LineageNode> = {}): LineageNode {
  return {
    id: idOf(digit),
    cid: `bafkrei${digit}`,
    kind: 'data-set',
    owner,
    terms: '',
    publishedAt: 0,
    parents: parents.map(idOf),
    job: parents.length > 0 ? { declaration: idOf('d'), runner: owner, endpoint: null } : null,
    rootBasisPoints: 1234,
    offers: [],
    ...rest,
  }
}

function graphOf(nodes: LineageNode[]): LineageGraph {
  const [first] = nodes
  assert.ok(first)
  return { root: first.id, nodes: new Map(nodes.map((node) => [node.id, node])), descendants: [] }
}

const diamond = graphOf([
  nodeOf('1', ['2', '3'], { kind: 'model' }),
  nodeOf('2', ['4']),
  nodeOf('3', ['4']),
  nodeOf('4', [], { terms: '</text><script>alert(1)</script>&\u0000\ud800' }),
])

test('a tree shows what each artifact was made of, and once what comes twice', () => {
  const lines = lineageToText(diamond)
  assert.equal(lines[0], 'model bafkrei1')
  assert.equal(lines.filter((line) => line.includes('data-set bafkrei4')).length, 2)
  assert.equal(lines.filter((line) => line.endsWith('bafkrei4 (above)')).length, 1)
  assert.ok(lines.some((line) => line.includes('has 12.34% of what is earned')))
})

test('a picture has every artifact and arrow once, and nothing that a licence says becomes markup', () => {
  const svg = lineageToSvg(diamond)
  assert.equal(svg.match(/<g>/g)?.length, 4)
  assert.equal(svg.match(/marker-end/g)?.length, 4)
  assert.ok(!svg.includes('<script'))
  assert.ok(svg.includes('&#60;script&#62;'))
  assert.ok(svg.isWellFormed() && !svg.includes('\u0000'))
})
