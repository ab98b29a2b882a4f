import { readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.ts';

export interface OsUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/**
 * Who the PostgreSQL processes run as. PostgreSQL refuses root, so root either steps down to another user, or, where it
 * may not change users (a container without those capabilities), enters a user namespace in which it is called otherwise.
 */
export type RunAs =
  | { readonly kind: 'self'; readonly user: OsUser }
  | { readonly kind: 'other-user'; readonly user: OsUser }
  | { readonly kind: 'user-namespace'; readonly user: OsUser };

/** Only accounts that own nothing else of worth; a user made for PostgreSQL comes first. */
const preferredUsers = ['postgres', '_postgres', 'nobody', 'daemon'];

/** CHOWN, DAC_OVERRIDE, KILL, SETGID, SETUID: what running and reading as another user takes on Linux. */
const neededCapabilities = [0, 1, 5, 6, 7];

/**
 * @param folderOwner uid that owns the database folder already, if there is one: its owner stays its owner
 */
export function chooseRunAs(folderOwner: number | undefined, folder: string): RunAs {
  const self = currentUser();
  if (self.uid !== 0) {
    if (folderOwner !== undefined && folderOwner !== self.uid)
      throw folderOfAnother(folder, folderOwner, self);
    return { kind: 'self', user: self };
  }
  const users = readUsers();
  const canStepDown = hasCapabilities(neededCapabilities);
  if (folderOwner !== undefined && folderOwner !== 0) {
    if (!canStepDown) throw folderOfAnother(folder, folderOwner, self);
    const owner = users.find((user) => user.uid === folderOwner);
    return {
      kind: 'other-user',
      user: owner ?? { uid: folderOwner, gid: folderOwner, name: `#${folderOwner}` },
    };
  }
  const user = preferredUsers.map((name) => users.find((each) => each.name === name)).find(Boolean);
  if (user === undefined) {
    throw new EmbeddedPostgresError(
      'no_os_user',
      'PostgreSQL refuses to run as root and this system has no user "postgres" or "nobody" to run it as: start Gatehouse as an ordinary user, or set DATABASE_URL.',
    );
  }
  return { kind: canStepDown && folderOwner !== 0 ? 'other-user' : 'user-namespace', user };
}

/** The name under which the server sees this very process when it connects over the socket (peer authentication). */
export function peerName(runAs: RunAs): string {
  return runAs.kind === 'other-user' ? 'root' : runAs.user.name;
}

/** What `spawn` needs so that a program runs as that user: never with a shell, never with our environment. */
export function commandAs(runAs: RunAs, program: string, args: readonly string[]) {
  // SECURITY: the environment holds passwords and keys of Gatehouse; another user's process must not inherit them.
  const options = {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', LANG: 'C', LC_ALL: 'C', TZ: 'UTC' },
  };
  const { uid, gid } = runAs.user;
  switch (runAs.kind) {
    case 'self':
      return { command: program, args: [...args], options };
    case 'other-user':
      return { command: program, args: [...args], options: { ...options, uid, gid } };
    case 'user-namespace': {
      const mapping = ['--user', `--map-user=${uid}`, `--map-group=${gid}`, '--'];
      return { command: 'unshare', args: [...mapping, program, ...args], options };
    }
  }
}

/** Whether that user may pass through every folder down to `path`; judged by mode bits, so an ACL counts as no. */
export async function canReach(path: string, user: OsUser): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { uid, gid, mode } = await stat(folder);
    const shift = uid === user.uid ? 6 : gid === user.gid ? 3 : 0;
    if (((mode >> shift) & 1) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function currentUser(): OsUser {
  try {
    const { uid, gid, username } = userInfo();
    return { uid, gid, name: username };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      'no_os_user',
      `PostgreSQL needs its user to have a name and user id ${process.getuid?.()} has none on this system: add it to /etc/passwd, start Gatehouse as a named user, or set DATABASE_URL.`,
      { cause },
    );
  }
}

function readUsers(): OsUser[] {
  return readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => Number(fields[2]) > 0)
    .map((fields) => ({ name: fields[0] ?? '', uid: Number(fields[2]), gid: Number(fields[3]) }));
}

function hasCapabilities(wanted: readonly number[]): boolean {
  if (process.platform !== 'linux') return true;
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const held = BigInt(`0x${effective}`);
  return wanted.every((bit) => ((held >> BigInt(bit)) & 1n) === 1n);
}

export function noNamespace(output: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'no_os_user',
    'PostgreSQL refuses to run as root, and here root may neither change to another user nor open a user namespace: start Gatehouse as an ordinary user, or set DATABASE_URL.',
    { cause: new Error(output) },
  );
}

function folderOfAnother(folder: string, owner: number, self: OsUser): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'folder_of_another_user',
    `The database in ${folder} belongs to user id ${owner} and Gatehouse now runs as ${self.name}: start it as the user who started it first, or name another folder in GATEHOUSE_DATA_DIR.`,
  );
}
