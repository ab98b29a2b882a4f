import type { AuditAction } from '@gatehouse/contracts';
import {
  createNoteSigner,
  generateNoteKey,
  type NoteSigner,
  type SealedColumn,
} from '../../../platform/crypto/index.ts';
import type { SystemTx } from '../../../platform/database/index.ts';
import { ROOT_TENANT } from '../../../platform/ids.ts';
import type { Deps } from '../../deps.ts';
import type { AuditState } from '../personal.ts';
import { insertAuditKey, listAuditKeys, retireAuditKey } from './audit-keys.repo.ts';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';

interface AuditKey {
  kid: string;
  status: 'active' | 'retired';
  createdAt: Date;
  signer: NoteSigner;
}

/** The keys that sign checkpoints. They sign nothing else, and no other key signs checkpoints (threat 80). */
export interface AuditKeys {
  readonly active: AuditKey;
  readonly all: readonly AuditKey[];
  /** Follows what other processes and the command line do to them. */
  refresh(): Promise<void>;
  /** The checkpoint of a tenant, when one of these keys has signed it as one. */
  open(note: string, tenantId: string): Promise<Checkpoint | undefined>;
}

type KeyDeps = Pick<Deps, 'doors' | 'sealer' | 'clock' | 'audit'>;
/** A checkpoint that no key opens is a reason to look for a new key, but not at every reading. */
const RELOAD_MS = 200;

export async function loadAuditKeys(deps: KeyDeps): Promise<AuditKeys> {
  let keys: AuditKey[] = [];
  // Once each: a key never changes, whatever it is sealed under while the master key rotates.
  const opened = new Map<string, NoteSigner>();
  let loadedAt = 0;
  const refresh = async () => {
    loadedAt = performance.now();
    const rows = await deps.doors.asSystem('load audit keys', (tx) => loadRows(tx, deps));
    keys = rows.map((row) => ({
      kid: row.kid,
      status: row.status === 'active' ? 'active' : 'retired',
      createdAt: row.created_at,
      signer: opened.get(row.kid) ?? openKey(row.kid, row.private_sealed),
    }));
  };
  const openKey = (kid: string, sealed: string): NoteSigner => {
    // SECURITY: the public half comes out of the sealed private one, and never from the column beside it: who can write
    // rows but has no key-encryption key cannot make a key count.
    const signer = createNoteSigner(deps.sealer.open(sealed, contextOf(kid)).toString('utf8'));
    opened.set(kid, signer);
    return signer;
  };
  await refresh();
  const open = (note: string) =>
    openCheckpoint(
      note,
      keys.map(({ signer }) => signer.publicKey),
    );
  return {
    get active() {
      const active = keys.find(({ status }) => status === 'active');
      if (!active) throw new Error('no active audit key');
      return active;
    },
    get all() {
      return keys;
    },
    refresh,
    async open(note, tenantId) {
      let checkpoint = open(note);
      // Another process may have begun a new key since.
      if (checkpoint === undefined && performance.now() - loadedAt > RELOAD_MS) {
        await refresh();
        checkpoint = open(note);
      }
      return checkpoint?.tenantId === tenantId ? checkpoint : undefined;
    },
  };
}

/** The keys that there are; at the first start, one that is made now. */
async function loadRows(tx: SystemTx, deps: KeyDeps) {
  const rows = await listAuditKeys(tx);
  if (rows.some(({ status }) => status === 'active')) return rows;
  const kid = await makeKey(tx, deps);
  if (kid !== undefined) await recordKey(tx, deps, kid, 'signing_key_created', { alg: 'Ed25519' });
  return listAuditKeys(tx);
}

/**
 * Lets a new key sign from now on. The old one stays, since what it signed has to verify. Undefined when somebody else did
 * it at the same moment.
 */
export function rotateAuditKey(deps: KeyDeps): Promise<{ kid: string; retired: string } | undefined> {
  return deps.doors.asSystem('rotate audit key', async (tx) => {
    const retired = await retireAuditKey(tx);
    const kid = retired === undefined ? undefined : await makeKey(tx, deps);
    if (retired === undefined || kid === undefined) return undefined;
    await recordKey(tx, deps, kid, 'signing_key_rotated', { alg: 'Ed25519', retired });
    return { kid, retired };
  });
}

async function makeKey(tx: SystemTx, { sealer, clock }: KeyDeps): Promise<string | undefined> {
  const key = generateNoteKey();
  const privateSealed = sealer.seal(key.privatePem, contextOf(key.kid));
  return (await insertAuditKey(tx, { ...key, privateSealed, now: clock.now() })) ? key.kid : undefined;
}

const recordKey = (tx: SystemTx, { audit }: KeyDeps, id: string, action: AuditAction, after: AuditState) =>
  audit.recordAsSystem(tx, ROOT_TENANT, {
    action,
    actor: { kind: 'system' },
    resource: { type: 'audit_key', id },
    after,
    request: undefined,
  });

const contextOf = (kid: string) => `audit key ${kid}`;

export const AUDIT_KEYS: SealedColumn = {
  table: 'audit_keys',
  column: 'private_sealed',
  key: { kid: 'text' },
  context: (row) => contextOf(String(row.kid)),
};
