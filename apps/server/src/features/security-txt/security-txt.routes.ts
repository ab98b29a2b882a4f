import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { publicAccess } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';

/** Days. RFC 9116 §2.5.5 wants less than a year; a deployment that nobody runs any more should not promise answers. */
const GOOD_FOR = 90;
const DAY = 86_400_000;

/** Whom to tell of a vulnerability of this deployment (RFC 9116). */
export function securityTxtRoutes(
  app: FastifyInstance,
  { config, clock }: Pick<Deps, 'config' | 'clock'>,
): void {
  app.get(
    '/.well-known/security.txt',
    {
      config: { access: publicAccess('whoever finds a hole has no account') },
      schema: {
        tags: ['Security'],
        operationId: 'getSecurityTxt',
        summary: 'Whom to tell of a vulnerability',
        description:
          'As RFC 9116 has it: who runs this deployment, from `SECURITY_CONTACT`. 404 where the operator has named nobody.',
        produces: ['text/plain'],
        response: {
          200: Type.String({ description: 'Fields of RFC 9116 §2.5, one on each line.' }),
          ...problems('resource.not_found'),
        },
      },
    },
    async (_request, reply) => {
      if (config.securityContact.length === 0)
        throw new Problem('resource.not_found', { detail: 'This deployment names no contact for security.' });
      const expires = new Date(Math.floor(clock.now().getTime() / DAY + GOOD_FOR) * DAY);
      const lines = [
        // In the order of preference (§2.5.3).
        ...config.securityContact.map((contact) => `Contact: ${contact}`),
        `Expires: ${expires.toISOString()}`,
        `Canonical: ${config.publicUrl}/.well-known/security.txt`,
        'Preferred-Languages: en',
        ...(config.securityPolicyUrl === undefined ? [] : [`Policy: ${config.securityPolicyUrl}`]),
      ];
      return reply.type('text/plain; charset=utf-8').send(`${lines.join('\n')}\n`);
    },
  );
}
