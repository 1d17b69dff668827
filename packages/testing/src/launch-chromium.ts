import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium } from 'playwright-core'

const installed = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** A headless Chromium: the machine's own, else the one that npm brings for Linux on x86-64. */
export async function launchChromium(): Promise<Browser> {
  const executablePath = installed.find((path) => existsSync(path))
  if (executablePath !== undefined) return chromium.launch({ executablePath, args, headless: true })
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(`This test needs Chromium at one of ${installed.join(', ')}: install it first`)
  return launchPackaged()
}

/** Unpacks the packaged browser (200 MB) into a temporary folder, which goes when the browser ends. */
async function launchPackaged(): Promise<Browser> {
  const folder = await mkdtemp(join(tmpdir(), 'quoin-chromium-'))
  const { inflate } = await import('@sparticuz/chromium')
  const archive = (name: string) =>
    fileURLToPath(new URL(`../bin/${name}`, import.meta.resolve('@sparticuz/chromium')))
  const before = process.env.TMPDIR
  process.env.TMPDIR = folder
  await Promise.all([inflate(archive('chromium.br')), inflate(archive('al2023.tar.br'))])
  if (before === undefined) delete process.env.TMPDIR
  else process.env.TMPDIR = before
  const browser = await chromium.launch({
    executablePath: join(folder, 'chromium'),
    // It is the headless shell, whose helper processes want no zygote.
    args: [...args, '--no-zygote'],
    headless: true,
    env: { ...process.env, LD_LIBRARY_PATH: join(folder, 'al2023', 'lib') },
  })
  browser.on('disconnected', () => void rm(folder, { recursive: true, force: true }))
  return browser
}
