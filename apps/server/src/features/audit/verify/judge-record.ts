import type { RecordLine } from '../export/line.ts';
import { hashOf } from '../seal/entry.ts';
import { personalHash } from '../subject-keys.ts';
import type { Finding } from './finding.ts';

/** The hash of a record's entry; undefined where it is no entry at all. */
export function leafOf({ entry }: RecordLine): Buffer | undefined {
  try {
    return hashOf(entry);
  } catch {
    return undefined;
  }
}

/** What a record says about itself, beside its entry: it has to be what the entry says. */
export function* judgeSelf(line: RecordLine, leaf: Buffer | undefined, tenantId: string): Generator<Finding> {
  const at = { seq: line.seq, id: line.id };
  const { entry } = line;
  if (leaf === undefined || typeof entry !== 'object' || entry === null) {
    yield { what: 'altered', ...at, why: 'its entry cannot be read' };
    return;
  }
  if (entry.seq !== line.seq || entry.id !== line.id || leaf.toString('base64') !== line.hash)
    yield { what: 'altered', ...at, why: 'number, id or hash beside the entry are not those of the entry' };
  if (entry.tenantId !== tenantId) yield { what: 'foreign', ...at, why: 'it is of another tenant' };
  const hashes = personalHashesIn(entry);
  for (const [hash, { field, salt, value }] of Object.entries(line.personal)) {
    if (!hashes.has(hash))
      yield { what: 'altered', ...at, why: `a value is shown for ${field}, and the entry has none there` };
    else if (personalHash(salt, field, value) !== hash)
      yield { what: 'altered', ...at, why: `the value shown for ${field} is not the one that was recorded` };
  }
}

/** Every `{"$personal": hash}` of an entry. */
function personalHashesIn(value: unknown, into = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return into;
  for (const [name, member] of Object.entries(value)) {
    if (name === '$personal' && typeof member === 'string') into.add(member);
    else personalHashesIn(member, into);
  }
  return into;
}
