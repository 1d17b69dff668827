import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { quoin } from './test-support/run-quoin.ts'

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-init-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

test('parties who made their own keys get one genesis, and nothing secret leaves them', async (t) => {
  const folder = await folderOf(t)
  const members: string[] = []
  for (const name of ['a', 'b']) {
    const dataDir = join(folder, name)
    const address = `/dns4/${name}.example/tcp/30402`
    const made = await quoin(['chain', 'key', '--data-dir', dataDir, '--address', address])
    assert.equal(made.code, 0, made.stderr)
    members.push(join(dataDir, 'member.json'))
  }
  const dir = join(folder, 'chain')
  const args = ['chain', 'init', '--validators', 'stake', '--dir', dir, '--member', ...members]
  const { code, stdout, stderr } = await quoin([...args, '--json'])
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout)
  assert.equal(report.members.length, 2)
  const genesis = JSON.parse(await readFile(join(dir, 'genesis.json'), 'utf8'))
  const addressOf = ({ address }: { address: string }) => address
  assert.deepEqual(
    genesis.config.quoin.consensus.validators.map(addressOf),
    report.members.map(addressOf),
  )
  const settings = JSON.parse(await readFile(join(dir, 'quoin.json'), 'utf8'))
  assert.equal(settings.allowPeer.length, 2)
  assert.match(settings.bootstrap[0], /^\/dns4\/a\.example\/tcp\/30402\/p2p\/16U/)

  const again = await quoin(args)
  assert.equal(again.code, 2)
  assert.match(again.stderr, /nothing\s+was written/)
})

test("a member's file that was changed on the way is refused by its name", async (t) => {
  const folder = await folderOf(t)
  assert.equal((await quoin(['validator', 'key', '--data-dir', folder])).code, 0)
  const file = join(folder, 'member.json')
  const member = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...member, address: `0x${'11'.repeat(20)}` }))
  const dir = join(folder, 'chain')
  const refused = await quoin(['chain', 'init', '--dir', dir, '--member', file])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr.replace(/\s+/g, ' '), /member\.json: the proof of possession/)
  await assert.rejects(stat(dir), { code: 'ENOENT' })
})

test('keys made for others lie encrypted in a folder each, for their owner only', async (t) => {
  const folder = await folderOf(t)
  const dir = join(folder, 'chain')
  const made = await quoin(['chain', 'init', '--count', '2', '--dir', dir])
  assert.equal(made.code, 0, made.stderr)
  assert.match(made.stdout, /quoin up --data-dir .*node-1/)
  for (const id of [1, 2]) {
    const keystore = join(dir, `node-${id}`, 'keys', 'validator.json')
    assert.equal((await stat(keystore)).mode & 0o077, 0)
    assert.equal(JSON.parse(await readFile(keystore, 'utf8')).crypto.kdf, 'scrypt')
  }
})

test('an order that begins no chain leaves nothing behind, so the next one can be given', async (t) => {
  const dir = join(await folderOf(t), 'chain')
  const init = ['chain', 'init', '--validators', 'stake', '--count', '1', '--dir', dir]
  const refused = await quoin([...init, '--stake', '5'])
  assert.equal(refused.code, 2)
  assert.match(refused.stderr.replace(/\s+/g, ' '), /1000 coins or more/)
  const brief = ['--unbonding-seconds', '60', '--block-time-ms', '5000']
  const { code, stderr } = await quoin([...init, ...brief])
  assert.equal(code, 0, stderr)
})
