import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '@quoin/kernel'
import { type SignedReceipt, SignedReceiptJson, toReceiptJson } from '@quoin/protocol'

/** The consumer's own copies of receipts, a file each, named by receipt id. */
export class ReceiptFolder {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async add(receipt: SignedReceipt): Promise<string> {
    await mkdir(this.#folder, { recursive: true })
    const path = join(this.#folder, `${receipt.id}.json`)
    await writeFile(path, `${JSON.stringify(toReceiptJson(receipt), null, 2)}\n`)
    return path
  }

  async get(id: Hex): Promise<SignedReceipt | null> {
    try {
      const text = await readFile(join(this.#folder, `${id}.json`), 'utf8')
      return SignedReceiptJson.parse(JSON.parse(text))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
      throw error
    }
  }

  /** The newest first. */
  async list(): Promise<SignedReceipt[]> {
    let names: string[]
    try {
      names = await readdir(this.#folder)
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
    const receipts: SignedReceipt[] = []
    for (const name of names) {
      const id = /^(0x[0-9a-f]{64})\.json$/.exec(name)?.[1]
      const receipt = id === undefined ? null : await this.get(`0x${id.slice(2)}`)
      if (receipt) receipts.push(receipt)
    }
    return receipts.sort((a, b) => Number(b.receipt.time - a.receipt.time))
  }
}
