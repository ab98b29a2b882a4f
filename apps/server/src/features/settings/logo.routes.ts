import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { ChangeLogo, Id, Message, TenantSettingsAnswer, Version } from '@gatehouse/contracts';
import { Type } from 'typebox';
import { callerOf, publicAccess, user } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { changeLogo } from './change-logo.ts';
import { getSettings } from './get-settings.ts';

const tags = ['Tenant settings'];
const Params = Message({ tenantId: Id });
const Png = Type.Unsafe<Buffer>({
  description: 'The picture. Its name is its content’s, so that it can be kept for good.',
  content: { 'image/png': { schema: Type.String({ format: 'binary' }) } },
});
const access = user({
  permission: { own: 'settings:update', parent: 'customers:update', platform: 'tenants:update' },
});
const ofChanging = [
  'request.invalid',
  'auth.unauthenticated',
  'auth.origin_refused',
  'auth.csrf_refused',
  'access.denied',
  'resource.not_found',
  'settings.changed',
] as const;

/** The logo of a tenant: drawn anew when it comes, and shown to everybody (spec T2; threat 68). */
export const logoRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  app.post(
    '/tenants/:tenantId/settings/logo',
    {
      config: { access },
      // The largest picture in base64, and what stands around it.
      bodyLimit: 360_000,
      schema: {
        tags,
        operationId: 'setTenantLogo',
        summary: 'Set the logo of a tenant',
        description:
          'A PNG, which is read and drawn anew: its pixels are kept and nothing else of the file. It is shown on the sign-in pages and in mail.',
        params: Params,
        body: ChangeLogo,
        response: {
          200: TenantSettingsAnswer,
          ...problems(
            ...ofChanging,
            'settings.image_refused',
            'request.too_large',
            'rate.limited',
            'service.unavailable',
          ),
        },
      },
    },
    async (request) => {
      await changeLogo(deps, callerWith(request), request.body);
      return getSettings(deps, callerOf(request).entered);
    },
  );

  app.delete(
    '/tenants/:tenantId/settings/logo',
    {
      config: { access },
      schema: {
        tags,
        operationId: 'removeTenantLogo',
        summary: 'Take the logo of a tenant away',
        description: 'Without a logo there is nothing to take away, and the answer is the same.',
        params: Params,
        querystring: Message({ version: Version }),
        response: { 200: TenantSettingsAnswer, ...problems(...ofChanging) },
      },
    },
    async (request) => {
      await changeLogo(deps, callerWith(request), { version: request.query.version, image: null });
      return getSettings(deps, callerOf(request).entered);
    },
  );

  app.get(
    '/branding/logos/:file',
    {
      config: { access: publicAccess('a logo is shown before anybody is signed in, and in mail') },
      schema: {
        tags,
        operationId: 'getLogo',
        summary: 'A logo',
        description: 'The picture of that name, as the settings and the sign-in options tell it.',
        params: Message({ file: Type.String({ maxLength: 200 }) }),
        response: { 200: Png, ...problems('resource.not_found') },
      },
    },
    async (request, reply) => {
      const digest = /^([0-9a-f]{64})\.png$/.exec(request.params.file)?.[1];
      const image = digest && (await deps.brands.findLogo(digest));
      if (!image) throw new Problem('resource.not_found', { detail: 'There is no such picture.' });
      // SECURITY: opened by itself it is a picture and nothing else; mail is read on pages of other origins.
      return reply
        .type('image/png')
        .headers({
          'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
          'cross-origin-resource-policy': 'cross-origin',
          'cache-control': 'public, max-age=31536000, immutable',
        })
        .send(image);
    },
  );
  done();
};
