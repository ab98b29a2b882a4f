import type { Logger } from 'pino';
import type { Config } from '../config/index.ts';
import type { Clock } from '../platform/clock.ts';
import type { BlindIndex, Cursors, Passwords, Sealer, TokenSigner } from '../platform/crypto/index.ts';
import type { Doors } from '../platform/database/index.ts';
import type { Counted } from '../platform/metrics/index.ts';
import type { BreachedPasswords, CommonPasswords } from '../platform/known-passwords/index.ts';
import type { DevelopmentMailbox } from '../platform/mail/index.ts';
import type { Follower } from '../platform/revocations/follower.ts';
import type { OneTimeTokens } from '../platform/one-time-tokens/index.ts';
import type { Outbox } from '../platform/outbox/index.ts';
import type { Images } from '../platform/images/index.ts';
import type { Limits, MailLimits, TenantRate } from '../platform/limits/index.ts';
import type { Traces } from '../platform/traces/index.ts';
import type { ApiKeyContexts, LastUses } from './api-keys/index.ts';
import type { Audit, AuditKeys, DecisionLog, Denials, Sealing, SubjectKeys } from './audit/index.ts';
import type { ProvedAddresses, Renewals, SessionContexts } from './auth/index.ts';
import type { ClientDirectory } from './clients/index.ts';
import type { Dns, HomeRealms, Providers } from './connections/index.ts';
import type { SigningKeys } from './keys/index.ts';
import type { Brands, TenantRules } from './settings/index.ts';

/** What features are given. Composed once, in `app.ts`; every function takes what it needs from here, explicitly. */
export interface Deps {
  config: Config;
  clock: Clock;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
  doors: Doors;
  sealer: Sealer;
  blindIndex: BlindIndex;
  cursors: Cursors;
  passwords: Passwords;
  commonPasswords: CommonPasswords;
  breachedPasswords: BreachedPasswords;
  keys: SigningKeys;
  tokens: TokenSigner;
  oneTimeTokens: OneTimeTokens;
  outbox: Outbox;
  audit: Audit;
  subjectKeys: SubjectKeys;
  auditKeys: AuditKeys;
  sealing: Sealing;
  decisions: DecisionLog;
  denials: Denials;
  limits: Limits;
  mailLimits: MailLimits;
  clients: ClientDirectory;
  providers: Providers;
  homeRealms: HomeRealms;
  dns: Dns;
  sessionContexts: SessionContexts;
  apiKeyContexts: ApiKeyContexts;
  lastUses: LastUses;
  renewals: Renewals;
  provedAddresses: ProvedAddresses;
  tenantRules: TenantRules;
  tenantRate: TenantRate;
  brands: Brands;
  images: Images;
  revocations: Follower;
  metrics: Counted;
  traces: Traces;
  /** The folder of the built pages. */
  consoleDir: string;
  /** Undefined in production and wherever SMTP_URL is set. */
  mailbox: DevelopmentMailbox | undefined;
}
