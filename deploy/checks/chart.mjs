import { parseAllDocuments } from 'yaml';

const CHART = 'helm/gatehouse';
const VALUES = ['proxied', 'tls'];
/** Values that must not be installed, and what is said of them. */
const REFUSED = [
  { what: 'nothing set', more: [], why: /publicUrl: say where people reach it/ },
  {
    what: 'no proxy and no certificate',
    more: ['--set-json', 'trustedProxies=[]'],
    why: /Set trustedProxies .* or tls\.secret/,
  },
  { what: 'a proxy that is everybody', more: ['--set', 'trustedProxies={0.0.0.0/0}'], why: /trustedProxies/ },
  { what: 'plain HTTP', more: ['--set', 'publicUrl=http://id.example.com'], why: /publicUrl/ },
  { what: 'an image that moves', more: ['--set', 'image.tag=latest'], why: /image\/tag/ },
  {
    what: 'a secret among the settings',
    more: ['--set', 'settings.SECRET_KEY=hunter2'],
    why: /propertyName 'SECRET_KEY'/,
  },
  ...['VAULT_SECRET_ID', 'OTEL_EXPORTER_OTLP_HEADERS'].map((name) => ({
    what: `${name} among the settings`,
    more: ['--set', `settings.${name}=hunter2`],
    why: new RegExp(`propertyName '${name}'`),
  })),
  { what: 'a misspelt value', more: ['--set', 'replicaCount=3'], why: /replicaCount/ },
  {
    what: 'no master key',
    more: ['--set', 'secrets.masterKey.name='],
    why: /secrets\.masterKey\.name: name the Secret/,
  },
  {
    what: 'nobody who migrates',
    more: ['--set', 'secrets.databaseAdminUrl.name='],
    why: /secrets\.databaseAdminUrl\.name: name the Secret/,
  },
];
const KINDS = {
  Deployment: 'apps/v1',
  Job: 'batch/v1',
  Service: 'v1',
  Ingress: 'networking.k8s.io/v1',
  NetworkPolicy: 'networking.k8s.io/v1',
  PodDisruptionBudget: 'policy/v1',
};

const models = new Map();
for (const version of new Set(Object.values(KINDS)))
  models.set(version, await import(`kubernetes-models/${version}`));

export function checkChart({ check, run, helm }) {
  const render = (values, ...more) =>
    run(helm, [
      'template',
      'id',
      CHART,
      '--namespace',
      'gatehouse',
      ...(values ? ['-f', `checks/values.${values}.yaml`] : []),
      ...more,
    ]);
  const objects = (values) =>
    parseAllDocuments(render(values).output)
      .map((document) => document.toJS())
      .filter((object) => object !== null);

  for (const values of VALUES) {
    check(
      `helm lint --strict, with values.${values}.yaml`,
      () => run(helm, ['lint', '--strict', CHART, '-f', `checks/values.${values}.yaml`]).faults,
    );
    check(
      `helm template, with values.${values}.yaml: every object fits the schemas of Kubernetes (1.27)`,
      () => {
        const { faults } = render(values);
        return faults.length > 0 ? faults : objects(values).flatMap(bySchema);
      },
    );
    check(
      `… and is held by the restricted pod security standard, with probes, limits and secrets as files`,
      () => faultsOf(objects(values)),
    );
  }
  check('… the schema and the check find what is wrong', () => {
    const spoiled = (change) => {
      const all = objects('proxied');
      change(all.find(({ kind }) => kind === 'Deployment').spec.template.spec, all);
      return all;
    };
    const found = [
      bySchema({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'x' },
        spec: { ports: [{ port: 'x' }] },
      }).length,
      faultsOf(spoiled((pod) => delete pod.containers[0].securityContext.readOnlyRootFilesystem)).length,
      faultsOf(spoiled((pod) => (pod.containers[0].securityContext.capabilities.drop = []))).length,
      faultsOf(spoiled((pod) => delete pod.containers[0].readinessProbe)).length,
      faultsOf(spoiled((pod) => delete pod.containers[0].resources.limits)).length,
      faultsOf(spoiled((pod) => pod.containers[0].env.push({ name: 'DATABASE_URL', value: 'postgres://' })))
        .length,
      faultsOf(
        spoiled((_pod, all) =>
          all.splice(
            all.findIndex(({ kind }) => kind === 'NetworkPolicy'),
            1,
          ),
        ),
      ).length,
      faultsOf(
        spoiled((pod) =>
          pod.volumes[0].projected.sources.push({
            secret: { name: 'x', items: [{ key: 'admin', path: 'database-admin-url' }] },
          }),
        ),
      ).length,
    ];
    return found.flatMap((count, at) => (count > 0 ? [] : [`spoiled chart ${at} was not found`]));
  });
  for (const { what, more, why } of REFUSED)
    check(`the chart refuses ${what}`, () => {
      const { faults } = render(more.length === 0 ? undefined : 'proxied', ...more);
      if (faults.length === 0) return ['it was rendered'];
      return why.test(faults.join()) ? [] : faults;
    });
}

