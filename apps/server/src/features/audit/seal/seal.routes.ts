import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import { Message } from '@gatehouse/contracts';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { callerOf, publicAccess, user } from '../../../platform/access/index.ts';
import { Problem, problems } from '../../../platform/http/index.ts';
import { type TenantScoped, tenantParams } from '../../tenant-scoped.ts';
import type { AuditKeys } from './audit-keys.ts';
import { loadTree } from './tree.repo.ts';

const KeySet = Message({
  keys: Type.Array(
    Message({
      kid: Type.String(),
      alg: Type.String({ enum: ['Ed25519'] }),
      use: Type.String({ enum: ['audit-checkpoint'] }),
      status: Type.String({ enum: ['active', 'retired'] }),
      createdAt: Type.String(),
      publicKey: Type.String({ description: 'The 32 bytes of RFC 8032, in base64.' }),
    }),
  ),
});

export const publicAuditKeys = (keys: AuditKeys) => ({
  keys: keys.all.map((key) => ({
    kid: key.kid,
    alg: 'Ed25519',
    use: 'audit-checkpoint',
    status: key.status,
    createdAt: key.createdAt.toISOString(),
    publicKey: key.signer.publicKey.toString('base64'),
  })),
});

/** The keys by which anybody can verify an export, without asking this server for anything else. */
export function auditKeysRoute(app: FastifyInstance, keys: AuditKeys): void {
  app.get(
    '/.well-known/gatehouse-audit-keys.json',
    {
      config: { access: publicAccess('public keys, for whoever verifies audit exports') },
      schema: {
        tags: ['Keys'],
        operationId: 'getAuditKeys',
        summary: 'The public keys of audit checkpoints',
        description:
          'Keep a copy where nobody who can change this server can change it: what is verified is worth as much as the key is. They sign checkpoints and nothing else.',
        response: { 200: KeySet },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=300');
      return publicAuditKeys(keys);
    },
  );
}

export const auditSealRoutes: FastifyPluginCallbackTypebox<TenantScoped> = (app, scope, done) => {
  const { deps, at, suffix } = scope;

  app.get(
    `${at}/audit/checkpoint`,
    {
      config: { access: user({ permission: 'audit:read' }) },
      schema: {
        tags: ['Audit'],
        operationId: `getAuditCheckpoint${suffix}`,
        summary: 'The newest signed checkpoint',
        description:
          'A signed note (C2SP tlog-checkpoint): origin, number of sealed records, root of their Merkle tree. Who keeps it can show later that no record of that day is gone: `gatehouse audit verify --since`.',
        params: tenantParams(scope),
        response: {
          200: Type.Unsafe<string>({
            description: 'The note.',
            content: { 'text/plain': { schema: Type.String() } },
          }),
          ...problems('auth.unauthenticated', 'access.denied', 'resource.not_found'),
        },
      },
    },
    async (request, reply) => {
      const { entered } = callerOf(request);
      const tree = await deps.doors.withTenant(entered, loadTree);
      if (tree === undefined)
        throw new Problem('resource.not_found', {
          detail:
            'No record of this tenant is sealed yet; the first one is, about a second after it was made.',
        });
      return reply.type('text/plain; charset=utf-8').send(tree.checkpoint);
    },
  );
  done();
};
