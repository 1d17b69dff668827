import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { StopFilter } from './stop-filter.ts'

test('text is shown up to the first stop text, however it arrives in pieces', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
  const stop = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(fc.array(letters), fc.array(stop, { maxLength: 3 }), (pieces, stops) => {
      const filter = new StopFilter(stops)
      let shown = ''
      let fed = ''
      for (const piece of pieces) {
        if (filter.stopped) break
        fed += piece
        shown += filter.push(piece)
        assert.ok(stops.every((text) => !shown.includes(text)))
      }
      shown += filter.flush()
      const ends = stops.map((text) => fed.indexOf(text)).filter((index) => index >= 0)
      assert.equal(filter.stopped, ends.length > 0)
      assert.equal(shown, ends.length > 0 ? fed.slice(0, Math.min(...ends)) : fed)
    }),
  )
})

test('only what may become a stop text is held back', () => {
  const filter = new StopFilter(['END'])
  assert.equal(filter.push('one E'), 'one ')
  assert.equal(filter.push('N'), '')
  assert.equal(filter.push('x'), 'ENx')
})
