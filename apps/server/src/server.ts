import type { Server as HttpsServer } from 'node:https';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { buildApp } from './app.ts';
import type { Config } from './config/index.ts';
import { createApiKeyContexts, createLastUses } from './features/api-keys/index.ts';
import {
  createAudit,
  createDecisionLog,
  createDenials,
  createSealing,
  createSubjectKeys,
  loadAuditKeys,
} from './features/audit/index.ts';
import {
  createConfiguredAdministrator,
  createProvedAddresses,
  createRenewals,
  createSessionContexts,
  MAIL_SIGN_IN_SECONDS,
  RESET_LINK_SECONDS,
} from './features/auth/index.ts';
import { createClientDirectory, createConsoleClient } from './features/clients/index.ts';
import { createDeciders, createSubjectContexts } from './features/decisions/index.ts';
import {
  createConfiguredConnections,
  createDns,
  createHomeRealms,
  createProviders,
  type Dns,
} from './features/connections/index.ts';
import type { Deps } from './features/deps.ts';
import { createKeyWatch, createSigningKeys } from './features/keys/index.ts';
import { createMaintenance } from './features/maintenance/index.ts';
import { createPermissionUses } from './features/roles/index.ts';
import { createServiceContexts } from './features/services/index.ts';
import { createBrands, createTenantRules } from './features/settings/index.ts';
import { createRootTenant } from './features/tenants/index.ts';
import { masterSealer } from './master-sealer.ts';
import { type Clock, createDatabaseClock, type DatabaseClock } from './platform/clock.ts';
import { createBlindIndex, createCursors, createPasswords, type Sealer } from './platform/crypto/index.ts';
import {
  type Ask,
  createCircuit,
  createDoors,
  createPool,
  createWatch,
  type Doors,
} from './platform/database/index.ts';
import { createOutbound, type Outbound } from './platform/http-client/index.ts';
import { createImages } from './platform/images/index.ts';
import {
  createBreachedPasswords,
  loadCommonPasswords,
  NO_BREACHED_PASSWORDS,
} from './platform/known-passwords/index.ts';
import {
  createCounters,
  createLimits,
  createMailLimits,
  createTenantRate,
  mailCounters,
} from './platform/limits/index.ts';
import {
  createDevelopmentMailbox,
  createSmtpTransport,
  renderLetter,
  type MailTransport,
} from './platform/mail/index.ts';
import { createOneTimeTokens } from './platform/one-time-tokens/index.ts';
import { createOutbox, type Outbox } from './platform/outbox/index.ts';
import {
  type CertificateFiles,
  developmentCertificate,
  followCertificate,
  readCertificateFiles,
  type ServerCertificate,
} from './platform/tls/index.ts';
import { type Metrics, NO_METRICS } from './platform/metrics/index.ts';
import { NO_TRACES } from './platform/traces/index.ts';
import { checkInstallation } from './platform/installation/index.ts';
import { createFollower } from './platform/revocations/follower.ts';
import { asLogRead } from './platform/revocations/revocations.repo.ts';

const MINUTE = 60;
/** No limit by itself: each tenant has its own. */
const MOST_REQUESTS = 2_000_000_000;

export interface ServerOptions {
  config: Config;
  log: Logger;
  /** URL of the login role of a migrated database. */
  databaseUrl: string;
  /** The folder of the built pages. */
  consoleDir: string;
  hashWorkerUrl: URL;
  /** Of the development mailbox, where several processes show the same one. */
  mailboxKey?: string;
  /** Replaced in tests, like the last hop of mail. */
  clock?: Clock;
  mailTransport?: MailTransport;
  outbound?: Outbound;
  dns?: Dns;
}

/** The files of the certificate that this server presents; undefined where a proxy in front ends TLS. */
async function certificateFiles(config: Config): Promise<CertificateFiles | undefined> {
  if (config.tlsDev) return developmentCertificate(config.dataDir, new URL(config.publicUrl).hostname);
  return config.tlsCertFile === undefined || config.tlsKeyFile === undefined
    ? undefined
    : { certFile: config.tlsCertFile, keyFile: config.tlsKeyFile };
}

export interface Server {
  app: FastifyInstance;
  deps: Deps;
  certificate: (ServerCertificate & CertificateFiles) | undefined;
  metrics: Pick<Metrics, 'snapshot'>;
  /** Starts what runs beside requests: mail, clean-up. */
  startJobs(): void;
  /** Finishes what runs, then lets go of everything but the database server. */
  close(): Promise<void>;
}

