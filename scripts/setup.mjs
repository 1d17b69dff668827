// Runs on any Node from 20 on: installs the versions that the lockfile names when it changed, then
// checks the Node that the scripts will use. `--production` leaves out what only tests need.
// (`npm install`: `npm ci` fails where a registry lacks the optional packages of other platforms.)
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = new URL('..', import.meta.url)
const stampFile = new URL('node_modules/.quoin-installed', root)
const production = process.argv.includes('--production')

const lock = createHash('sha256')
  .update(readFileSync(new URL('package-lock.json', root)))
  .digest('hex')
const [installedLock, installedKind] = read(stampFile).split(' ')
const enough = installedLock === lock && (installedKind === 'all' || production)
if (!enough) {
  console.log(
    `Installing ${production ? 'what Quoin runs on' : 'everything for tests'} (once, a minute or two) …`,
  )
  const omit = production && installedKind !== 'all' ? ['--omit=dev'] : []
  const options = ['--no-save', '--ignore-scripts', '--loglevel=error', ...omit]
  execFileSync('npm', ['install', ...options], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  writeFileSync(stampFile, `${lock} ${omit.length > 0 ? 'production' : 'all'}`)
}

const packaged = fileURLToPath(new URL('node_modules/.bin/node', root))
const version = execFileSync(
  existsSync(packaged) ? packaged : 'node',
  ['-p', 'process.versions.node'],
  { encoding: 'utf8' },
)
if (Number.parseInt(version, 10) < 24) {
  console.error(
    `Quoin needs Node 24 or newer, and npm has none for ${process.platform}-${process.arch}: install Node 24, then run this again.`,
  )
  process.exit(1)
}

function read(file) {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
