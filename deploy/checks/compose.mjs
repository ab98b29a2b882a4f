import { parse } from 'yaml';

export function checkCompose({ check, npmTool, read }) {
  check(
    'dclint: the compose file, by the schema of the compose specification',
    () => npmTool('dclint', 'bin/dclint.cjs', '--config', 'checks/dclint.json', 'compose.yaml').faults,
  );
  const text = read('compose.yaml');
  for (const [what, from, to] of [
    [
      'a root file system that can be written',
      'read_only: true\n  tmpfs:\n    - /tmp:size=16m',
      'read_only: false\n  tmpfs:\n    - /tmp:size=16m',
    ],
    [
      'the administrator’s URL in the service',
      'secrets: [master_key, database_url, smtp_url',
      'secrets: [master_key, database_admin_url, smtp_url',
    ],
    ['a database that others reach', 'internal: true', 'internal: false'],
    ['a password in the file', 'POSTGRES_PASSWORD_FILE: /run', 'POSTGRES_PASSWORD: hunter2 # '],
  ])
    check(`the compose file’s own check finds ${what}`, () =>
      faultsOf(text.replace(from, to)).length > 0 ? [] : ['it found nothing'],
    );
  check(
    'the compose file: separate roles, secrets as files, nothing writable, no rights, a closed network',
    () => faultsOf(text),
  );
}

function faultsOf(text) {
  const { services, networks, secrets } = parse(text, { merge: true });
  const faults = [];
  const demand = (holds, fault) => holds || faults.push(fault);
  for (const [name, service] of Object.entries(services)) {
    demand(service.read_only === true, `${name} can write its root file system`);
    demand(service.cap_drop?.includes('ALL'), `${name} keeps capabilities`);
    demand(service.security_opt?.includes('no-new-privileges:true'), `${name} may gain privileges`);
    demand(service.mem_limit && service.pids_limit, `${name} has no limits`);
    demand(
      !service.image.endsWith(':latest') && service.image.includes(':'),
      `${name} has an image that moves`,
    );
    demand(!service.privileged && !service.network_mode, `${name} has the machine's own`);
    for (const [key, value] of Object.entries(service.environment ?? {}))
      demand(
        !/PASSWORD|MASTER_KEY|DATABASE_URL|DATABASE_ADMIN_URL|SMTP_URL|TLS_KEY/.test(key) ||
          String(value).startsWith('/run/secrets/'),
        `${name}: ${key} is in the file, not in a secret`,
      );
    for (const secret of service.secrets ?? [])
      demand(secrets[secret], `${name} asks for the secret ${secret}, which is not there`);
  }
  const { gatehouse, migrate, postgres } = services;
  demand(
    !gatehouse.secrets.some((name) => /admin|postgres_password/.test(name)),
    'the service has the administrator’s URL',
  );
  demand(
    !('DATABASE_ADMIN_URL_FILE' in gatehouse.environment),
    'the service is told the administrator’s URL',
  );
  demand(migrate.secrets.includes('database_admin_url'), 'nothing migrates');
  demand(
    gatehouse.depends_on.migrate.condition === 'service_completed_successfully',
    'the service does not wait for the migration',
  );
  demand(
    migrate.depends_on.postgres.condition === 'service_healthy',
    'the migration does not wait for the database',
  );
  demand(gatehouse.user === '1000:1000', 'the service is root');
  demand(
    networks.data.internal === true && postgres.networks.join() === 'data' && !postgres.ports,
    'the database is open to others',
  );
  demand(postgres.healthcheck, 'the database has no health check');
  return faults;
}
