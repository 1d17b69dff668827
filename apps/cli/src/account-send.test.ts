import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { formatMoney } from '@quoin/protocol'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

const guide = new URL('../../../docs/guides/pay-from-your-own-account.md', import.meta.url)

let dataDir: string
let node: ChildProcess

function run(...args: string[]) {
  return quoin(args, { QUOIN_DATA_DIR: dataDir, QUOIN_PASSWORD: 'correct horse' })
}

async function runJson(...args: string[]) {
  const { code, stdout, stderr } = await run(...args, '--json')
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

/** The command must fail; what it says. */
async function refusal(...args: string[]) {
  const { code, stdout } = await run(...args, '--json')
  const { error } = JSON.parse(stdout)
  return { exit: code, ...error }
}

async function balancesOf(name: string): Promise<{ credits: bigint; coins: bigint }> {
  const { accounts } = await runJson('account', 'list')
  const account = accounts.find((account: { name: string }) => account.name === name)
  return { credits: BigInt(account.credits), coins: BigInt(account.coins) }
}

async function onlyChannel(): Promise<string> {
  const { channels } = await runJson('channel', 'list')
  assert.equal(channels.length, 1)
  return channels[0].channelId
}

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'quoin-send-'))
  node = startNode(dataDir)
  await firstDocument(node)
})

after(async () => {
  node.kill('SIGKILL')
  if (node.exitCode === null) await once(node, 'exit')
  await rm(dataDir, { recursive: true, force: true })
})

test('the commands of the guide make an account that pays, and give back what is left', async () => {
  const blocks = (await readFile(guide, 'utf8')).matchAll(/```sh\n(.*?)```/gs)
  const lines = [...blocks].flatMap(([, block = '']) => block.trim().split('\n'))
  assert.ok(lines.length >= 6)
  for (const line of lines) {
    const [npx, program, ...args] = [...line.matchAll(/"([^"]*)"|\S+/g)].map(
      ([word, quoted]) => quoted ?? word,
    )
    assert.deepEqual([npx, program], ['npx', 'quoin'])
    const words = args.map(async (word) => (word === '0x1f2e' ? onlyChannel() : word))
    const { code, stderr } = await run(...(await Promise.all(words)))
    assert.equal(code, 0, `${line}: ${stderr}`)
  }
  const { accounts } = await runJson('account', 'list')
  const [, alice] = accounts
  const { receipts } = await runJson('receipt', 'list')
  assert.equal(receipts.length, 1)
  assert.equal(receipts[0].receipt.payer, alice.address)
  assert.equal(BigInt(alice.credits), 5_000_000n - BigInt(receipts[0].receipt.amount))
})

test('an account that was given 5 Credits and 1 coin pays for a call', async () => {
  const { address } = await runJson('account', 'create', 'bob')
  const sent = await runJson('account', 'send', 'bob', '5', '--coins', '1')
  assert.equal(sent.transactions.length, 2)
  for (const { hash } of sent.transactions) assert.match(hash, /^0x[0-9a-f]{64}$/)
  const { name, ...to } = sent.to
  assert.equal(name, 'bob')
  assert.deepEqual(to, { address, credits: '5000000', coins: `${10n ** 18n}` })
  const left = await balancesOf('development')
  assert.deepEqual(left, {
    credits: BigInt(sent.from.credits),
    coins: BigInt(sent.from.coins),
  })
  const { receipt } = await runJson('call', 'use-lite', 'a text', '--account', 'bob')
  assert.equal(receipt.receipt.payer, address)
})

