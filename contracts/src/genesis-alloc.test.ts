import assert from 'node:assert/strict'
import { test } from 'node:test'
import { predeploys } from './generated/predeploys.ts'
import { genesisAlloc, predeployAddresses } from './index.ts'

const owner = '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266'

test('every contract is at its address with code and nonce 1', () => {
  const alloc = genesisAlloc({ creditOwner: owner })
  for (const address of Object.values(predeployAddresses)) {
    const account = alloc[address]
    assert.equal(account?.nonce, '0x1')
    assert.match(account.code ?? '', /^0x60/)
  }
})

test('every contract is small enough for any chain (EIP-170)', () => {
  for (const [name, { code }] of Object.entries(predeploys))
    assert.ok((code.length - 2) / 2 <= 24_576, name)
})

test('two holdings of one account add up, whatever the case of its address', () => {
  const one = genesisAlloc({ creditOwner: owner, credits: [{ address: owner, amount: 5n }] })
  const two = genesisAlloc({
    creditOwner: owner,
    credits: [
      { address: owner, amount: 2n },
      { address: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', amount: 3n },
    ],
  })
  assert.deepEqual(two, one)
})

test('a native balance keeps a contract’s code', () => {
  const { credit } = predeployAddresses
  const alloc = genesisAlloc({ creditOwner: owner, balances: [{ address: credit, wei: 7n }] })
  assert.equal(alloc[credit]?.balance, '0x7')
  assert.equal(alloc[credit]?.code, predeploys.credit.code)
})

test('one alloc does not show in the next', () => {
  genesisAlloc({ creditOwner: owner, credits: [{ address: owner, amount: 5n }] })
  assert.deepEqual(
    genesisAlloc({ creditOwner: owner }),
    genesisAlloc({ creditOwner: owner, credits: [] }),
  )
})
