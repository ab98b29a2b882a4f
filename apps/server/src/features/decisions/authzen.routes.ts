import type { FastifyPluginCallbackTypebox } from '@fastify/type-provider-typebox';
import {
  DecisionPointMetadata,
  EvaluationRequest,
  EvaluationResponse,
  EvaluationsRequest,
  EvaluationsResponse,
} from '@gatehouse/contracts';
import { publicAccess, user } from '../../platform/access/index.ts';
import { Problem, problems } from '../../platform/http/index.ts';
import { callerWith } from '../denied.ts';
import type { Deps } from '../deps.ts';
import { evaluate } from './evaluate.ts';
import { evaluateAll } from './evaluations.ts';

const tags = ['Decisions'];
const errors = problems(
  'request.invalid',
  'request.malformed',
  'auth.unauthenticated',
  'access.denied',
  'auth.csrf_refused',
);

const JSON_TYPE = 'application/json; charset=utf-8';
/** What is JSON already is sent as it is; the schema says what it looks like. */
const written = (json: string) => json as never;

/** The Authorization API 1.0 of the OpenID AuthZEN group (spec R5), at the paths that it names. */
export const authzenRoutes: FastifyPluginCallbackTypebox<{ deps: Deps }> = (app, { deps }, done) => {
  // Whatever the answer is: with the identifier of the question.
  app.addHook('onSend', async (request, reply) => {
    const id = request.headers['x-request-id'];
    if (typeof id === 'string') reply.header('x-request-id', id);
  });
  // The standard has one code for whatever is wrong with a request; everything else is answered as everywhere.
  app.setErrorHandler((error: Error & { code?: string }) => {
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
      throw new Problem('request.malformed', { detail: 'Send the body as application/json.' });
    throw error;
  });

  app.post(
    '/access/v1/evaluation',
    {
      config: { access: user({ permission: 'decisions:evaluate' }) },
      schema: {
        tags,
        operationId: 'evaluateAccess',
        summary: 'May this subject do this? (AuthZEN)',
        description:
          "Of a subject in the caller's tenant: `user` (the id of the account), `service` (its client_id) or `api_key` (its id). Its roles are looked up; `properties` are attributes for policies, and can name no role. The answer is 200 whether it is permitted or not. Members that are not known are ignored.",
        body: EvaluationRequest,
        response: { 200: EvaluationResponse, ...errors },
      },
    },
    async (request, reply) => {
      const caller = callerWith(request);
      const answer = await evaluate(deps, caller, await deps.deciders.get(caller.entered), request.body);
      return reply.type(JSON_TYPE).send(written(answer.json));
    },
  );

  app.post(
    '/access/v1/evaluations',
    {
      config: { access: user({ permission: 'decisions:evaluate' }) },
      schema: {
        tags,
        operationId: 'evaluateAccesses',
        summary: 'The same for many at once (AuthZEN)',
        description:
          'In the order of `evaluations`, of which each takes from the top what it leaves away. `options.evaluations_semantic`: `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`. A hundred at most.',
        body: EvaluationsRequest,
        response: { 200: EvaluationsResponse, ...errors },
      },
    },
    async (request, reply) =>
      reply.type(JSON_TYPE).send(written(await evaluateAll(deps, callerWith(request), request.body))),
  );

  const { publicUrl } = deps.config;
  app.get(
    '/.well-known/authzen-configuration',
    {
      config: { access: publicAccess('where decisions are asked for, by the AuthZEN standard') },
      schema: {
        tags,
        operationId: 'getDecisionPoint',
        summary: 'Where decisions are asked for (AuthZEN)',
        description: 'The metadata of the policy decision point. Search is not offered.',
        response: { 200: DecisionPointMetadata },
      },
    },
    async (_request, reply) => {
      reply.header('cache-control', 'public, max-age=3600');
      return {
        policy_decision_point: publicUrl,
        access_evaluation_endpoint: `${publicUrl}/access/v1/evaluation`,
        access_evaluations_endpoint: `${publicUrl}/access/v1/evaluations`,
      };
    },
  );
  done();
};
