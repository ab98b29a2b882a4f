import { LRUCache } from 'lru-cache';
import {
  openWith,
  type SealedColumn,
  randomSecret,
  type SealingKey,
  sealingKey,
  sealWith,
  sha256,
  type Sealer,
} from '../../platform/crypto/index.ts';
import type { SystemTx, TenantTx } from '../../platform/database/index.ts';
import type { Clock } from '../../platform/clock.ts';
import type { TenantId } from '../../platform/ids.ts';
import {
  eraseSubjectKey,
  insertSubjectKey,
  type KeyHolder,
  loadSubjectKeys,
  setKeyHolder,
} from './audit.repo.ts';
import type { Subject } from './personal.ts';

type Tx = TenantTx | SystemTx;

/** Seals personal values under the key of the person they speak of. Erasure destroys the key; the hashes still verify. */
export interface SubjectKeys {
  seal(tx: Tx, subject: Subject, field: string, value: string): Promise<{ hash: string; sealed: string }>;
  /**
   * Reads a key for this transaction, whether this process remembers it or not.
   *
   * SECURITY: that of the day is remembered all day long, for every stranger who names an address that nobody has; that of a person is
   * not, unless somebody came just now. One statement more would tell that there is such a person (threat 51).
   */
  readAnew(tx: Tx, subject: Subject): Promise<void>;
  /** Reads the keys of many in one statement, where `open` would ask for one after the other. */
  readAhead(tx: Tx, subjects: readonly Subject[]): Promise<void>;
  /** Salt and value, or null where the key is gone (erased) or belongs to a tenant that is not the reader's. */
  open(tx: Tx, subject: Subject, field: string, hash: string, sealed: string): Promise<Opened | null>;
  /**
   * Notes of whom the key is that bears the id of an invitation of the entered tenant: whoever it is may be at home elsewhere, and
   * their erasure has to find it when invitation and membership are gone.
   */
  setHolder(tx: TenantTx, subjectId: string, holder: KeyHolder): Promise<void>;
  /**
   * Destroys the key of a person of the entered tenant, for good: what it sealed opens nowhere any more, and what is recorded of
   * them from now on, in this transaction too, is sealed under keys that nobody keeps.
   */
  erase(tx: TenantTx, subjectId: string): Promise<void>;
  /** What this process remembers: once an erasure has committed, here or elsewhere. All of it, since a person has several keys. */
  forget(): void;
}
export interface Opened {
  salt: string;
  value: string;
}

/** What stands in the record in place of a personal value. */
export const personalHash = (salt: string, field: string, value: string): string =>
  sha256(`${salt}\0${field}\0${value}`).toString('base64url');

/**
 * SECURITY: the keys that this process remembers are everybody's, and row security is not asked about them: whose keys a
 * transaction may read is said here once more, as the policies of `subject_keys` say it.
 */
const isReadable = (tx: Tx, { tenantId }: Subject): boolean =>
  !('tenantId' in tx) || tenantId === tx.tenantId || tenantId === tx.subjectTenantId;

const idOf = (subject: Subject) => `${subject.tenantId}/${subject.id}`;
const contextOf = (id: string) => `subject ${id}`;

export const SUBJECT_KEYS: SealedColumn = {
  table: 'subject_keys',
  column: 'key_sealed',
  key: { tenant_id: 'uuid', subject_id: 'text' },
  context: (row) => contextOf(`${String(row.tenant_id)}/${String(row.subject_id)}`),
};

/** In place of a key that was destroyed. */
const ERASED = Symbol('erased');
type Key = SealingKey | typeof ERASED;

export function createSubjectKeys(sealer: Sealer, clock: Clock): SubjectKeys {
  const known = new LRUCache<string, SealingKey>({ max: 2000, ttl: 5 * 60_000 });
  // Keys made or destroyed in a transaction that may still roll back, and what it read ahead: known to that transaction alone.
  const own = new WeakMap<Tx, Map<string, Key>>();
  const keep = (tx: Tx, id: string, key: Key) => {
    const kept = own.get(tx) ?? new Map<string, Key>();
    own.set(tx, kept.set(id, key));
  };
  // Counts what was forgotten: a key that was read before an erasure must not be remembered after it.
  let generation = 0;

  const remembered = (tx: Tx, id: string): Key | undefined => own.get(tx)?.get(id) ?? known.get(id);
  const read = async (tx: Tx, subjects: readonly Subject[]): Promise<Map<string, Key>> => {
    const before = generation;
    const found = new Map<string, Key>();
    for (const row of await loadSubjectKeys(tx, subjects)) {
      const id = idOf({ tenantId: row.tenant_id as TenantId, id: row.subject_id });
      const key = row.key_sealed === '' ? ERASED : sealingKey(sealer.open(row.key_sealed, contextOf(id)));
      if (key !== ERASED && before === generation) known.set(id, key);
      found.set(id, key);
    }
    return found;
  };
  const load = async (tx: Tx, subject: Subject): Promise<Key | undefined> => {
    const id = idOf(subject);
    return remembered(tx, id) ?? (await read(tx, [subject])).get(id);
  };

  const make = async (tx: Tx, subject: Subject): Promise<Key> => {
    const id = idOf(subject);
    const bytes = randomSecret(32);
    const inserted = await insertSubjectKey(tx, subject, sealer.seal(bytes, contextOf(id)), clock.now());
    if (!inserted) {
      const other = await load(tx, subject);
      if (!other) throw new Error('a subject key was made and taken away at once');
      return other;
    }
    const key = sealingKey(bytes);
    keep(tx, id, key);
    return key;
  };

  return {
    async seal(tx, subject, field, value) {
      const found = (await load(tx, subject)) ?? (await make(tx, subject));
      // The hash stands all the same; what it is of, nobody can say any more.
      const key = found === ERASED ? sealingKey(randomSecret(32)) : found;
      const salt = randomSecret(16).toString('base64url');
      const hash = personalHash(salt, field, value);
      return { hash, sealed: sealWith(key, 's', JSON.stringify([salt, value]), `${field} ${hash}`) };
    },
    async readAnew(tx, subject) {
      if (own.get(tx)?.has(idOf(subject))) return;
      for (const [id, key] of await read(tx, [subject])) keep(tx, id, key);
    },
    async readAhead(tx, subjects) {
      const wanted = new Map(
        subjects
          .filter((subject) => isReadable(tx, subject) && remembered(tx, idOf(subject)) === undefined)
          .map((subject) => [idOf(subject), subject]),
      );
      if (wanted.size === 0) return;
      for (const [id, key] of await read(tx, [...wanted.values()])) keep(tx, id, key);
    },
    async open(tx, subject, field, hash, sealed) {
      if (!isReadable(tx, subject)) return null;
      const key = await load(tx, subject);
      if (key === undefined || key === ERASED) return null;
      const [salt, value] = JSON.parse(openWith(key, 's', sealed, `${field} ${hash}`).toString('utf8')) as [
        string,
        string,
      ];
      return { salt, value };
    },
    setHolder: setKeyHolder,
    async erase(tx, subjectId) {
      await eraseSubjectKey(tx, subjectId, clock.now());
      keep(tx, idOf({ tenantId: tx.tenantId, id: subjectId }), ERASED);
    },
    forget() {
      generation += 1;
      known.clear();
    },
  };
}
