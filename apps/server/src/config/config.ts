import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { DEFAULT_SETTINGS, fitsBcrypt, isEmail, missedPasswordRules } from '@gatehouse/contracts';
import { hasShippedPassword, isGuessable, isGuessableKey } from './guessable.ts';
import { OTHER_KNOWN_NAMES, SETTINGS, SettingFault } from './schema.ts';
import { decodeMasterKey } from './master-key.ts';
import { faultsOfProviders } from './providers.ts';
import { readRaw, type Setting } from './settings.ts';

type Values = { [K in keyof typeof SETTINGS]: (typeof SETTINGS)[K] extends Setting<infer T> ? T : never };

/** The configuration of one server, parsed once. */
export interface Config
  extends Omit<
    Values,
    | 'mode'
    | 'publicUrl'
    | 'registration'
    | 'apiKeyPrefix'
    | 'dataDir'
    | 'nodeEnv'
    | 'tlsDev'
    | 'workers'
    | 'hashWorkers'
    | 'databasePoolSize'
  > {
  mode: 'development' | 'production';
  /** The issuer: an origin without a trailing slash. */
  publicUrl: string;
  registration: 'closed' | 'tenant';
  apiKeyPrefix: string;
  dataDir: string;
  tlsDev: boolean;
  /** Processes that answer requests. */
  workers: number;
  /** Of each of them: threads that hash, connections to the database. */
  hashWorkers: number;
  databasePoolSize: number;
}

/** All faults of a configuration at once, each by the name of its setting and never by its value. */
export class ConfigError extends Error {
  readonly faults: readonly string[];
  constructor(faults: readonly string[]) {
    super(faults.join('\n'));
    this.faults = faults;
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\]|.+\.localhost)$/;

/** Is this the address of the machine itself, which browsers treat as secure even without TLS? */
export const isLoopbackUrl = (url: string) => LOOPBACK.test(new URL(url).hostname);

const isLoopbackHost = (host: string) => LOOPBACK.test(host) || host === '::1';

/**
 * Parses the environment.
 *
 * @throws {ConfigError} naming every fault at once: bad values, unknown `GATEHOUSE_*` names, unsafe production settings.
 */
export function parseConfig(env: Record<string, string | undefined>, baseDir: string): Config {
  const faults: string[] = [];
  const values = {} as Record<string, unknown>;
  for (const [key, it] of Object.entries(SETTINGS)) {
    try {
      values[key] = it.parse(readRaw(env, it));
    } catch (error) {
      if (!(error instanceof SettingFault)) throw error;
      faults.push(`${it.name} ${error.message}.`);
    }
  }
  faults.push(...unknownNames(env));
  if (faults.length > 0) throw new ConfigError(faults);

  const parsed = values as unknown as Values;
  const tlsDev = parsed.tlsDev === 'on';
  const scheme = tlsDev || parsed.tlsCertFile !== undefined ? 'https' : 'http';
  const publicUrl = (parsed.publicUrl ?? `${scheme}://localhost:${parsed.port}`).replace(/\/$/, '');
  const isOpen = !isLoopbackUrl(publicUrl) && !tlsDev;
  const mode = parsed.mode ?? (parsed.nodeEnv === 'production' || isOpen ? 'production' : 'development');
  const config: Config = {
    ...parsed,
    ...processes(parsed, mode),
    tlsDev,
    publicUrl,
    mode,
    registration: parsed.registration ?? (mode === 'production' ? 'closed' : 'tenant'),
    apiKeyPrefix: parsed.apiKeyPrefix ?? (mode === 'production' ? 'cf_prod_' : 'cf_dev_'),
    dataDir: resolve(baseDir, parsed.dataDir ?? '.gatehouse'),
  };
  const unsafe = [...checkAlways(config), ...(mode === 'production' ? checkProduction(config) : [])];
  if (unsafe.length > 0) throw new ConfigError(unsafe);
  return config;
}

/** More than so many processes and connections are only there when they are asked for. */
const MOST_WORKERS = 24;
const CONNECTIONS_OF_ALL = 80;
/** What the embedded PostgreSQL has, but for some that operators' commands may need. */
const EMBEDDED_CONNECTIONS = 90;

/** What a machine is shared into, where the settings do not say. */
function processes(
  { workers: wanted, hashWorkers, databasePoolSize }: Values,
  mode: Config['mode'],
): Pick<Config, 'workers' | 'hashWorkers' | 'databasePoolSize'> {
  const cores = availableParallelism();
  const workers = wanted ?? (mode === 'production' ? Math.min(cores, MOST_WORKERS) : 1);
  const share = Math.floor(CONNECTIONS_OF_ALL / workers) - 1;
  return {
    workers,
    hashWorkers: hashWorkers ?? Math.max(1, Math.floor(cores / workers)),
    databasePoolSize: databasePoolSize ?? Math.max(2, Math.min(10, share)),
  };
}

