import { execFile } from 'node:child_process'
import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { MachineSpec } from '../specification.ts'

const probeMs = 5_000
/** Nobody, to everything inside. */
export const sandboxUser = 65_534

/** Whether bubblewrap is there and this kernel lets it work. @returns what is in the way, or null */
export async function probeSandbox(): Promise<string | null> {
  try {
    const [program = '', ...args] = sandboxCommand({
      command: ['/bin/true'],
      environment: {},
      workingDirectory: '/',
      mounts: [],
      temporaryBytes: 1 << 20,
    })
    await promisify(execFile)(program, args, { timeout: probeMs })
    return null
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return text.includes('ENOENT')
      ? 'bubblewrap is not installed (Debian: apt-get install bubblewrap)'
      : `bubblewrap does not work here: ${text.split('\n').at(-2) ?? text}`
  }
}

interface Sandbox
  extends Pick<MachineSpec, 'command' | 'environment' | 'workingDirectory' | 'mounts'> {
  /** How much /tmp holds. */
  temporaryBytes: number
}

/**
 * The command that runs another in namespaces of its own (bwrap(1)): no network, no processes but its own,
 * no files but the system's programs and what is mounted, no capabilities, no way to gain any.
 */
export function sandboxCommand(sandbox: Sandbox): string[] {
  const { command, environment, workingDirectory, mounts, temporaryBytes } = sandbox
  const isRoot = process.getuid?.() === 0
  return [
    'bwrap',
    ...(isRoot ? asRoot : asUser),
    ...['--die-with-parent', '--new-session', '--hostname', 'machine'],
    ...systemFolders(),
    ...['--proc', '/proc', '--ro-bind', '/proc/sys', '/proc/sys', '--dev', '/dev'],
    ...['--perms', '1777', '--size', `${temporaryBytes}`, '--tmpfs', '/tmp'],
    ...parentFolders('/etc/ld.so.cache'),
    ...['--ro-bind-try', '/etc/ld.so.cache', '/etc/ld.so.cache'],
    ...mounts.flatMap(({ source, target, isWritable }) => [
      ...parentFolders(target),
      isWritable ? '--bind' : '--ro-bind',
      source,
      target,
    ]),
    '--remount-ro',
    '/',
    '--clearenv',
    ...['--setenv', 'PATH', `/usr/bin:/bin`],
    ...Object.entries(environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', workingDirectory, '--'],
    ...(isRoot ? dropRoot : []),
    ...command,
  ]
}

const user = `${sandboxUser}`
const asUser = [
  '--unshare-all',
  '--disable-userns',
  '--uid',
  user,
  '--gid',
  user,
  '--cap-drop',
  'ALL',
]
/**
 * Root inside a user namespace of its own would still own the host's files in /proc/sys. So there is none, and
 * the program becomes nobody for real.
 */
const asRoot = [
  ...['--unshare-ipc', '--unshare-pid', '--unshare-net', '--unshare-uts', '--unshare-cgroup-try'],
  ...[
    '--cap-drop',
    'ALL',
    '--cap-add',
    'CAP_SETUID',
    '--cap-add',
    'CAP_SETGID',
    '--cap-add',
    'CAP_SETPCAP',
  ],
]
const dropRoot = [
  ...['setpriv', '--reuid', user, '--regid', user, '--clear-groups', '--no-new-privs'],
  ...['--bounding-set', '-all', '--inh-caps', '-all', '--'],
]

/** By itself bubblewrap would make them for root alone. */
function parentFolders(target: string): string[] {
  const parent = dirname(target)
  return parent === '/' ? [] : [...parentFolders(parent), '--perms', '0755', '--dir', parent]
}

/** Programs and libraries, as the host has them: /lib and its like are folders, or links into /usr. */
function systemFolders(): string[] {
  return ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64']
    .filter(existsSync)
    .flatMap((folder) => {
      if (lstatSync(folder).isSymbolicLink()) return ['--symlink', readlinkSync(folder), folder]
      return ['--ro-bind', folder, folder]
    })
}

/** The mounts that Node itself needs: its binary, where that is not the system's. */
export function nodeMounts(): MachineSpec['mounts'] {
  const source = dirname(process.execPath)
  if (source.startsWith('/usr/')) return []
  return [{ source, target: source, isWritable: false }]
}
