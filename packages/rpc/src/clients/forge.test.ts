import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { promisify } from 'node:util'
import { openDevChain } from '../testing/dev-chain.ts'
import { richKey } from '../testing/genesis.ts'

const root = join(import.meta.dirname, '../../../..')
const run = promisify(execFile)

/** Foundry wants a native solc; this hands its standard JSON to npm's. */
const solcShim = `#!/usr/bin/env node
const solc = require('solc')
if (process.argv.includes('--version'))
  console.log('solc, the solidity compiler commandline interface\\nVersion: ' + solc.version())
else process.stdout.write(solc.compile(require('node:fs').readFileSync(0, 'utf8')))
`

const settings = `[profile.default]
src = "src"
solc = "./solc.cjs"
offline = true
evm_version = "prague"
`

test('forge compiles and deploys a contract against the RPC', async () => {
  await using chain = await openDevChain()
  chain.autoMine()
  const project = await mkdtemp(join(tmpdir(), 'quoin-forge-'))
  after(() => rm(project, { recursive: true, force: true }))
  await cp(join(root, 'packages/rpc/fixtures/contracts'), join(project, 'src'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(project, 'node_modules'))
  await writeFile(join(project, 'solc.cjs'), solcShim, { mode: 0o755 })
  await writeFile(join(project, 'foundry.toml'), settings)
  const { stdout } = await run(
    join(root, 'node_modules/.bin/forge'),
    [
      'create',
      'src/Counter.sol:Counter',
      '--broadcast',
      '--json',
      '--private-key',
      richKey,
      '--rpc-url',
      chain.url,
    ],
    {
      cwd: project,
      timeout: 60_000,
      env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' },
    },
  )
  const { deployedTo } = JSON.parse(stdout)
  const { result } = await chain.request('eth_getCode', [deployedTo])
  const artifact = JSON.parse(await readFile(join(project, 'out/Counter.sol/Counter.json'), 'utf8'))
  assert.equal(result, artifact.deployedBytecode.object)
})
