import { Consent, ConsentsQuery, GrantConsent, WithdrawConsent } from '@gatehouse/contracts';
import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import type { FastifyRequest } from 'fastify';
import { callerOf, enterOwn, personOf, user } from '../../platform/access/index.ts';
import type { Entered, TenantTx } from '../../platform/database/index.ts';
import { contextOf, page, pageOf, Problem, problems } from '../../platform/http/index.ts';
import type { UserId } from '../../platform/ids.ts';
import { actorOf } from '../audit/index.ts';
import type { Deps } from '../deps.ts';
import { type TenantScoped, tenantAndIdParams } from '../tenant-scoped.ts';
import { isKnownHere, listConsents } from './consents.repo.ts';
import { type ConsentOf, grantConsent, withdrawConsent } from './decide-consent.ts';
import { describeConsent } from './evidence.ts';

const tags = ['Consents'];
const REFUSALS = [
  'request.invalid',
  'auth.unauthenticated',
  'auth.csrf_refused',
  'resource.not_found',
] as const;

function consentsPage(
  deps: Deps,
  scope: Entered,
  userId: UserId,
  { current = false, ...query }: { limit?: number; cursor?: string; current?: boolean },
) {
  return deps.doors.withTenant(scope, async (tx) => {
    if (!(await isKnownHere(tx, userId)))
      throw new Problem('resource.not_found', { detail: 'There is no such user in this tenant.' });
    return page({
      cursors: deps.cursors,
      list: ['consents', scope.tenantId, userId, String(current)],
      query,
      load: (position, limit) =>
        listConsents(tx, { userId, current, before: position && String(position[0]), limit }),
      position: (row) => [row.seq],
      item: (row) => describeConsent(deps, tx, row),
    });
  });
}

/** In the caller's home, where the trail lies, whichever tenant the session works in. */
function decide<T>(
  deps: Deps,
  request: FastifyRequest,
  work: (tx: TenantTx, of: ConsentOf) => Promise<T>,
): Promise<T> {
  const { principal } = personOf(request);
  const home = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
  const of = { userId: principal.userId, actor: actorOf(principal), request: contextOf(request) };
  return deps.doors.withTenant(home, (tx) => work(tx, of));
}

/** One's own consents (spec A5, U2). */
export const consentsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/account/consents',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'listConsents',
        summary: 'My consents',
        description:
          'The trail, newest first: what was granted and withdrawn, by which version of the text, when and from where. With `current=true` only what counts now.',
        querystring: ConsentsQuery,
        response: pageOf(Consent),
      },
    },
    (request) => {
      const { principal } = personOf(request);
      const home = enterOwn({ kind: 'claim', tenantId: principal.homeTenantId });
      return consentsPage(deps, home, principal.userId, request.query);
    },
  );

  app.post(
    '/account/consents',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'grantConsent',
        summary: 'Consent to something',
        description:
          'Appends to the trail, with address and browser. 200 and the entry that counts, where this version is granted already.',
        body: GrantConsent,
        response: { 200: Consent, 201: Consent, ...problems(...REFUSALS) },
      },
    },
    async (request, reply) => {
      const { consent, isNew } = await decide(deps, request, (tx, of) =>
        grantConsent(deps, tx, of, request.body),
      );
      return reply.code(isNew ? 201 : 200).send(consent);
    },
  );

  app.post(
    '/account/consents/withdraw',
    {
      config: { access: user() },
      schema: {
        tags,
        operationId: 'withdrawConsent',
        summary: 'Take a consent back',
        description:
          'Appends to the trail, with address and browser. What was done by the consent before stays as it was.',
        body: WithdrawConsent,
        response: { 201: Consent, ...problems(...REFUSALS, 'consents.not_granted') },
      },
    },
    async (request, reply) => {
      const withdrawn = await decide(deps, request, (tx, of) =>
        withdrawConsent(deps, tx, of, request.body.purpose),
      );
      return reply.code(201).send(withdrawn);
    },
  );
  done();
};

/** The consents of a tenant's users, for its administrators, who read and never decide. */
export const userConsentsRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/users/:id/consents`,
    {
      config: { access: user({ permission: 'consents:read' }) },
      schema: {
        tags,
        operationId: `listUserConsents${suffix}`,
        summary: "A user's consents",
        description:
          'Of a user whose home is this tenant, newest first. The trail of somebody who is gone stays; of somebody erased without address and browser.',
        params: tenantAndIdParams(scope),
        querystring: ConsentsQuery,
        response: pageOf(Consent, 'access.denied', 'resource.not_found'),
      },
    },
    (request) => consentsPage(deps, callerOf(request).entered, request.params.id as UserId, request.query),
  );
  done();
};
