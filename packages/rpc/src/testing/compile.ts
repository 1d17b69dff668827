import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Hex } from '@quoin/kernel'
import type { Abi } from 'viem'

const require = createRequire(import.meta.url)

/** Compiles `fixtures/contracts/Counter.sol` with npm's solc. */
export async function compileCounter(): Promise<{ abi: Abi; bytecode: Hex }> {
  const source = join(import.meta.dirname, '../../fixtures/contracts/Counter.sol')
  const input = {
    language: 'Solidity',
    sources: { 'Counter.sol': { content: await readFile(source, 'utf8') } },
    settings: {
      evmVersion: 'prague',
      optimizer: { enabled: true },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(require('solc').compile(JSON.stringify(input)))
  const counter = output.contracts?.['Counter.sol']?.Counter
  if (!counter) throw new Error(JSON.stringify(output.errors))
  return { abi: counter.abi, bytecode: `0x${counter.evm.bytecode.object}` }
}
