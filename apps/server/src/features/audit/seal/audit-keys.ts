import type { Clock } from '../../../platform/clock.ts';
import {
  createNoteSigner,
  generateNoteKey,
  type NoteSigner,
  type SealedColumn,
  type Sealer,
} from '../../../platform/crypto/index.ts';
import type { Doors } from '../../../platform/database/index.ts';
import { ROOT_TENANT } from '../../../platform/ids.ts';
import type { Audit } from '../record.ts';
import { insertAuditKey, listAuditKeys } from './audit-keys.repo.ts';
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
  /** The checkpoint of a tenant, when one of these keys has signed it as one. */
  open(note: string, tenantId: string): Promise<Checkpoint | undefined>;
}

const RELOAD_MS = 5000;

export async function loadAuditKeys(deps: {
  doors: Doors;
  sealer: Sealer;
  clock: Clock;
  audit: Audit;
}): Promise<AuditKeys> {
  const { doors, sealer, clock, audit } = deps;
  const load = () =>
    doors.asSystem('load audit keys', async (tx) => {
      let rows = await listAuditKeys(tx);
      if (!rows.some(({ status }) => status === 'active')) {
        const key = generateNoteKey();
        const privateSealed = sealer.seal(key.privatePem, contextOf(key.kid));
        if (await insertAuditKey(tx, { ...key, privateSealed, now: clock.now() }))
          await audit.recordAsSystem(tx, ROOT_TENANT, {
            action: 'signing_key_created',
            actor: { kind: 'system' },
            resource: { type: 'audit_key', id: key.kid },
            after: { alg: 'Ed25519' },
            request: undefined,
          });
        rows = await listAuditKeys(tx);
      }
      return rows.map(
        (row): AuditKey => ({
          kid: row.kid,
          status: row.status === 'active' ? 'active' : 'retired',
          createdAt: row.created_at,
          // SECURITY: the public half comes out of the sealed private one, and never from the column beside it: who can
          // write rows but has no key-encryption key cannot make a key count.
          signer: createNoteSigner(sealer.open(row.private_sealed, contextOf(row.kid)).toString('utf8')),
        }),
      );
    });
  let keys = await load();
  let loadedAt = performance.now();
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
    async open(note, tenantId) {
      let checkpoint = open(note);
      // Another process may have begun a new key since.
      if (checkpoint === undefined && performance.now() - loadedAt > RELOAD_MS) {
        loadedAt = performance.now();
        keys = await load();
        checkpoint = open(note);
      }
      return checkpoint?.tenantId === tenantId ? checkpoint : undefined;
    },
  };
}

const contextOf = (kid: string) => `audit key ${kid}`;

export const AUDIT_KEYS: SealedColumn = {
  table: 'audit_keys',
  column: 'private_sealed',
  key: { kid: 'text' },
  context: (row) => contextOf(String(row.kid)),
};
