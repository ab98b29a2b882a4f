import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { ChangeTenantSettings, Id, Message, TenantSettingsAnswer } from '@gatehouse/contracts';
import { callerOf, RECENT, user } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import { personWith } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeSettings } from './change-settings.ts';
import { getSettings } from './get-settings.ts';

const tags = ['Tenant settings'];
const Params = Message({ tenantId: Id });
const ofReading = ['request.invalid', 'auth.unauthenticated', 'access.denied', 'resource.not_found'] as const;
const ofChanging = [
  ...ofReading,
  'auth.origin_refused',
  'auth.csrf_refused',
  'auth.insufficient_user_authentication',
  'settings.changed',
] as const;
const byWay = <Act extends 'read' | 'update'>(act: Act) =>
  ({ own: `settings:${act}`, parent: `customers:${act}`, platform: `tenants:${act}` }) as const;

/** What a tenant sets for itself, and what the platform grants it (spec T2, T3, T5). */
export const settingsRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.get(
    '/tenants/:tenantId/settings',
    {
      config: { access: user({ permission: byWay('read') }) },
      schema: {
        tags,
        operationId: 'getTenantSettings',
        summary: 'The settings of a tenant',
        description:
          'Region, branding, rules of passwords, sessions and sign-in, and the terms of the platform: limits, features and rate. What was not set ' +
          'has its default. Services read the limits and features that they enforce here.',
        params: Params,
        response: { 200: TenantSettingsAnswer, ...problems(...ofReading) },
      },
    },
    (request) => getSettings(deps, callerOf(request).entered),
  );

  app.patch(
    '/tenants/:tenantId/settings',
    {
      // SECURITY: whoever found a session of an administrator open would else open the tenant to first factors alone.
      config: { access: user({ permission: byWay('update'), stepUp: RECENT }) },
      schema: {
        tags,
        operationId: 'changeTenantSettings',
        summary: 'Change settings of a tenant',
        description:
          'What is not named stays; a list is replaced as a whole. `version` is that of the settings the change was made to. Limits, features and rate ' +
          'take `tenants:update` in the root tenant. Shorter sessions hold at once, new password rules from the next password on.',
        params: Params,
        body: ChangeTenantSettings,
        response: { 200: TenantSettingsAnswer, ...problems(...ofChanging, 'settings.locks_you_out') },
      },
    },
    async (request) => {
      await changeSettings(deps, personWith(request), request.body);
      return getSettings(deps, callerOf(request).entered);
    },
  );
  done();
};