/** Puts a server together on a migrated database, and makes what the first start makes. It does not listen yet. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { config, log } = options;
  const files = await certificateFiles(config);
  const certificate = files && readCertificateFiles(files);
  const sealer = masterSealer(config);
  const onError = (error: unknown) => log.warn({ err: error }, 'background work failed; it is tried again');
  const metrics =
    config.metricsPort === undefined
      ? NO_METRICS
      : (await import('./platform/metrics/prometheus.ts')).createPrometheusMetrics();
  const databaseClock = createDatabaseClock((milliseconds) =>
    log.warn({ milliseconds }, "this machine's clock is off the database's, which counts; look at its NTP"),
  );
  const clock = options.clock ?? databaseClock;
  const traces =
    config.traceEndpoint === undefined
      ? NO_TRACES
      : (await import('./platform/traces/otlp.ts')).createOtlpTraces({
          endpoint: config.traceEndpoint,
          headers: config.traceHeaders,
          service: config.traceService,
          samplePercent: config.traceSample,
          mac: (...parts) => sealer.mac('trace share', ...parts),
          clock,
          onError,
        });
  const circuit = createCircuit();
  const pool = createPool({
    url: options.databaseUrl,
    size: config.databasePoolSize,
    circuit,
    onError,
  });
  const doors = createDoors(pool, config.databaseRolePrefix, traces);
  const revocations = createFollower();
  const watch = createWatch({
    url: options.databaseUrl,
    circuit,
    beat: (ask) => revocations.look(timed(ask, databaseClock)),
    onError,
  });
  const passwords = createPasswords({
    cost: config.bcryptCost,
    workers: config.hashWorkers,
    queueLimit: config.hashQueue,
    workerUrl: options.hashWorkerUrl,
    traces,
  });
  const mailbox =
    config.mode === 'development' && config.smtpUrl === undefined
      ? createDevelopmentMailbox(join(config.dataDir, 'mail'), options.mailboxKey)
      : undefined;
  const subjectKeys = createSubjectKeys(sealer, clock);
  const audit = createAudit({ keys: subjectKeys, clock });
  const brands = createBrands({ doors });
  const transport = options.mailTransport ?? mailbox ?? smtp(config);
  let outbox: Outbox | undefined;
  const decisions = createDecisionLog({ doors, clock, onError });
  const permissionUses = createPermissionUses({ doors, clock, onError });
  const lastUses = createLastUses({ doors, onError });
  const denials = createDenials({ doors, audit, clock, onError });
  const counters = await createCounters({
    doors,
    clockOffset: () => databaseClock.offset,
    valkeyUrl: config.valkeyUrl,
    onError,
  });
  const providers = createProviders({
    config,
    sealer,
    clock,
    outbound: options.outbound ?? createOutbound(),
  });
  const close = async () => {
    await watch.close();
    if (outbox) await outbox.close();
    else transport.close();
    await decisions.close();
    await permissionUses.close();
    await denials.close();
    await lastUses.close();
    counters.close();
    await passwords.close();
    await providers.close();
    await doors.close();
    metrics.close();
    await traces.close();
  };
  try {
    await revocations.look(timed(({ text, values }) => doors.call(text, values), databaseClock));
    const blindIndex = createBlindIndex(await firstStart(doors, sealer, clock, audit));
    outbox = createOutbox({
      doors,
      sealer,
      blindIndex,
      clock,
      transport,
      render: async (waiting, tenantId) => {
        const { branding } = await brands.find({ tenant: tenantId });
        return renderLetter(waiting, branding, config.publicUrl);
      },
      metrics,
      traces,
      onError: (err, correlationId) => log.warn({ err, correlationId }, 'a message cannot be delivered now'),
    });
    if (sealer.keyId !== sealer.keyIds[0])
      log.warn(
        'the database is sealed under a previous master key: once every process has both, run gatehouse keys rotate-master',
      );
    const auditKeys = await loadAuditKeys({ doors, sealer, clock, audit });
    const sealing = createSealing({
      publicUrl: config.publicUrl,
      doors,
      keys: auditKeys,
      clock,
      onAltered: (tenantId) =>
        log.error({ tenantId }, 'the audit tree of a tenant is not as it was signed; it grows no further'),
      onError,
    });
    const keys = await createSigningKeys({ config, doors, sealer, clock, audit, onError });
    const tenantRules = createTenantRules({ doors });
    const deps: Deps = {
      config,
      clock,
      log,
      doors,
      sealer,
      blindIndex,
      passwords,
      commonPasswords: loadCommonPasswords(),
      breachedPasswords:
        config.breachedPasswordsUrl === undefined
          ? NO_BREACHED_PASSWORDS
          : createBreachedPasswords({ url: config.breachedPasswordsUrl, log, metrics }),
      audit,
      subjectKeys,
      auditKeys,
      sealing,
      decisions,
      permissionUses,
      denials,
      limits: createLimits(counters.upTo(config.authRateLimit, MINUTE)),
      mailLimits: createMailLimits({
        blindIndex,
        onRefused: () => metrics.limitRefused('mail'),
        ...mailCounters(counters, {
          toAddress: config.addressMailLimit,
          byTenant: config.tenantMailLimit,
          signInSeconds: MAIL_SIGN_IN_SECONDS,
          resetSeconds: RESET_LINK_SECONDS,
        }),
      }),
      outbox,
      mailbox,
      consoleDir: options.consoleDir,
      cursors: createCursors(sealer),
      keys,
      tokens: keys.tokens,
      oneTimeTokens: createOneTimeTokens({ sealer, blindIndex, clock }),
      clients: createClientDirectory(doors),
      providers,
      dns: options.dns ?? createDns(),
      homeRealms: createHomeRealms({ doors }),
      sessionContexts: createSessionContexts({ doors, clock }),
      apiKeyContexts: createApiKeyContexts({ doors, clock }),
      lastUses,
      serviceContexts: createServiceContexts({ doors, clock }),
      renewals: createRenewals({ doors, clock, config }),
      provedAddresses: createProvedAddresses({ doors }),
      tenantRules,
      deciders: createDeciders({ doors, tenantRules }),
      subjectContexts: createSubjectContexts({ doors, clock }),
      tenantRate: createTenantRate(counters.upTo(MOST_REQUESTS, MINUTE)),
      brands,
      images: createImages(),
      revocations,
      metrics,
      traces,
    };
    let seenAt = performance.now();
    revocations.onBeat(({ fresh }) => {
      seenAt = performance.now();
      deps.sessionContexts.forget(fresh);
      deps.apiKeyContexts.forget(fresh);
      deps.serviceContexts.forget(fresh);
      deps.tenantRules.forget(fresh);
      deps.subjectContexts.forget(fresh);
      deps.deciders.forget(fresh);
      if (fresh.some(({ kind }) => kind === 'settings')) deps.homeRealms.forget();
      for (const { client_id } of fresh) if (client_id !== null) deps.clients.forget(client_id);
      // Somebody who is gone may be erased: another process has the keys no more, so this one must not.
      if (fresh.some(({ kind }) => kind === 'user')) subjectKeys.forget();
    });
    metrics.observe({
      pool: pool.count,
      isDatabaseAway: () => circuit.isOpen,
      hashing: () => ({ done: passwords.done, ...passwords.load }),
      watchAge: () => performance.now() - seenAt,
      outbox: deps.outbox.backlog,
      unsealed: sealing.backlog,
      now: () => clock.now(),
    });
    await createConfiguredAdministrator(deps);
    await createConfiguredConnections(deps);
    const maintenance = createMaintenance(deps);
    const keyWatch = createKeyWatch(deps);
    const app = await buildApp(deps, log, certificate);
    await app.ready();
    let stopFollowing: () => void = () => undefined;
    return {
      app,
      deps,
      metrics,
      certificate: files && certificate && { ...files, ...certificate },
      startJobs: () => {
        watch.start();
        deps.outbox.start();
        maintenance.start();
        sealing.start();
        keyWatch.start();
        if (files) stopFollowing = followCertificate(app.server as HttpsServer, files, log);
      },
      close: async () => {
        maintenance.stop();
        await keyWatch.stop();
        stopFollowing();
        await sealing.stop();
        await app.close();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What reads the log, and sets the clock by what it answers. */
const timed =
  (ask: Ask, clock: DatabaseClock): Ask =>
  async (statement) => {
    const sentAt = Date.now();
    const rows = await ask(statement);
    clock.observe({ sentAt, databaseTime: asLogRead(rows).readAt.getTime(), receivedAt: Date.now() });
    return rows;
  };

async function firstStart(doors: Doors, sealer: Sealer, clock: Clock, audit: Deps['audit']): Promise<Buffer> {
  const indexKey = await checkInstallation(doors, sealer, clock.now());
  await createRootTenant(doors, clock.now());
  await createConsoleClient(doors, audit, clock.now());
  return indexKey;
}

function smtp(config: Config): MailTransport {
  if (config.smtpUrl === undefined) throw new Error('SMTP_URL is not set');
  return createSmtpTransport(config.smtpUrl, config.mailFrom);
}
