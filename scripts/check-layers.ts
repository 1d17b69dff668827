/**
 * Checks the direction of imports: a package imports only what its package.json names, only from the
 * other's entrance, and only from a layer below. A package marked browser-safe imports no Node built-in.
 */
import { globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, relative, resolve } from 'node:path'

/** Lowest layer first; packages in one row may not import each other. */
const layers = [
  ['kernel', 'contracts'],
  ['testing'],
  ['keys', 'engine', 'protocol', 'models', 'ledger', 'data', 'machines', 'artifacts'],
  ['headers', 'network', 'trainers'],
  ['light', 'execution', 'consensus', 'pow', 'market', 'jobs', 'exchange'],
  ['sdk', 'rpc', 'gateway', 'sync'],
  ['chain'],
  ['node'],
  ['cli'],
]
const browserSafe = new Set(['kernel', 'protocol', 'ledger', 'sdk', 'headers', 'light', 'trainers'])

const layerOf = (name: string) => layers.findIndex((row) => row.includes(name))
const problems: string[] = []

for (const manifestPath of globSync([
  'packages/*/package.json',
  'apps/*/package.json',
  'contracts/package.json',
])) {
  const folder = dirname(manifestPath)
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8'))
  const name = manifest.name.replace('@quoin/', '')
  if (layerOf(name) < 0)
    problems.push(`${manifestPath}: ${name} has no layer in ${import.meta.filename}`)
  for (const file of globSync(`${folder}/{src,scripts}/**/*.ts`))
    checkFile({ file, folder, name, manifest })
}

type Source = {
  file: string
  folder: string
  name: string
  manifest: { dependencies?: Record<string, string>; devDependencies?: Record<string, string> }
}

function checkFile({ file, folder, name, manifest }: Source): void {
  const isShipped = !/\.test\.ts$|\/(test-support|testing|scripts|fixtures)\//.test(file)
  const report = (text: string) => problems.push(`${relative('.', file)}: ${text}`)
  for (const target of importsOf(readFileSync(file, 'utf8'))) {
    if (target.startsWith('.')) {
      if (!resolve(dirname(file), target).startsWith(resolve(folder)))
        report(`leaves its package: ${target}`)
    } else if (isBuiltin(target)) {
      if (isShipped && browserSafe.has(name)) report(`is browser-safe but imports ${target}`)
    } else if (isShipped) checkPackage(target, { name, manifest, report })
  }
}

function checkPackage(
  target: string,
  {
    name,
    manifest,
    report,
  }: Pick<Source, 'name' | 'manifest'> & { report: (text: string) => void },
): void {
  const parts = target.split('/')
  const dependency = target.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? '')
  if (!manifest.dependencies?.[dependency])
    report(`imports ${dependency}, which its package.json does not name`)
  if (!target.startsWith('@quoin/')) return
  if (parts.length > 2 && !entrancesOf(dependency).includes(`./${parts.slice(2).join('/')}`))
    report(`enters ${dependency} elsewhere than at its entrance: ${target}`)
  const [own, other] = [layerOf(name), layerOf(dependency.replace('@quoin/', ''))]
  if (other >= own) report(`imports ${dependency}, which is not in a layer below`)
}

function importsOf(source: string): string[] {
  const pattern =
    /^\s*(?:import|export)\s[^'"`;]*?from\s+['"]([^'"]+)['"]|^\s*import\s+['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/gm
  return [...source.matchAll(pattern)].map((match) => match[1] ?? match[2] ?? match[3] ?? '')
}

if (problems.length > 0) {
  console.error(problems.join('\n'))
  console.error(`${problems.length} imports go against the layers (docs/ARCHITECTURE.md)`)
  process.exit(1)
}
console.log('Imports follow the layers.')

function entrancesOf(dependency: string): string[] {
  const manifest = JSON.parse(readFileSync(`node_modules/${dependency}/package.json`, 'utf8'))
  return Object.keys(manifest.exports)
}
