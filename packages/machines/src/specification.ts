import { CodedError } from '@quoin/kernel'
import { z } from 'zod'
import type { MachineErrorCode } from './errors.ts'

const path = z
  .string()
  .regex(/^\/[^\0]*$/, 'an absolute path')
  .max(4096)
const target = path.refine((value) => !value.split('/').includes('..'), 'no .. in it')
const text = z
  .string()
  .regex(/^[^\0]*$/, 'text without NUL')
  .max(65_536)

const machineSpecSchema = z.strictObject({
  /** A program and its arguments. */
  command: z.array(text).min(1).max(256),
  /** All that the program finds in its environment, besides PATH. */
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), text).default({}),
  workingDirectory: target.default('/'),
  /**
   * Files and folders of the host, and where the machine has them. Programs run as nobody: what is mounted must
   * be readable to others, whoever may reach it on the host; writable folders are given to nobody.
   */
  mounts: z.array(z.strictObject({ source: path, target, isWritable: z.boolean() })).max(64),
  limits: z.strictObject({
    /** Processors, also parts of one. */
    cpus: z.number().positive().max(1024),
    memoryBytes: z.int().min(16 << 20),
    /** In all writable folders together; one file never grows beyond it. */
    diskBytes: z.int().min(0),
    processes: z.int().min(1).max(65_536),
    /** From start to end. */
    wallMs: z.int().min(1),
  }),
  /** Nothing, not even the host's loopback. */
  network: z.literal('none'),
})

/** What a machine runs, sees, and may use. */
export type MachineSpec = z.infer<typeof machineSpecSchema>
export type MachineSpecInput = z.input<typeof machineSpecSchema>

/** @throws CodedError `INVALID_SPECIFICATION` */
export function parseMachineSpec(value: unknown): MachineSpec {
  const parsed = machineSpecSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new CodedError<MachineErrorCode>(
    'INVALID_SPECIFICATION',
    `The machine's specification is wrong: ${z.prettifyError(parsed.error)}`,
  )
}
