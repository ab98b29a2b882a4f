import { AUDIT_SETTINGS } from './audit-settings.ts';
import { SESSION_SETTINGS } from './session-settings.ts';
import {
  checkContact,
  checkOrigin,
  integer,
  list,
  oneOf,
  required,
  SettingFault,
  text,
  url,
} from './settings.ts';
import { parseCidr } from './cidr.ts';
import { decodeMasterKey } from './master-key.ts';
import { MACHINE_SETTINGS } from './machine-settings.ts';
import { OBSERVATION_SETTINGS } from './observation.ts';
import { PROVIDER_SETTINGS } from './providers.ts';

/** Every setting of the server. `gatehouse serve --help` names the important ones; the reference page is generated from this. */
export const SETTINGS = {
  mode: oneOf('GATEHOUSE_MODE', {
    values: ['development', 'production'],
    defaultText:
      'production when NODE_ENV is production, or the public URL is not a loopback address and TLS_DEV is off; else development',
    description: 'In production unsafe settings are refused and the development mailbox does not exist.',
  }),
  nodeEnv: text('NODE_ENV', { description: '`production` sets GATEHOUSE_MODE to production.' }),
  port: required(
    integer('PORT', { min: 1, max: 65535, default: 4000, description: 'The port to listen on.' }),
  ),
  host: required(
    text('HOST', { default: 'localhost', description: 'The address to listen on; 0.0.0.0 for all.' }),
  ),
  publicUrl: url(
    'GATEHOUSE_PUBLIC_URL',
    {
      defaultText: 'http://localhost:PORT',
      description: 'Where browsers reach this deployment: the issuer, and the base of every link in mail.',
    },
    ['http:', 'https:'],
  ),
  tlsCertFile: text('TLS_CERT_FILE', {
    defaultText: 'none: plain HTTP, for a proxy that ends TLS in front',
    description:
      'Certificate chain in PEM. Read again when it or the key is replaced, while the server runs.',
  }),
  tlsKeyFile: text('TLS_KEY_FILE', { description: 'The private key of TLS_CERT_FILE, in PEM.' }),
  tlsDev: required(
    oneOf('TLS_DEV', {
      values: ['off', 'on'],
      default: 'off',
      description:
        'Development only, as `gatehouse serve --tls-dev`: HTTPS with a certificate of our own for the names of this machine.',
    }),
  ),
  name: required(
    text('GATEHOUSE_NAME', {
      default: 'Gatehouse',
      description: "The deployment's name on pages and in mail.",
    }),
  ),
  dataDir: text('GATEHOUSE_DATA_DIR', {
    defaultText: '.gatehouse in the checkout',
    description: 'The folder of the embedded database, its keys and the development mailbox.',
  }),
  databaseUrl: url(
    'DATABASE_URL',
    {
      secret: true,
      defaultText: 'the embedded PostgreSQL 18',
      description: 'A PostgreSQL (15.9, 16.5, 17.1 or later) to use instead of the embedded one.',
    },
    ['postgres:', 'postgresql:'],
  ),
  databaseAdminUrl: url(
    'DATABASE_ADMIN_URL',
    {
      secret: true,
      defaultText: 'DATABASE_URL',
      description: 'A role that may create roles and tables; used by migrations only.',
    },
    ['postgres:', 'postgresql:'],
  ),
  databaseRolePrefix: required(
    text('DATABASE_ROLE_PREFIX', {
      default: 'gatehouse_',
      description: 'Prefix of the database roles, which belong to a whole cluster.',
    }),
  ),
  databasePoolSize: integer('DATABASE_POOL_SIZE', {
    min: 2,
    max: 200,
    defaultText: '10; fewer with more than seven workers, so that all of them keep within 80',
    description: 'Connections of each worker process; one more watches the database.',
  }),
  valkeyUrl: url(
    'VALKEY_URL',
    {
      secret: true,
      description: 'A Valkey or Redis for rate limits; without it they are kept in PostgreSQL.',
    },
    ['redis:', 'rediss:'],
  ),
  smtpUrl: url(
    'SMTP_URL',
    {
      secret: true,
      description: 'Where mail goes. Without it, in development, mail lands in the development mailbox.',
    },
    ['smtp:', 'smtps:'],
  ),
  mailFrom: required(
    text('MAIL_FROM', { default: 'Gatehouse <no-reply@localhost>', description: 'The sender of mail.' }),
  ),
  masterKey: text('GATEHOUSE_MASTER_KEY', {
    secret: true,
    defaultText: 'made at the first start in the data folder (development only)',
    description:
      'The key-encryption key: 32 bytes in base64 or hex. Seals private keys and credentials in the database.',
  }),
  masterKeyPrevious: list(
    'GATEHOUSE_MASTER_KEY_PREVIOUS',
    {
      secret: true,
      description:
        'Key-encryption keys from before, separated by commas, while the master key is rotated: what was sealed or issued under them still counts.',
    },
    (item) => {
      if (decodeMasterKey(item) !== undefined) return item;
      throw new SettingFault('must be keys like GATEHOUSE_MASTER_KEY, separated by commas');
    },
  ),
  vaultAddr: url(
    'VAULT_ADDR',
    { description: 'HashiCorp Vault, for secrets that read `vault:secret/data/gatehouse#field`.' },
    ['http:', 'https:'],
  ),
  vaultToken: text('VAULT_TOKEN', { secret: true, description: 'The token for Vault.' }),
  vaultRoleId: text('VAULT_ROLE_ID', {
    description: 'With VAULT_SECRET_ID: logs in to Vault by AppRole, instead of VAULT_TOKEN.',
  }),
  vaultSecretId: text('VAULT_SECRET_ID', { secret: true, description: 'See VAULT_ROLE_ID.' }),
  vaultKubernetesRole: text('VAULT_KUBERNETES_ROLE', {
    description: "Logs in to Vault with the token of the pod's service account, as this role.",
  }),
  vaultNamespace: text('VAULT_NAMESPACE', { description: 'A namespace of Vault Enterprise or OpenBao.' }),
  vaultCaCert: text('VAULT_CACERT', {
    defaultText: 'the authorities of the system',
    description: 'A file with the authority (PEM) that signed the certificate of Vault.',
  }),
  adminEmail: text('GATEHOUSE_ADMIN_EMAIL', {
    description: 'First administrator, made at the first start together with GATEHOUSE_ADMIN_PASSWORD.',
  }),
  adminPassword: text('GATEHOUSE_ADMIN_PASSWORD', {
    secret: true,
    description:
      'Password of the first administrator; without both, the first start prints a set-up link. Checked at every start.',
  }),
  secretKey: text('SECRET_KEY', {
    secret: true,
    description: 'HS256 compatibility mode only: the shared secret, at least 32 characters.',
  }),
  tokenAlgorithm: required(
    oneOf('TOKEN_ALGORITHM', {
      values: ['es256', 'rs256', 'eddsa', 'hs256'],
      default: 'es256',
      description:
        'Signature of access tokens; HS256 needs SECRET_KEY and is for edge services that can do no better.',
    }),
  ),
  signingKeyRotationDays: required(
    integer('SIGNING_KEY_ROTATION_DAYS', {
      min: 0,
      max: 3650,
      default: 90,
      description:
        'After so many days the next signing key takes over by itself; 0 leaves it to `gatehouse keys rotate`.',
    }),
  ),
  ...SESSION_SETTINGS,
  refreshReplaySeconds: required(
    integer('REFRESH_REPLAY_SECONDS', {
      min: 0,
      max: 120,
      default: 30,
      description:
        'For so long the spent refresh token gets the same answer again (a lost answer, a second tab).',
    }),
  ),
  cookieSameSite: required(
    oneOf('COOKIE_SAMESITE', {
      values: ['lax', 'strict', 'none'],
      default: 'lax',
      description: 'SameSite of the cookies of cookie-mode clients.',
    }),
  ),
  refreshCookieSameSite: required(
    oneOf('REFRESH_COOKIE_SAMESITE', {
      values: ['strict', 'lax', 'none'],
      default: 'strict',
      description: 'SameSite of the refresh cookie of bearer clients; `none` needs HTTPS.',
    }),
  ),
  allowOrigins: required(
    list(
      'ALLOW_ORIGINS',
      {
        default: [],
        defaultText: 'none',
        description:
          'Origins of front ends on other hosts that may call with credentials, besides those of the clients.',
      },
      checkOrigin,
    ),
  ),
  trustedProxies: required(
    list(
      'TRUSTED_PROXIES',
      {
        default: [],
        defaultText: 'none',
        description:
          'Addresses or CIDR ranges of proxies whose X-Forwarded-For is believed; no other forwarded header is read.',
      },
      parseCidr,
    ),
  ),
  securityContact: required(
    list(
      'SECURITY_CONTACT',
      {
        default: [],
        defaultText: 'none',
        description:
          'Whom to tell of a vulnerability of this deployment: mailto: or https: addresses, the preferred one first (security.txt).',
      },
      checkContact,
    ),
  ),
  securityPolicyUrl: url(
    'SECURITY_POLICY_URL',
    { description: 'Where your rules for reporting vulnerabilities are (security.txt).' },
    ['https:'],
  ),
  registration: oneOf('REGISTRATION', {
    values: ['closed', 'tenant'],
    defaultText: 'closed in production, tenant in development',
    description: '`tenant`: anybody may register, which opens a tenant of their own.',
  }),
  authPolicy: required(
    oneOf('AUTH_POLICY', {
      values: ['standard', 'restricted'],
      default: 'standard',
      description: '`restricted`: single sign-on only.',
    }),
  ),
  breachedPasswordsUrl: url(
    'BREACHED_PASSWORDS_URL',
    {
      defaultText: 'none: only the list of common passwords that comes with the server',
      description:
        'A range service that knows breached passwords, such as `https://api.pwnedpasswords.com/range`. It is told five digits of a SHA-1; where it does not answer, new passwords are let through.',
    },
    ['http:', 'https:'],
  ),
  ...PROVIDER_SETTINGS,
  bcryptCost: required(
    integer('BCRYPT_COST', {
      min: 10,
      max: 16,
      default: 12,
      description: 'Cost of password hashes; lower stored ones are renewed at the next sign-in.',
    }),
  ),
  workers: integer('GATEHOUSE_WORKERS', {
    min: 1,
    max: 64,
    defaultText: '1 in development; in production as many as cores, at most 24',
    description:
      'Processes that answer requests. With one, the process that starts the database answers them itself.',
  }),
  hashWorkers: integer('HASH_WORKERS', {
    min: 1,
    max: 64,
    defaultText: 'the cores, shared by the workers',
    description: 'Threads of each worker process that hash passwords.',
  }),
  hashQueue: required(
    integer('HASH_QUEUE_LIMIT', {
      min: 1,
      max: 10000,
      default: 64,
      description: 'Sign-ins that may wait for a hash thread; more are answered 503 with Retry-After.',
    }),
  ),
  lockoutAttempts: required(
    integer('LOCKOUT_ATTEMPTS', {
      min: 1,
      max: 100,
      default: 5,
      description: 'Failed attempts that lock an account.',
    }),
  ),
  lockoutMinutes: required(
    integer('LOCKOUT_MINUTES', { min: 1, max: 1440, default: 30, description: 'For how long.' }),
  ),
  mfaIssuer: text('MFA_ISSUER', { description: 'What authenticator apps show; else GATEHOUSE_NAME.' }),
  authRateLimit: required(
    integer('RATE_LIMIT_AUTH_PER_MINUTE', {
      min: 1,
      max: 10_000_000,
      default: 50,
      description:
        'Requests a minute by client address (the /64 of an IPv6 one) and group of authentication endpoints; renewals by session.',
    }),
  ),
  addressMailLimit: required(
    integer('RATE_LIMIT_MAIL_ADDRESS_PER_HOUR', {
      min: 1,
      max: 10_000_000,
      default: 5,
      description:
        'Mails an hour to one address that somebody else can cause, of each kind: locked account, links to set a password (a forgotten one: in half an hour), to confirm an address. Of links by administrators, for each tenant; of registrations, in a day, and mail to sign in by, in ten minutes, for each network; four times as many for all together. In a day three times as many at most.',
    }),
  ),
  tenantMailLimit: required(
    integer('RATE_LIMIT_MAIL_TENANT_PER_HOUR', {
      min: 1,
      max: 10_000_000,
      default: 200,
      description: 'Mails an hour that the administrators of one tenant can cause.',
    }),
  ),
  rateTierFree: required(
    integer('RATE_TIER_FREE_PER_MINUTE', {
      min: 1,
      max: 10_000_000,
      default: 600,
      description: 'Requests a minute of all signed-in callers of a tenant of the free tier.',
    }),
  ),
  rateTierStandard: required(
    integer('RATE_TIER_STANDARD_PER_MINUTE', {
      min: 1,
      max: 10_000_000,
      default: 6000,
      description: 'Requests a minute of all signed-in callers of a tenant of the standard tier.',
    }),
  ),
  rateTierEnterprise: required(
    integer('RATE_TIER_ENTERPRISE_PER_MINUTE', {
      min: 1,
      max: 10_000_000,
      default: 60_000,
      description: 'Requests a minute of all signed-in callers of a tenant of the enterprise tier.',
    }),
  ),
  defaultRateTier: required(
    oneOf('RATE_TIER_DEFAULT', {
      values: ['none', 'free', 'standard', 'enterprise'],
      default: 'none',
      description: 'The tier of tenants that were given none; with `none` their requests are not counted.',
    }),
  ),
  bodyLimit: required(
    integer('BODY_LIMIT_BYTES', {
      min: 1024,
      max: 16_777_216,
      default: 262_144,
      description: 'Largest request body.',
    }),
  ),
  ...AUDIT_SETTINGS,
  ...MACHINE_SETTINGS,
  ...OBSERVATION_SETTINGS,
} as const;

/** Names that begin with GATEHOUSE_ and are not settings of the server but of the start script or the tests. */
export const OTHER_KNOWN_NAMES = ['GATEHOUSE_TEST_DATABASE_URL', 'GATEHOUSE_TEST_SUITE'];
export { SettingFault };
