/**
 * Draws what difficulty algorithms do when ten times the hash rate comes for an hour and leaves:
 * docs/images/difficulty.svg. Run it with `npm run plot:difficulty`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createAsert,
  createBitcoin,
  createLwma,
  type DifficultyAlgorithm,
  ethereum,
  type SeenBlock,
} from '../src/difficulty/compare.ts'
import { createRandom } from '../src/simulation/random.ts'

const blockTime = 12
const rate = 1000
const hour = 3600
const burst = { from: 2 * hour, to: 3 * hour, end: 7 * hour }

const algorithms: { name: string; colour: string; next: DifficultyAlgorithm }[] = [
  { name: 'ASERT, half-life 60 blocks (Quoin)', colour: '#0b6e4f', next: createAsert(60) },
  { name: 'ASERT, half-life 288 blocks', colour: '#6cae75', next: createAsert(288) },
  { name: 'LWMA, 60 blocks', colour: '#3366cc', next: createLwma(60) },
  { name: 'Ethereum before the merge', colour: '#8e44ad', next: ethereum },
  { name: 'Bitcoin, every 2016 blocks', colour: '#c0392b', next: createBitcoin(2016) },
]

function run(next: DifficultyAlgorithm): SeenBlock[] {
  const random = createRandom(1)
  const chain: SeenBlock[] = [{ time: -3 * hour, difficulty: rate * blockTime }]
  for (let last = chain[0]; last && last.time < burst.end; last = chain.at(-1)) {
    const difficulty = next(chain, blockTime)
    const hashes = last.time >= burst.from && last.time < burst.to ? 10 * rate : rate
    const seconds = (-Math.log(1 - random()) * difficulty) / hashes
    chain.push({ time: last.time + Math.max(0.001, seconds), difficulty })
  }
  return chain.filter(({ time }) => time >= 0 && time <= burst.end)
}

const size = { width: 960, height: 460, left: 60, right: 20, top: 48, bottom: 110 }
const x = (time: number) => size.left + (time / burst.end) * (size.width - size.left - size.right)
const y = (ratio: number) => {
  const share = (Math.log10(Math.max(0.2, ratio)) - Math.log10(0.2)) / Math.log10(20 / 0.2)
  return size.height - size.bottom - share * (size.height - size.top - size.bottom)
}

function curve(chain: readonly SeenBlock[], colour: string): string {
  const points = chain
    .filter((_, index) => index % 4 === 0)
    .map(
      ({ time, difficulty }) =>
        `${x(time).toFixed(1)},${y(difficulty / rate / blockTime).toFixed(1)}`,
    )
  return `<polyline fill="none" stroke="${colour}" stroke-width="1.6" points="${points.join(' ')}"/>`
}

function text(at: [number, number], content: string, more = ''): string {
  return `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${content}</text>`
}

function draw(): string {
  const bottom = size.height - size.bottom
  const shade = `<rect x="${x(burst.from)}" y="${size.top}" width="${x(burst.to) - x(burst.from)}" height="${bottom - size.top}" fill="#f3ead3"/>`
  const rows = [0.2, 0.5, 1, 2, 5, 10, 20].map(
    (ratio) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(ratio)}" y2="${y(ratio)}" stroke="#ddd"/>${text([size.left - 8, y(ratio) + 4], `${ratio}×`, 'text-anchor="end"')}`,
  )
  const hours = [0, 1, 2, 3, 4, 5, 6, 7].map((each) =>
    text([x(each * hour), bottom + 18], `${each} h`, 'text-anchor="middle"'),
  )
  const curves = algorithms.map(({ name, colour, next }, index) => {
    const chain = run(next)
    const found = chain.filter(({ time }) => time >= burst.from && time < burst.to).length
    const after = chain.filter(({ time }) => time >= burst.to && time < burst.to + hour).length
    const label = `${name}: ${found} blocks in the hour of the burst, ${after} in the hour after (300 wanted)`
    const row = bottom + 38 + index * 15
    return `${curve(chain, colour)}<rect x="${size.left}" y="${row - 8}" width="14" height="4" fill="${colour}"/>${text([size.left + 22, row], label)}`
  })
  const title = text(
    [size.left, 26],
    'Difficulty when ten times the hash rate comes for an hour (shaded) and leaves',
    'font-size="16"',
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}" font-family="sans-serif" font-size="12" fill="#222"><title>Difficulty under a tenfold burst of hash rate</title><rect width="100%" height="100%" fill="#fff"/>${shade}${[...rows, ...hours, ...curves].join('\n')}${title}</svg>\n`
}

const folder = join(import.meta.dirname, '../../../docs/images')
mkdirSync(folder, { recursive: true })
writeFileSync(join(folder, 'difficulty.svg'), draw())
console.log(`Wrote ${join('docs/images', 'difficulty.svg')}`)
