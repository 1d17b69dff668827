import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  baseOf,
  type ChannelBook,
  charge,
  claimable,
  emptyBook,
  judge,
  learn,
  limitOf,
  release,
  reportedCumulative,
  reserve,
  vouch,
} from './book.ts'

/** One payer, one chain, many calls: what a channel may live through. */
type Step =
  | { kind: 'deposit'; amount: bigint }
  | { kind: 'call'; amount: bigint; extra: bigint }
  | { kind: 'end'; which: number; part: bigint }
  | { kind: 'cancel'; which: number }
  | { kind: 'claim' }
  | { kind: 'withdraw'; amount: bigint }
  | { kind: 'mature' }

const amount = fc.bigInt({ min: 0n, max: 1000n })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('deposit' as const), amount }),
  fc.record({ kind: fc.constant('call' as const), amount, extra: fc.bigInt(-200n, 400n) }),
  fc.record({ kind: fc.constant('end' as const), which: fc.nat(20), part: fc.bigInt(0n, 100n) }),
  fc.record({ kind: fc.constant('cancel' as const), which: fc.nat(20) }),
  fc.constant({ kind: 'claim' as const }),
  fc.record({ kind: fc.constant('withdraw' as const), amount }),
  fc.constant({ kind: 'mature' as const }),
)

class World {
  book: ChannelBook = emptyBook
  readonly cap: bigint | null
  readonly running: { max: bigint; amount: bigint }[] = []
  readonly used = new Set<bigint>()
  signed = 0n
  deposited = 0n
  withdrawn = 0n
  charges = 0n

  constructor(cap: bigint | null) {
    this.cap = cap
  }

  take(move: Step): void {
    const { balance, leaving, totalClaimed } = this.book
    if (move.kind === 'deposit') {
      this.deposited += move.amount
      this.book = learn(this.book, { balance: balance + move.amount, leaving, totalClaimed })
    } else if (move.kind === 'call') this.call(move.amount, move.extra)
    else if (move.kind === 'claim')
      this.book = learn(this.book, { balance, leaving, totalClaimed: claimable(this.book) })
    else if (move.kind === 'withdraw') {
      const most = balance - totalClaimed
      this.book = learn(this.book, {
        balance,
        leaving: move.amount < most ? move.amount : most,
        totalClaimed,
      })
      // The market claims at once when it sees the request.
      this.take({ kind: 'claim' })
    } else if (move.kind === 'mature') {
      const most = balance - totalClaimed
      const out = leaving < most ? leaving : most
      this.withdrawn += out
      this.book = learn(this.book, { balance: balance - out, leaving: 0n, totalClaimed })
    } else this.end(move)
  }

  call(price: bigint, extra: bigint): void {
    const max = baseOf(this.book) + price + extra
    if (max <= 0n) return
    const value = { max, used: this.used.has(max) }
    if (max > this.signed) this.signed = max
    const verdict = judge(this.book, this.cap, value, price)
    this.book = vouch(this.book, max)
    if (verdict !== 'fits') return
    assert.ok(!value.used)
    this.used.add(max)
    this.book = reserve(this.book, price)
    this.running.push({ max, amount: price })
    const { charged, reserved, ceiling } = this.book
    assert.ok(charged + reserved <= ceiling, 'never more than was vouched for')
    assert.ok(charged + reserved <= limitOf(this.book, this.cap), 'never more than may be charged')
  }

  end(move: Extract<Step, { kind: 'end' | 'cancel' }>): void {
    const [call] = this.running.splice(move.which, 1)
    if (!call) return
    if (move.kind === 'cancel') this.book = release(this.book, call.amount)
    else {
      const cost = (call.amount * move.part) / 100n
      this.charges += cost
      this.book = charge(this.book, call.amount, cost)
    }
  }
}

test('whatever happens, no more is charged than was vouched for and funded, and sums are conserved', () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 200 }),
      fc.option(fc.bigInt(0n, 5000n)),
      (steps, cap) => {
        const world = new World(cap)
        for (const move of steps) {
          world.take(move)
          const { book } = world
          const running = world.running.reduce((sum, call) => sum + call.amount, 0n)
          assert.equal(book.reserved, running, 'what is frozen is what runs')
          assert.equal(book.charged, world.charges, 'what is charged is what calls cost')
          assert.ok(book.charged <= world.signed, 'never above the payer’s signature')
          assert.ok(cap === null || book.charged <= cap, 'never above the cap')
          assert.ok(book.charged <= book.balance, 'never above the funds')
          assert.ok(claimable(book) <= book.balance)
          assert.equal(world.deposited, book.balance + world.withdrawn)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('a call that has to wait fits when nothing runs any more', () => {
  fc.assert(
    fc.property(amount, amount, fc.bigInt(1n, 1000n), (running, max, price) => {
      const book = { ...emptyBook, balance: 5000n, reserved: running, ceiling: running }
      const verdict = judge(book, null, { max, used: false }, price)
      if (verdict !== 'wait') return
      assert.equal(judge({ ...book, reserved: 0n }, null, { max, used: false }, price), 'fits')
    }),
  )
})

test('a used value, a value below the claims and an empty channel are told apart', () => {
  const book = { ...emptyBook, balance: 100n, charged: 40n, totalClaimed: 40n, ceiling: 60n }
  assert.equal(judge(book, null, { max: 60n, used: false }, 10n), 'fits')
  assert.equal(judge(book, null, { max: 60n, used: true }, 10n), 'stale')
  assert.equal(judge(book, null, { max: 40n, used: false }, 10n), 'below-claimed')
  assert.equal(judge(book, null, { max: 200n, used: false }, 61n), 'short')
  assert.equal(judge(book, 45n, { max: 60n, used: false }, 10n), 'short')
})

test('vouchers that arrive out of order each pay for one call', () => {
  let book: ChannelBook = { ...emptyBook, balance: 100n }
  for (const max of [30n, 10n, 20n]) {
    assert.equal(judge(book, null, { max, used: false }, 10n), 'fits')
    book = reserve(vouch(book, max), 10n)
  }
  assert.equal(judge(book, null, { max: 30n, used: true }, 10n), 'stale')
})

test('a client a little ahead keeps its count, one far ahead is told the truth', () => {
  assert.equal(reportedCumulative(100n, 93n, 7n, 40n), 100n)
  assert.equal(reportedCumulative(100n, 113n, 7n, 40n), 120n)
  assert.equal(reportedCumulative(100n, 153n, 7n, 40n), 100n)
  assert.equal(reportedCumulative(100n, 13n, 7n, 40n), 100n)
})