function bySchema(object) {
  const { apiVersion, kind } = object;
  const name = `${kind} ${object.metadata?.name}`;
  if (KINDS[kind] !== apiVersion) return [`${name} is of ${apiVersion}`];
  try {
    const Model = models.get(apiVersion)[kind];
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
}

function faultsOf(objects) {
  const faults = [];
  const demand = (holds, fault) => holds || faults.push(fault);
  const of = (kind) => objects.filter((object) => object.kind === kind);
  const [deployment] = of('Deployment');
  const [job] = of('Job');
  const [policy] = of('NetworkPolicy');
  demand(deployment && job && policy && of('Service').length === 1, 'an object is missing');
  if (!deployment || !job || !policy) return faults;
  for (const { kind, spec } of [deployment, job]) {
    const pod = spec.template.spec;
    demand(pod.automountServiceAccountToken === false, `${kind} gets a token of the cluster`);
    demand(
      pod.securityContext.runAsNonRoot && pod.securityContext.seccompProfile.type === 'RuntimeDefault',
      `${kind} is not restricted`,
    );
    demand(
      !pod.hostNetwork && !pod.hostPID && !pod.volumes.some((volume) => volume.hostPath),
      `${kind} has the node's own`,
    );
    for (const container of pod.containers) {
      const { securityContext: its = {}, resources = {}, env = [] } = container;
      demand(
        its.readOnlyRootFilesystem === true && its.allowPrivilegeEscalation === false,
        `${kind} can write, or gain privileges`,
      );
      demand(its.capabilities?.drop?.includes('ALL') && !its.capabilities.add, `${kind} keeps capabilities`);
      demand(
        resources.requests?.cpu && resources.requests?.memory && resources.limits?.memory,
        `${kind} has no limits`,
      );
      demand(
        /@sha256:[0-9a-f]{64}$|:\d+\.\d+\.\d+$/.test(container.image),
        `${kind} has an image that moves`,
      );
      for (const { name, value } of env)
        demand(
          !/(PASSWORD|KEY|_URL|SECRET|TOKEN)$/.test(name) ||
            name === 'GATEHOUSE_PUBLIC_URL' ||
            value?.startsWith('/run/'),
          `${kind}: ${name} is in the object`,
        );
      demand(
        container.volumeMounts.filter(({ name }) => name !== 'tmp').every(({ readOnly }) => readOnly),
        `${kind} can write its secrets`,
      );
    }
  }
  const [container] = deployment.spec.template.spec.containers;
  demand(container.readinessProbe?.httpGet.path === '/health/ready', 'readiness is not asked for');
  demand(
    container.livenessProbe?.httpGet.path === '/health/live' && container.startupProbe,
    'life is not asked for',
  );
  demand(deployment.spec.strategy.rollingUpdate.maxUnavailable === 0, 'an update takes the service away');
  demand(deployment.spec.template.spec.terminationGracePeriodSeconds >= 20, 'a stop has not its time');
  const paths = (spec) =>
    spec.volumes
      .flatMap((volume) => volume.projected?.sources ?? [])
      .flatMap(({ secret }) => secret.items.map(({ path }) => path));
  demand(
    !paths(deployment.spec.template.spec).includes('database-admin-url'),
    'the service gets the administrator’s URL',
  );
  demand(
    paths(job.spec.template.spec).includes('database-admin-url'),
    'the migration gets no administrator’s URL',
  );
  demand(
    /pre-install,pre-upgrade/.test(job.metadata.annotations['helm.sh/hook']),
    'the migration is not before the pods',
  );
  demand(
    policy.spec.policyTypes.join() === 'Ingress,Egress' && policy.spec.egress.every((rule) => rule.to),
    'the network policy leaves a way open',
  );
  if (deployment.spec.replicas > 1)
    demand(of('PodDisruptionBudget').length === 1, 'there is no disruption budget');
  return faults;
}
