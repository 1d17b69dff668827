import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { firstDocument, quoin, startNode } from './test-support/run-quoin.ts'

let folder: string
let dataDir: string
let node: ChildProcess

/** Runs a command on the test's node; its one JSON document. */
async function quoinJson(...args: string[]) {
  const { code, stdout, stderr } = await quoin([...args, '--json', '--data-dir', dataDir])
  assert.equal(code, 0, stderr)
  return JSON.parse(stdout)
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'quoin-cli-'))
  dataDir = join(folder, 'node')
  node = startNode(dataDir)
  const up = await firstDocument(node)
  assert.equal(up.chainId, 31402)
  assert.equal((await fetch(`${up.gatewayUrl}/health`)).status, 200)
})

after(async () => {
  if (node.exitCode === null) {
    node.kill('SIGKILL')
    await once(node, 'exit')
  }
  await rm(folder, { recursive: true, force: true })
})

test('the demo walks through its steps on the running node and finds all as it should be', async () => {
  const demo = await quoinJson('demo')
  assert.equal(demo.ok, true)
  const names = demo.steps.map(({ name }: { name: string }) => name)
  assert.deepEqual(names, ['deploy', 'freeze', 'authorize', 'exchange', 'settle'])
  for (const step of demo.steps)
    for (const { hash, gasUsed } of step.transactions) {
      assert.match(hash, /^0x[0-9a-f]{64}$/)
      assert.ok(BigInt(gasUsed) > 21_000n)
    }
  const exchange = demo.steps[3].detail
  assert.ok(exchange.calls.length >= 3)
  assert.ok(exchange.calls.every(({ receipt }: { receipt: object }) => receipt))
  assert.ok(
    demo.verification.checks.every(({ outcome }: { outcome: string }) => outcome === 'passed'),
  )
  assert.ok(demo.verification.forged.every(({ refused }: { refused: boolean }) => refused))
  const spent =
    BigInt(demo.steps[0].balances.before.payer.credits) -
    BigInt(demo.steps[4].balances.after.payer.credits)
  assert.equal(spent, BigInt(exchange.charged))
})

test('a call is paid from a channel that is kept, and its receipt can be shown and verified', async () => {
  const first = await quoinJson('call', 'use-lite', 'a text')
  assert.equal(first.answer.embedding.length, 512)
  const second = await quoinJson('call', 'tiny-lm', 'Call me Ishmael', '--stream')
  assert.ok(second.answer.text.length > 0)
  assert.equal(second.receipt.receipt.channelId, first.receipt.receipt.channelId)
  assert.equal(second.receipt.receipt.sequence, '2')
  const { receipts } = await quoinJson('receipt', 'list', '--limit', '2')
  assert.deepEqual(
    receipts.map(({ id }: { id: string }) => id),
    [second.receipt.id, first.receipt.id],
  )
  const shown = await quoinJson('receipt', 'show', first.receipt.id)
  assert.deepEqual(shown, first.receipt)
  assert.equal((await quoinJson('receipt', 'verify', second.receiptFile)).valid, true)
})

test('a forged receipt is refused with exit code 5 and the reason', async () => {
  const { receipts } = await quoinJson('receipt', 'list')
  const forged = join(folder, 'forged.json')
  const [receipt] = receipts
  receipt.receipt.amount = `${BigInt(receipt.receipt.amount) + 1n}`
  await writeFile(forged, JSON.stringify(receipt))
  const result = await quoin(['receipt', 'verify', forged, '--data-dir', dataDir])
  assert.equal(result.code, 5)
  assert.match(result.stdout, /✗ signature/)
  assert.match(result.stderr, /id, signature failed/)
})

test('a channel is opened, listed and closed', async () => {
  const opened = await quoinJson('channel', 'open', '1.5', '--cap', '0.5')
  assert.equal(opened.deposited, '1500000')
  const { channels } = await quoinJson('channel', 'list')
  const channel = channels.find(
    ({ channelId }: { channelId: string }) => channelId === opened.channelId,
  )
  assert.equal(channel.balance, '1500000')
  assert.equal(channel.session.capAtomic, '500000')
  const closed = await quoinJson('channel', 'close', opened.channelId.slice(0, 12))
  assert.equal(closed.amount, '1500000')
})

test('an account without Credits is refused clearly, and its password stays secret', async () => {
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, 'correct horse\n')
  const created = await quoin(['account', 'create', 'alice', '--data-dir', dataDir], {
    QUOIN_PASSWORD: 'correct horse',
  })
  assert.equal(created.code, 0, created.stderr)
  assert.ok(!`${created.stdout}${created.stderr}`.includes('horse'))
  const call = ['call', 'use-lite', 'x', '--account', 'alice', '--data-dir', dataDir]
  const poor = await quoin([...call, '--password-file', passwordFile])
  assert.equal(poor.code, 4, poor.stderr)
  assert.match(poor.stderr, /quoin account send/)
  const wrong = await quoin(call, { QUOIN_PASSWORD: 'guess' })
  assert.equal(wrong.code, 4)
  assert.match(wrong.stderr, /The password does not\s+open this keystore/)
  const silent = await quoin(call)
  assert.equal(silent.code, 2)
  assert.match(silent.stderr, /--password-file/)
  const { accounts } = await quoinJson('account', 'list')
  const names = accounts.map(({ name }: { name: string }) => name)
  assert.deepEqual(names, ['development', 'alice'])
})

