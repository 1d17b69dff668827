/**
 * A WebAssembly module, written out byte by byte, whose one function tries nonces: the whole loop stays
 * inside, because a call for every attempt costs more than the attempt. Source: FIPS 202 section 3.2
 * (Keccak-p[1600, 24]) with the padding 0x01 that Ethereum uses.
 *
 * `search(lane: i64, count: i32, limit: i64) -> i32`: hashes the 32 bytes at address 0 followed by the
 * lane as 8 little-endian bytes, for `count` lanes from the first on. Gives how many it passed over before
 * the first hash whose leading 8 bytes, as a big-endian number, are below `limit`; else `count`.
 */
export function createKeccakModule(): Uint8Array<ArrayBuffer> {
  const body = [
    ...unsigned(2),
    ...[1, i32],
    ...[...unsigned(localCount - 4), i64],
    ...searchCode(),
    op.end,
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i64, i32, i64, 1, i32]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...named('search'), 0, 0, ...named('memory'), 2, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body]),
  ])
}

const i32 = 0x7f
const i64 = 0x7e
const op = {
  loop: 0x03,
  if: 0x04,
  end: 0x0b,
  brIf: 0x0d,
  return: 0x0f,
  get: 0x20,
  set: 0x21,
  load64: 0x29,
  const32: 0x41,
  const64: 0x42,
  less32: 0x49,
  less64: 0x54,
  add32: 0x6a,
  add64: 0x7c,
  and64: 0x83,
  or64: 0x84,
  xor64: 0x85,
  shiftLeft64: 0x86,
  shiftRight64: 0x88,
  rotateLeft64: 0x89,
} as const

/** Places of locals: parameters, the counter, the state, its permuted copy, column parities, the message. */
const local = { lane: 0, count: 1, limit: 2, passed: 3, a: 4, b: 29, c: 54, d: 59, message: 64 }
const localCount = 68

const offsets = [
  [0, 36, 3, 41, 18],
  [1, 44, 10, 45, 2],
  [62, 6, 43, 15, 61],
  [28, 55, 25, 21, 56],
  [27, 20, 39, 8, 14],
] as const

const get = (index: number) => [op.get, ...unsigned(index)]
const set = (index: number) => [op.set, ...unsigned(index)]
const const64 = (value: bigint) => [op.const64, ...signed(BigInt.asIntN(64, value))]
const at = (base: number, x: number, y: number) => base + (x % 5) + 5 * (y % 5)

function searchCode(): number[] {
  const loadMessage = [0, 1, 2, 3].flatMap((i) => [
    ...[op.const32, 0, op.load64, 3, 8 * i],
    ...set(local.message + i),
  ])
  return [
    ...loadMessage,
    ...[op.loop, 0x40],
    ...absorb(),
    ...roundConstants().flatMap((constant, round) =>
      round < 23 ? permute(constant) : lastLane(constant),
    ),
    ...byteSwap(local.a),
    ...[...get(local.limit), op.less64, op.if, 0x40, ...get(local.passed), op.return, op.end],
    ...[...get(local.lane), ...const64(1n), op.add64, ...set(local.lane)],
    ...[...get(local.passed), op.const32, 1, op.add32, ...set(local.passed)],
    ...[...get(local.passed), ...get(local.count), op.less32, op.brIf, 0, op.end],
    ...get(local.count),
  ]
}

/** The first block: 32 bytes of message, the lane, the padding's first and last bit. */
function absorb(): number[] {
  const first = [0, 1, 2, 3].flatMap((i) => [...get(local.message + i), ...set(local.a + i)])
  const rest = Array.from({ length: 20 }, (_, i) => i + 5).flatMap((i) => [
    ...const64(i === 5 ? 1n : i === 16 ? 1n << 63n : 0n),
    ...set(local.a + i),
  ])
  return [...first, ...get(local.lane), ...set(local.a + 4), ...rest]
}

/** θ: parities of the columns, and what each column is changed by. */
function theta(): number[] {
  const columns = range5((x) => [
    ...get(at(local.a, x, 0)),
    ...[1, 2, 3, 4].flatMap((y) => [...get(at(local.a, x, y)), op.xor64]),
    ...set(local.c + x),
  ])
  const changes = range5((x) => [
    ...[...get(local.c + ((x + 4) % 5)), ...get(local.c + ((x + 1) % 5))],
    ...[...const64(1n), op.rotateLeft64, op.xor64, ...set(local.d + x)],
  ])
  return [...columns, ...changes]
}

/** ρ and π: where lane (x, y) goes, and by how much it is turned. */
function moveLane(x: number, y: number): number[] {
  const offset = offsets[x]?.[y] ?? 0
  return [
    ...[...get(at(local.a, x, y)), ...get(local.d + x), op.xor64],
    ...(offset === 0 ? [] : [...const64(BigInt(offset)), op.rotateLeft64]),
    ...set(at(local.b, y, 2 * x + 3 * y)),
  ]
}

/** χ for one lane. */
function chi(x: number, y: number): number[] {
  return [
    ...[...get(at(local.b, x, y)), ...get(at(local.b, x + 1, y)), ...const64(-1n), op.xor64],
    ...[...get(at(local.b, x + 2, y)), op.and64, op.xor64, ...set(at(local.a, x, y))],
  ]
}

function iota(constant: bigint): number[] {
  return [...get(local.a), ...const64(constant), op.xor64, ...set(local.a)]
}

function permute(constant: bigint): number[] {
  const moves = range5((x) => range5((y) => moveLane(x, y)))
  const rows = range5((y) => range5((x) => chi(x, y)))
  return [...theta(), ...moves, ...rows, ...iota(constant)]
}

/** The last round as far as the first lane needs it. */
function lastLane(constant: bigint): number[] {
  const moves = [0, 1, 2].flatMap((i) => moveLane(i, i))
  return [...theta(), ...moves, ...chi(0, 0), ...iota(constant)]
}

function byteSwap(index: number): number[] {
  const swapPairs = (bits: bigint, mask: bigint) => [
    ...[...get(index), ...const64(mask), op.and64, ...const64(bits), op.shiftLeft64],
    ...[...get(index), ...const64(bits), op.shiftRight64, ...const64(mask), op.and64, op.or64],
    ...set(index),
  ]
  return [
    ...swapPairs(8n, 0x00ff00ff00ff00ffn),
    ...swapPairs(16n, 0x0000ffff0000ffffn),
    ...[...get(index), ...const64(32n), op.rotateLeft64],
  ]
}

/** By the linear feedback shift register of section 3.2.5. */
function roundConstants(): bigint[] {
  let register = 1
  const nextBit = () => {
    const bit = register & 1
    register = register & 0x80 ? (register << 1) ^ 0x171 : register << 1
    return bit === 1
  }
  return Array.from({ length: 24 }, () => {
    let constant = 0n
    for (let j = 0; j < 7; j++) if (nextBit()) constant |= 1n << (2n ** BigInt(j) - 1n)
    return constant
  })
}

function range5(part: (index: number) => number[]): number[] {
  return [0, 1, 2, 3, 4].flatMap(part)
}

function section(id: number, content: number[]): number[] {
  return [id, ...unsigned(content.length), ...content]
}

function named(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)]
}

/** LEB128 */
function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}

function signed(value: bigint): number[] {
  const low = Number(value & 127n)
  const rest = value >> 7n
  const isLast = (rest === 0n && low < 64) || (rest === -1n && low >= 64)
  return isLast ? [low] : [low | 128, ...signed(rest)]
}
