import type { SealedColumn } from '../../platform/crypto/index.ts';
import { LOGIN_PASSWORD } from '../../platform/database/index.ts';
import { INSTALLATION_KEYS } from '../../platform/installation/index.ts';
import { TOKEN_PAYLOADS } from '../../platform/one-time-tokens/index.ts';
import { OUTBOX_PAYLOADS } from '../../platform/outbox/index.ts';
import { AUDIT_KEYS, SUBJECT_KEYS } from '../audit/index.ts';
import { CREDENTIALS } from '../auth/index.ts';
import { CONNECTION_SECRETS } from '../connections/index.ts';
import { contextOf } from './key-life.ts';

const SIGNING_KEYS: SealedColumn = {
  table: 'signing_keys',
  column: 'private_sealed',
  key: { kid: 'text' },
  context: (row) => contextOf(String(row.kid)),
};

/**
 * Everything that is sealed under the master key. A table whose column ends in `_sealed` and that is not in here is found by
 * reseal.test.ts, and keeps `rotate-master` from saying that the previous key may be dropped.
 */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  ...INSTALLATION_KEYS,
  LOGIN_PASSWORD,
  SIGNING_KEYS,
  AUDIT_KEYS,
  OUTBOX_PAYLOADS,
  TOKEN_PAYLOADS,
  SUBJECT_KEYS,
  CREDENTIALS,
  CONNECTION_SECRETS,
];
