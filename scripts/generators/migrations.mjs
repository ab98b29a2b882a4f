import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../bundled-node.mjs';

const folder = join(root, 'db', 'migrations');
const output = 'db/migrations.sha256';

/**
 * Migrations that landed are fixed: databases have them applied. So this list only grows; a file that is not as it was when it
 * came in stops the generator, which will not write over its hash.
 */
export default {
  name: 'hashes of the migrations, which never change',
  output,
  produce: async () => {
    const path = join(root, output);
    const landed = existsSync(path) ? parse(readFileSync(path, 'utf8')) : new Map();
    const now = new Map(
      readdirSync(folder)
        .filter((name) => name.endsWith('.sql'))
        .sort()
        .map((name) => [name, hashOf(join(folder, name))]),
    );
    const faults = faultsOf(landed, now);
    if (faults.length > 0) throw new Error(faults.join('\n'));
    return [...now].map(([name, hash]) => `${hash}  migrations/${name}\n`).join('');
  },
};

export function faultsOf(landed, now) {
  return [...landed].flatMap(([name, hash]) => {
    if (now.get(name) === hash) return [];
    const what = now.has(name) ? 'was changed after it had landed' : 'was removed after it had landed';
    return [
      `db/migrations/${name} ${what}. Databases have it applied: put it back as it was, and the change into a new file.`,
    ];
  });
}

/** The form of sha256sum: `cd db && sha256sum --check migrations.sha256` says the same. */
export function parse(list) {
  const lines = list.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const [, hash, name] = /^([0-9a-f]{64}) {2}migrations\/(\S+)$/.exec(line) ?? [];
      if (name === undefined)
        throw new Error(`${output} holds a line that is no hash of a migration: ${line}`);
      return [name, hash];
    }),
  );
}

const hashOf = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');
