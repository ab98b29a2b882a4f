import {
  callerOf,
  createGatehouse,
  gatehousePlugin,
  narrow,
  permissions,
  publicAccess,
  roles,
  stepUp,
} from '@gatehouse/fastify';
import fastify from 'fastify';

/** Invoices of two tenants; a real service has a database, and looks everything up by the tenant as well. */
const invoices = [
  { id: 'i-1', tenantId: 'tenant-1', total: 1200 },
  { id: 'i-2', tenantId: 'tenant-2', total: 99 },
];

const { GATEHOUSE_ISSUER = 'http://localhost:4000', GATEHOUSE_TOKEN, PORT = '8080' } = process.env;

const gatehouse = createGatehouse({
  issuer: GATEHOUSE_ISSUER,
  // A service of the platform serves everybody; one of a single tenant names its id here.
  tenants: 'all',
  onFault: console.error,
  ...(GATEHOUSE_TOKEN !== undefined && { credentials: () => GATEHOUSE_TOKEN }),
});

const app = fastify();
await app.register(gatehousePlugin, { gatehouse });

app.get('/healthz', { config: { allow: publicAccess('the load balancer asks here') } }, () => ({ ok: true }));

// Says nothing, and so takes any signed-in caller.
app.get('/me', (request) => {
  const { id, tenantId, roles: held } = callerOf(request);
  return { id, tenantId, roles: held };
});

app.get('/invoices', { config: { allow: permissions('invoices:read') } }, (request) =>
  invoices.filter(({ tenantId }) => tenantId === callerOf(request).tenantId),
);

app.register((scope, _options, done) => {
  narrow(scope, roles('FINANCE_MANAGER'));
  scope.post<{ Params: { id: string } }>(
    '/invoices/:id/void',
    { config: { allow: [permissions('invoices:void'), stepUp({ maxAge: 600 })] } },
    (request, reply) => {
      const { tenantId } = callerOf(request);
      const found = invoices.find(({ id, tenantId: of }) => id === request.params.id && of === tenantId);
      return found ? { ...found, total: 0 } : reply.code(404).send();
    },
  );
  done();
});

console.log(await app.listen({ port: Number(PORT), host: '127.0.0.1' }));
process.once('SIGTERM', () => void app.close());
