import { Activity, PageQuery } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { enterOwn, personOf, user } from '../../platform/access/index.ts';
import type { TenantTx } from '../../platform/database/index.ts';
import { page, pageOf } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import {
  type AuditRow,
  listRecords,
  openPersonal,
  type Place,
  readKeysAhead,
  reveal,
  type SubjectKeys,
} from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { loadHomePrincipal } from '../people/index.ts';

/** What happened to one's own account (spec U2): the trail of the home tenant, read for oneself. */
export const ownActivityRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/account/activity',
    {
      config: { access: user() },
      schema: {
        tags: ['Account'],
        operationId: 'listOwnActivity',
        summary: 'What happened to my account',
        description:
          'What the caller did, and what was done to the account and its roles, newest first, out of the audit trail of the home tenant. Where another person acted, ' +
          'neither who it was nor from where is told: that is for the administrators who read the trail.',
        querystring: PageQuery(),
        response: pageOf(Activity),
      },
    },
    (request) => {
      const { homeTenantId, userId } = personOf(request).principal;
      const home = enterOwn({ kind: 'claim', tenantId: homeTenantId });
      return deps.doors.withTenant(home, async (tx) => {
        const found = await page({
          cursors: deps.cursors,
          list: ['own activity', homeTenantId, userId],
          query: request.query,
          load: (position, limit) =>
            newestAbout(
              tx,
              userId,
              position && { time: String(position[0]), id: String(position[1]) },
              limit,
            ),
          position: (row) => [row.time, row.id],
          item: (row) => row,
        });
        await readKeysAhead(tx, deps.subjectKeys, found.items);
        const items: Activity[] = [];
        for (const row of found.items) items.push(await describeActivity(tx, deps.subjectKeys, userId, row));
        return { ...found, items };
      });
    },
  );
  done();
};

/** What the user did, and what was done to the account and to its standing at home: each by its index, put together here. */
async function newestAbout(tx: TenantTx, userId: UserId, before: Place | undefined, limit: number) {
  const lists = [
    await listRecords(tx, { actor: userId, before, limit }),
    await listRecords(tx, { resourceType: 'user', resourceId: userId, before, limit }),
    await listRecords(tx, {
      resourceType: 'principal',
      resourceId: await loadHomePrincipal(tx, userId),
      before,
      limit,
    }),
  ];
  const rows = new Map(lists.flat().map((row) => [row.id, row]));
  return [...rows.values()].toSorted(isNewerFirst).slice(0, limit);
}

/** In the order of the SQL: the times are of one length, and so are the ids. */
const isNewerFirst = (a: AuditRow, b: AuditRow): number => {
  const [first, second] = [a.time + a.id, b.time + b.id];
  if (first === second) return 0;
  return first < second ? 1 : -1;
};

async function describeActivity(
  tx: TenantTx,
  keys: SubjectKeys,
  userId: UserId,
  row: AuditRow,
): Promise<Activity> {
  const by = actorFor(userId, row);
  // SECURITY: from where an administrator works is no business of the people whose accounts they keep.
  const opened = by === 'someone' ? {} : await openPersonal(tx, keys, row);
  const { ip, userAgent } = reveal(row.context, opened) as { ip?: string | null; userAgent?: string | null };
  return {
    id: row.id,
    time: row.occurred_at.toISOString(),
    action: row.action,
    by,
    ip: by === 'someone' ? null : (ip ?? null),
    userAgent: by === 'someone' ? null : (userAgent ?? null),
  };
}

function actorFor(userId: UserId, { action, actor_kind: kind, actor_id: id }: AuditRow): Activity['by'] {
  // Somebody held a token that was spent already: the record names whose it was, and nobody knows who sent it.
  if (action === 'session_reuse_detected') return 'nobody';
  if (kind === 'system') return 'system';
  if (kind === 'anonymous') return 'nobody';
  return id === userId ? 'you' : 'someone';
}
