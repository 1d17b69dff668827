import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ChannelLedger,
  committedOf,
  credit,
  emptyLedger,
  learn,
  release,
  reserve,
  settle,
} from './channel-ledger.ts'

const cap = 10n ** 18n

function covered(ledger: ChannelLedger, id: string, ceiling: bigint) {
  const reservation = reserve(ledger, { id, ceiling, cap })
  assert.equal(reservation.kind, 'covered')
  if (reservation.kind !== 'covered') throw new Error('unreachable')
  return reservation
}

test('each running call gets a higher voucher than the one before', () => {
  let ledger = credit(emptyLedger, 1_000n)
  const seen: bigint[] = []
  for (let i = 0; i < 64; i++) {
    const { ledger: next, maxClaimable } = covered(ledger, `${i}`, 10n)
    ledger = next
    seen.push(maxClaimable)
  }
  assert.deepEqual(
    seen,
    Array.from({ length: 64 }, (_, i) => BigInt(i + 1) * 10n),
  )
})

test('a call that escrow does not cover says how much is missing and holds nothing', () => {
  const ledger = credit(emptyLedger, 25n)
  const first = covered(ledger, 'a', 20n)
  assert.deepEqual(reserve(first.ledger, { id: 'b', ceiling: 20n, cap }), {
    kind: 'short',
    missing: 15n,
  })
  assert.equal(committedOf(first.ledger), 20n)
})

test('a call over the cap is refused before anything is signed', () => {
  const ledger = credit(emptyLedger, 1_000n)
  assert.throws(() => reserve(ledger, { id: 'a', ceiling: 101n, cap: 100n }), {
    code: 'CAP_REACHED',
  })
})

test('a total above the highest voucher is a violation', () => {
  const { ledger } = covered(credit(emptyLedger, 100n), 'a', 10n)
  assert.throws(() => settle(ledger, 'a', 11n), { code: 'PROTOCOL_VIOLATION' })
  assert.equal(learn(ledger, { deposited: 200n, claimed: 11n }).charged, 11n)
})

test('no voucher value is signed twice, though a call that was free lets the total stand still', () => {
  let ledger = credit(emptyLedger, 100n)
  ledger = covered(ledger, 'a', 10n).ledger
  ledger = covered(ledger, 'b', 10n).ledger
  ledger = settle(ledger, 'a', 0n)
  assert.equal(covered(ledger, 'c', 10n).maxClaimable, 21n)
})

test('a corrected call counts from where the provider says, without taking that for charged', () => {
  const ledger = credit(emptyLedger, 100n)
  const reservation = reserve(ledger, { id: 'a', ceiling: 10n, cap, floor: 30n })
  assert.ok(reservation.kind === 'covered')
  assert.equal(reservation.maxClaimable, 40n)
  assert.equal(committedOf(reservation.ledger), 10n)
})

test('answers that overtake each other never lower the charged total', () => {
  let ledger = credit(emptyLedger, 100n)
  ledger = covered(ledger, 'a', 10n).ledger
  ledger = covered(ledger, 'b', 10n).ledger
  ledger = settle(ledger, 'b', 14n)
  ledger = settle(ledger, 'a', 7n)
  assert.equal(ledger.charged, 14n)
  assert.equal(committedOf(ledger), 14n)
})

/** The provider's side of the rule: the highest voucher it holds must cover all that it has admitted. */
class Provider {
  charged = 0n
  highest = 0n
  readonly reserved = new Map<string, bigint>()
  readonly #taken = new Set<bigint>()

  admits(id: string, ceiling: bigint, maxClaimable: bigint): boolean {
    if (this.#taken.has(maxClaimable)) return false
    this.#taken.add(maxClaimable)
    const highest = maxClaimable > this.highest ? maxClaimable : this.highest
    let needed = this.charged + ceiling
    for (const other of this.reserved.values()) needed += other
    if (needed > highest) return false
    this.highest = highest
    this.reserved.set(id, ceiling)
    return true
  }

  finish(id: string, amount: bigint): bigint {
    this.reserved.delete(id)
    this.charged += amount
    return this.charged
  }
}

interface Running {
  id: string
  ceiling: bigint
  maxClaimable: bigint
}

/** Vouchers in flight to the provider, calls it runs, and answers in flight back: reordered at will. */
class Wire {
  ledger = credit(emptyLedger, 1_000_000n)
  readonly provider = new Provider()
  readonly toProvider: Running[] = []
  readonly atProvider: Running[] = []
  readonly toPayer: { id: string; cumulative: bigint | null }[] = []
  #next = 0

  step(action: number, pick: number, amount: bigint): void {
    if (action === 0) this.#send(amount)
    else if (action === 1) this.#arrive(pick)
    else if (action === 2) this.#finish(pick, amount)
    else this.#answer(pick)
  }

  #send(ceiling: bigint): void {
    const id = `${this.#next++}`
    const { ledger, maxClaimable } = covered(this.ledger, id, ceiling)
    this.ledger = ledger
    this.toProvider.push({ id, ceiling, maxClaimable })
  }

  #arrive(pick: number): void {
    const call = take(this.toProvider, pick)
    if (!call) return
    assert.ok(
      this.provider.admits(call.id, call.ceiling, call.maxClaimable),
      'the provider can admit every call whatever the order',
    )
    this.atProvider.push(call)
  }

  #finish(pick: number, amount: bigint): void {
    const call = take(this.atProvider, pick)
    if (!call) return
    const charge = amount > call.ceiling ? call.ceiling : amount
    if (pick % 5 === 0) {
      this.provider.reserved.delete(call.id)
      this.toPayer.push({ id: call.id, cumulative: null })
    } else this.toPayer.push({ id: call.id, cumulative: this.provider.finish(call.id, charge) })
  }

  #answer(pick: number): void {
    const answer = take(this.toPayer, pick)
    if (!answer) return
    this.ledger =
      answer.cumulative === null
        ? release(this.ledger, answer.id)
        : settle(this.ledger, answer.id, answer.cumulative)
  }
}

function take<T>(list: T[], pick: number): T | undefined {
  return list.length === 0 ? undefined : list.splice(pick % list.length, 1)[0]
}

test('in any order of arrivals and answers, every call is admitted and nothing is signed beyond what may be owed', () => {
  const steps = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 3 }), fc.nat(1_000), fc.bigInt(1n, 100n)),
    { maxLength: 300 },
  )
  fc.assert(
    fc.property(steps, (actions) => {
      const wire = new Wire()
      for (const [action, pick, amount] of actions) {
        wire.step(action, pick, amount)
        assert.ok(wire.provider.charged <= wire.provider.highest)
        assert.ok(wire.ledger.charged <= wire.provider.charged)
        assert.ok(committedOf(wire.ledger) >= wire.provider.charged)
        assert.ok(wire.ledger.signed <= wire.ledger.deposited)
      }
      for (const action of [1, 2, 3]) for (let i = 0; i < 400; i++) wire.step(action, i, 50n)
      assert.equal(committedOf(wire.ledger), wire.provider.charged)
    }),
    { numRuns: 300 },
  )
})
