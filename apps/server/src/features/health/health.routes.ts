import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { publicAccess } from '../../platform/access/index.ts';
import { problems } from '../../platform/http/index.ts';
import type { Deps } from '../deps.ts';
import { pingDatabase } from './health.repo.ts';

const Status = Type.Object({ status: Type.Literal('ok') }, { additionalProperties: false });

export function healthRoutes(app: FastifyInstance, deps: Pick<Deps, 'doors'>): void {
  const access = publicAccess('probes carry no identity');
  app.get(
    '/health/live',
    {
      config: { access },
      schema: {
        tags: ['Health'],
        operationId: 'getLiveness',
        summary: 'Is the process alive',
        description: 'Answers as long as the process does. A failure means: restart it.',
        response: { 200: Status },
      },
    },
    async () => ({ status: 'ok' as const }),
  );
  app.get(
    '/health/ready',
    {
      config: { access },
      schema: {
        tags: ['Health'],
        operationId: 'getReadiness',
        summary: 'Can it serve',
        description: 'Answers 503 while the database does not. A failure means: send no traffic.',
        response: { 200: Status, ...problems('service.unavailable') },
      },
    },
    async () => {
      await pingDatabase(deps.doors);
      return { status: 'ok' as const };
    },
  );
}