test('what is sent arrives in full, at an address in any case of letters too', async () => {
  const to = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
  const first = await runJson('account', 'send', to, '0.000001')
  assert.deepEqual(first.to, {
    name: null,
    address: to.toLowerCase(),
    credits: '1',
    coins: '0',
  })
  const before = await balancesOf('bob')
  const args = ['account', 'send', to.toLowerCase(), '0', '--coins', '0.25', '--account', 'bob']
  const second = await runJson(...args)
  assert.equal(second.to.coins, `${10n ** 18n / 4n}`)
  const [{ feeWei }] = second.transactions
  assert.equal(BigInt(second.from.coins), before.coins - 10n ** 18n / 4n - BigInt(feeWei))
  assert.equal(BigInt(second.from.credits), before.credits)
})

test('a receiver that nobody meant is refused before anything is sent', async () => {
  const before = await balancesOf('development')
  const unknown = await refusal('account', 'send', 'nobody', '1')
  assert.deepEqual([unknown.exit, unknown.code], [2, 'ACCOUNT_UNKNOWN'])
  const mistyped = '0x70997970C51812dc3A010C7d01b50e0d17dc79c8'
  const checksum = await refusal('account', 'send', mistyped, '1')
  assert.deepEqual([checksum.exit, checksum.code], [2, 'USAGE'])
  assert.match(checksum.message, /checksum/)
  assert.match((await refusal('account', 'send', '0x7099', '1')).message, /40 hexadecimal digits/)
  for (const amounts of [['0'], ['x'], ['-1'], ['1', '--coins', 'x'], ['0', '--coins', '0']])
    assert.equal((await refusal('account', 'send', mistyped.toLowerCase(), ...amounts)).exit, 2)
  assert.deepEqual(await balancesOf('development'), before)
})

test('more than the account owns is refused with what it owns, and without a node exit code 3', async () => {
  const before = await balancesOf('bob')
  const fromBob = ['--account', 'bob']
  const credits = await refusal('account', 'send', 'development', '6', '--coins', '0.1', ...fromBob)
  assert.deepEqual([credits.exit, credits.code], [4, 'FUNDS_TOO_LOW'])
  assert.match(credits.message, /bob owns 4\.\d+ QCR of the 6 QCR/)
  const coins = await refusal('account', 'send', 'development', '1', '--coins', '9', ...fromBob)
  assert.deepEqual([coins.exit, coins.code], [4, 'FUNDS_TOO_LOW'])
  assert.deepEqual(await balancesOf('bob'), before)
  const nowhere = ['--rpc-url', 'http://127.0.0.1:1']
  assert.equal((await refusal('account', 'send', 'bob', '1', ...nowhere)).exit, 3)
})

test('when gas ends between the two transfers, the refusal says what went', async () => {
  const before = await balancesOf('bob')
  const coins = formatMoney(before.coins - 1n, 18)
  const args = ['account', 'send', 'development', '1', '--coins', coins, '--account', 'bob']
  const half = await refusal(...args)
  assert.deepEqual([half.exit, half.code], [4, 'INSUFFICIENT_FUNDS'])
  assert.match(half.message, /^1 QCR went \(transaction 0x[0-9a-f]{64}\)/)
  assert.equal((await balancesOf('bob')).credits, before.credits - 1_000_000n)
})

test('whoever lacks Credits or coins is told which command gives them', async () => {
  await runJson('account', 'create', 'carol')
  const paying = [['call', 'use-lite', 'x'], ['channel', 'open', '1'], ['demo']]
  const expectHints = async (): Promise<void> => {
    for (const command of paying) {
      const { exit, hint } = await refusal(...command, '--account', 'carol')
      assert.equal(exit, 4, command.join(' '))
      assert.match(hint, /quoin account send/, command.join(' '))
    }
  }
  await expectHints()
  await runJson('account', 'send', 'carol', '0', '--coins', '1')
  await expectHints()
  await runJson('account', 'create', 'dave')
  await runJson('account', 'send', 'dave', '5')
  const gasless = await refusal('channel', 'open', '1', '--account', 'dave')
  assert.deepEqual([gasless.exit, gasless.code], [4, 'INSUFFICIENT_FUNDS'])
  assert.match(gasless.hint, /quoin account send/)
})