test('what is wrong on the command line is said with exit code 2, in JSON too', async () => {
  for (const args of [['bogus'], ['call'], ['call', 'a', 'b', '--cap', 'x'], ['up', '--nope']]) {
    const result = await quoin(args)
    assert.equal(result.code, 2, args.join(' '))
    assert.match(result.stderr, /^error {2}/)
    assert.match(result.stderr, /--help/)
  }
  const { stdout } = await quoin(['call', 'nope', 'x', '--json', '--data-dir', dataDir])
  const { error } = JSON.parse(stdout)
  assert.equal(error.code, 'NOT_FOUND')
  assert.match(error.message, /tiny-lm/)
})

test('nobody listening gives exit code 3, a data folder or port in use 6', async () => {
  const nobody = await quoin([
    'status',
    '--gateway-url',
    'http://127.0.0.1:1',
    '--data-dir',
    folder,
  ])
  assert.equal(nobody.code, 3)
  assert.match(nobody.stderr, /quoin up/)
  const ports = ['--gateway-port', '0', '--rpc-port', '0']
  const folderInUse = await quoin(['up', '--data-dir', dataDir, ...ports])
  assert.equal(folderInUse.code, 6)
  const { gatewayUrl } = await quoinJson('status')
  const port = new URL(gatewayUrl).port
  const other = ['up', '--data-dir', join(folder, 'other'), '--rpc-port', '0']
  const portInUse = await quoin([...other, '--gateway-port', port])
  assert.equal(portInUse.code, 6)
  assert.match(portInUse.stderr, /--gateway-port/)
})

test('settings come from flag, environment, file and default, and say so', async () => {
  const own = await mkdtemp(join(folder, 'settings-'))
  await writeFile(join(own, 'quoin.json'), '{"gatewayPort": 3, "rpcPort": 4, "host": "::1"}')
  const shown = await quoin(
    ['config', 'show', '--json', '--data-dir', own, '--gateway-port', '1'],
    { QUOIN_GATEWAY_PORT: '2', QUOIN_RPC_PORT: '2' },
  )
  const { settings } = JSON.parse(shown.stdout)
  const find = (wanted: string) => settings.find(({ name }: { name: string }) => name === wanted)
  assert.deepEqual(find('gatewayPort').origin, { kind: 'flag', name: '--gateway-port' })
  assert.deepEqual(find('rpcPort'), {
    name: 'rpcPort',
    value: 2,
    origin: { kind: 'environment', name: 'QUOIN_RPC_PORT' },
  })
  assert.equal(find('host').origin.kind, 'file')
  assert.equal(find('chainId').origin.kind, 'default')
})

test('who names no command is shown them', async () => {
  for (const [words, shown] of [
    [[], /Commands:[\s\S]* demo /],
    [['net'], /Commands:[\s\S]* up /],
  ] as const) {
    const { code, stdout, stderr } = await quoin([...words])
    assert.equal(code, 2)
    assert.equal(stdout, '')
    assert.match(stderr, shown)
  }
})

test('every command has help with a description, and the whole fits 80 columns', async () => {
  const commands = [
    '',
    'up',
    'demo',
    'call',
    'account',
    'account send',
    'channel open',
    'receipt verify',
    'config show',
    'net',
    'net up',
    'chain',
    'chain init',
    'validator',
    'validator register',
    'model deploy',
    'earnings show',
    'lineage',
    'reproduce',
  ]
  for (const command of commands) {
    const { code, stdout } = await quoin([...command.split(' ').filter(Boolean), '--help'])
    assert.equal(code, 0)
    assert.match(stdout, /^Usage: quoin/)
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line)
  }
})

test('the first interrupt stops the node cleanly, and the next start goes on from there', async () => {
  const before = await quoinJson('status')
  node.kill('SIGINT')
  const [code] = await once(node, 'exit')
  assert.equal(code, 0)
  assert.ok(!existsSync(join(dataDir, 'endpoints.json')))
  const again = startNode(dataDir)
  await firstDocument(again)
  const after = await quoinJson('status')
  assert.ok(after.height >= before.height)
  assert.equal(after.provider, before.provider)
  const { receipts } = await quoinJson('receipt', 'list')
  assert.ok(receipts.length > 0)
  again.kill('SIGTERM')
  await once(again, 'exit')
})

test('the demo starts a node of its own in the folder given, and leaves it stopped', async () => {
  const { code, stdout, stderr } = await quoin(['demo', '--json', '--data-dir', dataDir])
  assert.equal(code, 0, stderr)
  const demo = JSON.parse(stdout)
  assert.equal(demo.node.startedHere, true)
  assert.ok(!existsSync(join(dataDir, 'endpoints.json')))
  assert.match(await readFile(join(dataDir, 'admin-token'), 'utf8'), /^\S+$/)
})
