import { CodedError } from '@quoin/kernel'
import type { MachineErrorCode } from '../errors.ts'
import type { Isolation, MachineDriver } from '../interface.ts'
import { type MachineSpec, parseMachineSpec } from '../specification.ts'
import { ProcessMachine } from './process-machine.ts'
import { nodeMounts, probeSandbox, sandboxCommand } from './sandbox.ts'

const sandboxed: Isolation = {
  safeFor: 'strangers',
  does: [
    'no network, not even the host’s loopback',
    'no files but the system’s programs and what is mounted',
    'no other processes to see, signal or trace',
    'no capabilities, no new privileges; limits on processors, memory, processes and disk',
  ],
  doesNot: [
    'protect against errors in the host’s kernel, which it shares',
    'hide what programs the host has installed, or how busy it is',
  ],
}

const permitted: Isolation = {
  safeFor: 'trusted',
  does: ['Node’s permission model: no child processes, no files but what is mounted'],
  doesNot: [
    'keep out programs that mean harm: links and native code get around it',
    'cut off the network, or hold memory and processors to the limits at once',
  ],
}

/**
 * Machines of this host's kernel, in bubblewrap's namespaces. Without bubblewrap only Node's own permission
 * model is left, which is no wall: then `allowTrusted` must say that all programs are one's own.
 * @throws CodedError `NO_ISOLATION`
 */
export async function createProcessDriver(
  options: { allowTrusted?: boolean } = {},
): Promise<MachineDriver> {
  const obstacle = await probeSandbox()
  if (!obstacle) return driverOf('process', sandboxed, sandboxToCommand)
  if (options.allowTrusted)
    return driverOf('process (trusted programs only)', permitted, permitToCommand)
  throw new CodedError<MachineErrorCode>(
    'NO_ISOLATION',
    `Programs of others cannot be kept apart on this host: ${obstacle}`,
  )
}

function driverOf(
  name: string,
  isolation: Isolation,
  toCommand: (spec: MachineSpec) => { command: string[]; environment: Record<string, string> },
): MachineDriver {
  return {
    name,
    isolation,
    create: async (specification) => new ProcessMachine(parseMachineSpec(specification), toCommand),
  }
}

function sandboxToCommand(spec: MachineSpec) {
  const command = sandboxCommand({
    ...spec,
    mounts: [...nodeMounts(), ...spec.mounts],
    temporaryBytes: Math.max(spec.limits.diskBytes, 1 << 20),
  })
  return { command, environment: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } }
}

/** Where there are no namespaces, the machine's paths are the host's. Only Node programs run. */
function permitToCommand(spec: MachineSpec) {
  const [program = '', ...args] = spec.command
  if (program !== process.execPath)
    throw new CodedError<MachineErrorCode>(
      'NO_ISOLATION',
      `Without bubblewrap only programs of Node run, not ${program}`,
    )
  const toHost = (text: string) => {
    const mount = spec.mounts.find(({ target }) => text === target || text.startsWith(`${target}/`))
    return mount ? mount.source + text.slice(mount.target.length) : text
  }
  const permissions = spec.mounts.flatMap(({ source, isWritable }) => [
    `--allow-fs-read=${source}`,
    ...(isWritable ? [`--allow-fs-write=${source}`] : []),
  ])
  const environment = Object.fromEntries(
    Object.entries(spec.environment).map(([name, value]) => [name, toHost(value)]),
  )
  return {
    command: [
      program,
      '--permission',
      '--allow-addons',
      '--allow-worker',
      '--allow-wasi',
      ...permissions,
      ...args.map(toHost),
    ],
    environment: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', ...environment },
  }
}