/** A misspelt setting must not be a setting that silently does nothing. */
function unknownNames(env: Record<string, string | undefined>): string[] {
  const known = new Set<string>(OTHER_KNOWN_NAMES);
  for (const it of Object.values(SETTINGS)) {
    known.add(it.name);
    if (it.secret) known.add(`${it.name}_FILE`);
  }
  return Object.keys(env)
    .filter((name) => name.startsWith('GATEHOUSE_') && !known.has(name))
    .map(
      (name) => `${name} is not a setting of Gatehouse; see docs/reference/configuration.md for their names.`,
    );
}

function checkAlways(config: Config): string[] {
  const faults: string[] = [];
  const https = config.publicUrl.startsWith('https://');
  if (new URL(config.publicUrl).origin !== config.publicUrl) {
    faults.push('GATEHOUSE_PUBLIC_URL must be an origin: scheme, host and port, without a path.');
  }
  if (config.refreshCookieSameSite === 'none' && !https) {
    faults.push(
      'REFRESH_COOKIE_SAMESITE=none needs HTTPS: set GATEHOUSE_PUBLIC_URL to an https:// address, or use strict or lax.',
    );
  }
  if (config.cookieSameSite === 'none' && !https) {
    faults.push(
      'COOKIE_SAMESITE=none needs HTTPS: set GATEHOUSE_PUBLIC_URL to an https:// address, or use strict or lax.',
    );
  }
  if ((config.tlsCertFile === undefined) !== (config.tlsKeyFile === undefined)) {
    faults.push('TLS_CERT_FILE and TLS_KEY_FILE belong together: set both or neither.');
  }
  if (config.tlsDev && config.tlsCertFile !== undefined) {
    faults.push('TLS_DEV (--tls-dev) makes a certificate of its own: leave it out, or TLS_CERT_FILE.');
  }
  if (endsTls(config) && !https) {
    faults.push('GATEHOUSE_PUBLIC_URL must be an https:// address when the server itself speaks TLS.');
  }
  const connections = config.workers * (config.databasePoolSize + 1);
  if (config.databaseUrl === undefined && connections > EMBEDDED_CONNECTIONS) {
    faults.push(
      `GATEHOUSE_WORKERS with DATABASE_POOL_SIZE need ${connections} connections, more than the ${EMBEDDED_CONNECTIONS} of the embedded PostgreSQL: lower either, or set DATABASE_URL.`,
    );
  }
  // RFC 7518 §3.2: a key as long as the hash, at least.
  if (config.tokenAlgorithm === 'hs256' && (config.secretKey ?? '').length < 32) {
    faults.push('TOKEN_ALGORITHM=hs256 needs SECRET_KEY, 32 characters or more.');
  }
  if ((config.adminEmail === undefined) !== (config.adminPassword === undefined)) {
    faults.push('GATEHOUSE_ADMIN_EMAIL and GATEHOUSE_ADMIN_PASSWORD belong together: set both or neither.');
  }
  faults.push(...faultsOfAdministrator(config), ...faultsOfProviders({ ...config }));
  if (config.masterKey !== undefined && decodeMasterKey(config.masterKey) === undefined) {
    faults.push(
      'GATEHOUSE_MASTER_KEY must be 32 random bytes in base64 or hex, for instance from: openssl rand -base64 32',
    );
  }
  if (config.masterKeyPrevious !== undefined && config.masterKey === undefined) {
    faults.push('GATEHOUSE_MASTER_KEY_PREVIOUS needs GATEHOUSE_MASTER_KEY, the key that comes after those.');
  }
  if (config.metricsToken === undefined && !isLoopbackHost(config.metricsHost)) {
    faults.push('METRICS_HOST lets others in: set METRICS_TOKEN, or leave it at 127.0.0.1.');
  }
  if (config.metricsToken !== undefined && !/^[\x21-\x7e]{16,500}$/.test(config.metricsToken)) {
    faults.push(
      'METRICS_TOKEN must be 16 visible ASCII characters or more, such as from: openssl rand -hex 24',
    );
  }
  faults.push(...faultsOfInternalToken(config));
  if (config.metricsPort === config.port) {
    faults.push('METRICS_PORT must be another port than PORT.');
  }
  if (!/^[a-z][a-z0-9_]{0,30}$/.test(config.databaseRolePrefix)) {
    faults.push('DATABASE_ROLE_PREFIX must be lower-case letters, digits and underscores, at most 31.');
  }
  return faults;
}

function faultsOfInternalToken(config: Config): string[] {
  const { internalToken, internalTokenPrevious, internalTokenService } = config;
  const faults: string[] = [];
  if ((internalToken === undefined) !== (internalTokenService === undefined))
    faults.push('INTERNAL_TOKEN and INTERNAL_TOKEN_SERVICE belong together: set both or neither.');
  if (internalTokenPrevious !== undefined && internalToken === undefined)
    faults.push('INTERNAL_TOKEN_PREVIOUS needs INTERNAL_TOKEN, the value that comes after it.');
  for (const [name, value] of [
    ['INTERNAL_TOKEN', internalToken],
    ['INTERNAL_TOKEN_PREVIOUS', internalTokenPrevious],
  ] as const)
    if (value !== undefined && (!/^[\x21-\x7e]{32,500}$/.test(value) || isGuessable(value)))
      faults.push(
        `${name} must be 32 random visible ASCII characters or more, such as from: openssl rand -hex 32`,
      );
  return faults;
}

