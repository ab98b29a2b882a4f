import type { ServiceEntry } from '@gatehouse/decisions';
import { sql } from 'kysely';
import type { TenantTx } from '../../platform/database/index.ts';

/** The services of the entered tenant that stand, by client_id, each with its namespace and the others that it may call. */
export async function loadServices(tx: TenantTx): Promise<Record<string, ServiceEntry>> {
  const { rows } = await sql<{ client_id: string; namespace: string; may_call: string[] }>`
    select c.client_id, c.namespace,
        coalesce(array_agg(o.client_id order by o.client_id) filter (where o.client_id is not null), '{}') as may_call
      from gatehouse.clients c
      left join gatehouse.service_calls s on s.tenant_id = c.tenant_id and s.caller_id = c.id
      left join gatehouse.clients o on o.tenant_id = s.tenant_id and o.id = s.callee_id and o.status = 'active'
      where c.tenant_id = ${tx.tenantId} and c.kind = 'service' and c.status = 'active'
      group by c.client_id, c.namespace order by c.client_id`.execute(tx);
  return Object.fromEntries(
    rows.map(({ client_id: id, namespace, may_call: mayCall }) => [id, { namespace, mayCall }]),
  );
}