/** At every start, also where there is an administrator already: a setting that could not do what it says is wrong. */
function faultsOfAdministrator({ adminEmail, adminPassword }: Config): string[] {
  const faults: string[] = [];
  if (adminEmail !== undefined && !isEmail(adminEmail))
    faults.push('GATEHOUSE_ADMIN_EMAIL must be one email address.');
  if (adminPassword === undefined) return faults;
  const missed = missedPasswordRules(adminPassword, DEFAULT_SETTINGS.password);
  if (!fitsBcrypt(adminPassword)) missed.push('have at most 72 bytes');
  if (missed.length > 0) faults.push(`GATEHOUSE_ADMIN_PASSWORD must ${missed.join(', ')}.`);
  return faults;
}

/** Whether this server speaks TLS itself; else, in production, a proxy in front does. */
export const endsTls = (config: Config): boolean => config.tlsDev || config.tlsCertFile !== undefined;

function checkProduction(config: Config): string[] {
  const faults: string[] = [];
  if (config.tlsDev)
    faults.push('TLS_DEV (--tls-dev) is for development: nobody else trusts its certificate.');
  // SECURITY: passwords and tokens would travel in the clear to whoever finds the port (spec D7).
  const reachable = !isLoopbackHost(config.host);
  if (!endsTls(config) && reachable && config.trustedProxies.length === 0) {
    faults.push(
      'HOST would open a plain HTTP port in production: set TLS_CERT_FILE and TLS_KEY_FILE, or name in TRUSTED_PROXIES the proxy that ends TLS in front.',
    );
  }
  if (!config.publicUrl.startsWith('https://')) {
    faults.push('GATEHOUSE_PUBLIC_URL must be an https:// address in production.');
  }
  if (config.allowOrigins.some((origin) => !origin.startsWith('https://'))) {
    faults.push(
      'ALLOW_ORIGINS must be https:// origins in production: anybody on the way can change a plain page.',
    );
  }
  if (config.masterKey === undefined) {
    faults.push(
      'GATEHOUSE_MASTER_KEY (or GATEHOUSE_MASTER_KEY_FILE) is required in production: openssl rand -base64 32',
    );
  }
  if (config.vaultAddr?.startsWith('http://') === true && !isLoopbackUrl(config.vaultAddr)) {
    faults.push(
      'VAULT_ADDR must be https:// in production, or an agent on this machine: secrets come from there.',
    );
  }
  if (
    config.breachedPasswordsUrl?.startsWith('http://') === true &&
    !isLoopbackUrl(config.breachedPasswordsUrl)
  ) {
    faults.push('BREACHED_PASSWORDS_URL must be https:// in production, or a service on this machine.');
  }
  if (config.smtpUrl === undefined)
    faults.push('SMTP_URL is required in production: without mail nobody can set a password.');
  if (config.authPolicy === 'restricted' && config.allowedEmailDomains.length === 0)
    faults.push(
      'AUTH_POLICY=restricted lets nobody in without AUTH_ALLOWED_EMAIL_DOMAINS: name the domains.',
    );
  faults.push(...guessableSecrets(config));
  return faults;
}

/** SECURITY: a secret from an example is known to everybody who has read the example (threats 73, 74). */
function guessableSecrets(config: Config): string[] {
  const faults: string[] = [];
  const key = config.masterKey === undefined ? undefined : decodeMasterKey(config.masterKey);
  // A MAC under a previous key still counts.
  const previous = (config.masterKeyPrevious ?? []).map(decodeMasterKey);
  if (key !== undefined && isGuessableKey(key))
    faults.push('GATEHOUSE_MASTER_KEY must be random, not a pattern or a text: openssl rand -base64 32');
  if (previous.some((each) => each !== undefined && isGuessableKey(each)))
    faults.push('GATEHOUSE_MASTER_KEY_PREVIOUS must hold random keys only, not a pattern or a text.');
  if (config.secretKey !== undefined && (config.secretKey.length < 32 || isGuessable(config.secretKey)))
    faults.push('SECRET_KEY must be 32 random characters or more, not a placeholder or a repeated pattern.');
  if (config.metricsToken !== undefined && isGuessable(config.metricsToken))
    faults.push('METRICS_TOKEN must be random, not a placeholder or a repeated pattern.');
  if (config.adminPassword !== undefined && isGuessable(config.adminPassword))
    faults.push('GATEHOUSE_ADMIN_PASSWORD must not be one that anybody would try first.');
  const urls = {
    DATABASE_URL: config.databaseUrl,
    DATABASE_ADMIN_URL: config.databaseAdminUrl,
    VALKEY_URL: config.valkeyUrl,
    SMTP_URL: config.smtpUrl,
  };
  for (const [name, url] of Object.entries(urls))
    if (hasShippedPassword(url)) faults.push(`${name} must not carry a password that products ship with.`);
  return faults;
}
